/**
 * Header fields as the bot needs them: to see that a mail was written by a program, not to see what
 * git sees (src/mail/header.ts). So it reads mails too that git's rules refuse, and never throws.
 */

import { MAX_HEADER_BYTES, MAX_HEADER_LINES } from "../mail/limits.ts";

/** Values of a field are cut after so many characters, and of one name so many are kept. */
const MAX_VALUE = 2000;
const MAX_SAME = 20;

/** The values of a field, unfolded, as they stand; [] if there is none. Names in lower case. */
export type Fields = (name: string) => readonly string[];

/** Reads the header at the top of a mail, up to a bound. */
export function readFields(mail: Buffer): Fields {
  const text = mail.toString("latin1", 0, MAX_HEADER_BYTES);
  const fields = new Map<string, string[]>();
  let name = "";
  let value = "";
  const file = (): void => {
    const values = fields.get(name) ?? [];
    if (name !== "" && values.length < MAX_SAME) values.push(value.trim());
    fields.set(name, values);
  };
  let at = 0;
  for (let lines = 0; at < text.length && lines < MAX_HEADER_LINES; lines++) {
    const end = text.indexOf("\n", at);
    const stop = end < 0 ? text.length : end;
    const line = text.slice(at, Math.min(stop, at + MAX_VALUE)).replace(/\r$/, "");
    at = stop + 1;
    if (line === "") break;
    if (/^[ \t]/.test(line)) {
      if (value.length < MAX_VALUE) value += ` ${line.trim()}`;
      continue;
    }
    file();
    const colon = line.indexOf(":");
    name = colon < 0 ? "" : line.slice(0, colon).trim().toLowerCase();
    value = line.slice(colon + 1);
  }
  file();
  return (wanted) => fields.get(wanted) ?? [];
}
