/** Small readers over the bytes of a patch text. */

import { lineEnd } from "../primitives/bytes.ts";
import { refuseAt } from "../refused.ts";

/** Header lines hold one or two path names; longer lines are refused. */
export const MAX_HEADER_LINE = 16 * 1024;

/** The header line at `from` without its line feed, a character a byte. */
export function lineAt(text: Buffer, from: number): string {
  const end = lineEnd(text, from);
  if (end - from > MAX_HEADER_LINE) refuseAt("bad-header", from, "a header line is too long");
  return text.toString("latin1", from, end);
}

/** `line` without the CR that a CRLF transport put before its line feed. */
export function lineWithoutCr(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
