/** Small helpers for text held as bytes. */

export const LF = 10;
export const CR = 13;
export const BLANK = 32;
export const TAB = 9;
export const EMPTY: Buffer = Buffer.alloc(0);
export const NEWLINE: Buffer = Buffer.from("\n");

/** White space as git knows it: blank, tab, CR and LF. Form feed and vertical tab are text. */
export function isSpace(byte: number | undefined): boolean {
  return byte === BLANK || byte === LF || byte === TAB || byte === CR;
}

/** Bytes as a string, one character for each byte. */
export function latin1(text: Buffer, start = 0, end = text.length): string {
  return text.toString("latin1", start, end);
}

/** Offset of the LF that ends the line at `pos`; the end of the text if there is none. */
export function lineEnd(text: Buffer, pos: number): number {
  if (text[pos] === LF) return pos; // spares mails that are made of empty lines the call
  const lf = text.indexOf(LF, pos);
  return lf < 0 ? text.length : lf;
}

/** Offset just after the LF of the line at `pos`; the end of the text if there is none. */
export function nextLine(text: Buffer, pos: number): number {
  return Math.min(lineEnd(text, pos) + 1, text.length);
}

/** True if `word`, in ASCII, is at `pos` of `text`. */
export function hasAt(text: Buffer, pos: number, word: string): boolean {
  if (pos + word.length > text.length) return false;
  for (let i = 0; i < word.length; i++) {
    if (text[pos + i] !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** The same without regard to case. `word` is lower-case ASCII letters and hyphens. */
export function hasAtNoCase(text: Buffer, pos: number, word: string): boolean {
  if (pos + word.length > text.length) return false;
  for (let i = 0; i < word.length; i++) {
    const byte = text[pos + i]!;
    const lower = byte >= 65 && byte <= 90 ? byte + 32 : byte;
    if (lower !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** Below this, calling for a copy takes longer than the copy. */
const SHORT = 64;

/** Copies [from, to) of `text` to `at` of `out`. @returns where the copy ends */
export function copyLine(text: Buffer, from: number, to: number, out: Buffer, at: number): number {
  if (to - from >= SHORT) return at + text.copy(out, at, from, to);
  let end = at;
  for (let pos = from; pos < to; pos++) out[end++] = text[pos]!;
  return end;
}

/** Without white space at its end. */
export function trimEnd(text: Buffer): Buffer {
  let end = text.length;
  while (end > 0 && isSpace(text[end - 1])) end--;
  return text.subarray(0, end);
}

/** Without white space at either end. */
export function trim(text: Buffer): Buffer {
  let start = 0;
  while (start < text.length && isSpace(text[start])) start++;
  return trimEnd(text.subarray(start));
}

/** Every run of white space becomes one blank; none is removed at the ends. */
export function collapseSpace(text: Buffer): Buffer {
  const out = Buffer.allocUnsafe(text.length);
  let length = 0;
  let inSpace = false;
  for (const byte of text) {
    const space = isSpace(byte);
    if (!space) out[length++] = byte;
    else if (!inSpace) out[length++] = BLANK;
    inSpace = space;
  }
  return out.subarray(0, length);
}
