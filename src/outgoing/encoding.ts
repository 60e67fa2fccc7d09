/** Transfer encodings: what each can hold, and a mail in another one. Pure. */

import { isAscii } from "node:buffer";
import { readFields } from "../mail/fields.ts";
import {
  decodeBody,
  encodeBase64,
  encodeQuotedPrintable,
  type Encoding,
} from "../mail/transfer.ts";
import { CR } from "../primitives/bytes.ts";
import { bodyOf, type NewField, withFields } from "./header.ts";

/** git send-email's words (git-send-email(1), "--transfer-encoding"), the plainest first, without `auto`, for which we choose. */
export const TRANSFER_ENCODINGS = ["7bit", "8bit", "quoted-printable", "base64"] as const;
export type TransferEncoding = (typeof TRANSFER_ENCODINGS)[number];

export function isTransferEncoding(word: string): word is TransferEncoding {
  return TRANSFER_ENCODINGS.some((known) => known === word);
}

/** The longest line that mail servers accept, in bytes without its end (RFC 5321, 4.5.3.1.6). */
const LONGEST_LINE = 998;

/** Why a mail cannot be sent in this encoding, in a few words; null if it can. */
export function encodingFault(mail: Buffer, encoding: TransferEncoding): string | null {
  if (encoding === "quoted-printable" || encoding === "base64") return null;
  const text = plainBody(mail);
  if (encoding === "7bit" && !isAscii(text)) return "it is not ASCII";
  if (text.includes(CR)) return "it has carriage returns, which servers drop";
  return hasLongLine(text) ? `it has a line over ${LONGEST_LINE} bytes` : null;
}

function hasLongLine(text: Buffer): boolean {
  for (let pos = 0, end = 0; pos < text.length; pos = end + 1) {
    end = text.indexOf(0x0a, pos);
    if (end < 0) end = text.length;
    if (end - pos > LONGEST_LINE) return true;
  }
  return false;
}

/**
 * The mail in this encoding, with a header that says so. A plain ASCII mail needs none.
 *
 * @param mail of one part, as git format-patch writes them
 * @param charset for a body that is not ASCII and names none (`sendemail.assume8bitEncoding`)
 */
export function inEncoding(mail: Buffer, encoding: TransferEncoding, charset: string): Buffer {
  const body = plainBody(mail);
  const type = readFields(mail).find(({ name }) => name === "content-type");
  const isPlain = encoding === "7bit" || encoding === "8bit";
  if (isPlain && type === undefined && isAscii(body)) return mail;
  const fields: NewField[] = [
    ["MIME-Version", "1.0"],
    ["Content-Type", type?.value.trim() ?? `text/plain; charset=${charset}`],
    ["Content-Transfer-Encoding", encoding],
  ];
  const labelled = withFields(mail, fields);
  const header = labelled.subarray(0, labelled.length - bodyOf(labelled).length);
  return Buffer.concat([header, ENCODERS[encoding](body)]);
}

const ENCODERS: { readonly [encoding in TransferEncoding]: (text: Buffer) => Buffer } = {
  "7bit": (text) => text,
  "8bit": (text) => text,
  "quoted-printable": (text) => withoutFromLines(encodeQuotedPrintable(text)),
  base64: encodeBase64,
};

/** An mbox would turn it into `>From ` (RFC 2049, section 3). Lines that begin after a soft break are left alone. */
function withoutFromLines(text: Buffer): Buffer {
  return Buffer.from(text.toString("latin1").replace(/^From (?=.{0,69}$)/gm, "=46rom "), "latin1");
}

/** The body without its transfer encoding. */
function plainBody(mail: Buffer): Buffer {
  return decodeBody(bodyOf(mail), encodingOf(mail));
}

/** How the body is encoded now. */
function encodingOf(mail: Buffer): Encoding {
  const field = readFields(mail).find(({ name }) => name === "content-transfer-encoding");
  const word = field?.value.trim().toLowerCase();
  return word === "base64" || word === "quoted-printable" ? word : "identity";
}
