/** Small readers over the bytes of a patch text. */

import { refuseAt } from "../refused.ts";

export const LF = 0x0a;
export const CR = 0x0d;

/** The offset of the line feed that ends the line at `from`, or the text's length. */
export function lineEnd(text: Buffer, from: number): number {
  if (text[from] === LF) return from; // spares mails that are made of empty lines the call
  const at = text.indexOf(LF, from);
  return at < 0 ? text.length : at;
}

/** True if `text` has the bytes of `prefix` at `at`. */
export function hasAt(text: Buffer, at: number, prefix: Buffer): boolean {
  if (at + prefix.length > text.length) return false;
  for (let i = 0; i < prefix.length; i++) if (text[at + i] !== prefix[i]) return false;
  return true;
}

/** Header lines hold one or two path names; a longer line is refused. */
export const MAX_HEADER_LINE = 16 * 1024;

/** The header line at `from` without its line feed, a character a byte. */
export function lineAt(text: Buffer, from: number): string {
  const end = lineEnd(text, from);
  if (end - from > MAX_HEADER_LINE) refuseAt("bad-header", from, "a header line is too long");
  return text.toString("latin1", from, end);
}

/** `line` without the CR that a CRLF transport put before its line feed. */
export function withoutCr(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
