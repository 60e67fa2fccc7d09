/**
 * All fields of a header verbatim, for what git does not read: other signatures, and whether a
 * program wrote the mail. git's rules (header.ts) do not apply: nothing is refused.
 */

import { BLANK, isSpace, latin1, nextLine, TAB } from "../primitives/bytes.ts";
import { MAX_HEADER_BYTES, MAX_HEADER_LINES } from "./limits.ts";

export interface HeaderField {
  /** In lower case. */
  readonly name: string;
  /** The name as it stands, and its colon: `Subject:`. */
  readonly label: string;
  /** With its folds, a character a byte. */
  readonly value: string;
}

/**
 * The fields at the top of a mail: all of one that `readMail` accepts, and of others as many as its
 * bounds allow. Other lines have the name "".
 */
export function readFields(mail: Buffer): HeaderField[] {
  const fields: HeaderField[] = [];
  const limit = Math.min(mail.length, MAX_HEADER_BYTES);
  let lines = 0;
  for (let pos = 0, end = 0; pos < limit && lines < MAX_HEADER_LINES; pos = end) {
    end = nextLine(mail, pos);
    if (isBlank(mail, pos, end)) break;
    const most = pos + MAX_HEADER_BYTES;
    for (lines++; end < most && (mail[end] === BLANK || mail[end] === TAB); lines++)
      end = nextLine(mail, end);
    const text = latin1(mail, pos, Math.min(end, most));
    const colon = text.indexOf(":");
    const name = colon < 0 ? "" : text.slice(0, colon).trim().toLowerCase();
    fields.push({ name, label: text.slice(0, colon + 1), value: text.slice(colon + 1) });
  }
  return fields;
}

function isBlank(text: Buffer, pos: number, end: number): boolean {
  for (let i = pos; i < end; i++) if (!isSpace(text[i])) return false;
  return true;
}
