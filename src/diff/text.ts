/** Small readers over the bytes of a patch text, and the one way to refuse it. */

export const LF = 0x0a;
export const CR = 0x0d;

/** Thrown inside the diff reader only; `readDiff` turns it into a refusal. */
export class DiffRefused extends Error {
  override readonly name = "DiffRefused";
  readonly reason: string;
  /** Where in the patch text. */
  readonly offset: number;

  constructor(reason: string, offset: number, message: string) {
    super(message);
    this.reason = reason;
    this.offset = offset;
  }
}

/** Stops reading: the patch text has something at `offset` for which `reason` stands. */
export function refuse(reason: string, offset: number, message: string): never {
  throw new DiffRefused(reason, offset, message);
}

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
  if (end - from > MAX_HEADER_LINE) refuse("bad-header", from, "a header line is too long");
  return text.toString("latin1", from, end);
}

/** `line` without the CR that a CRLF transport put before its line feed. */
export function withoutCr(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
