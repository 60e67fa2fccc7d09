/** minisign's four lines in a mail: transports wrap lines, so white space in them means nothing. */

import { isSpace, LF, nextLine } from "../primitives/bytes.ts";

/** What `isSpace` means, for many. */
const BLANKS = /[ \t\r\n]+/g;

/** Text without any of git's white space, and the original. */
export interface Squeezed {
  readonly text: string;
  readonly wrapped: string;
  /** Where it begins. */
  readonly start: number;
}

/** The bytes from `start` on, at most `max` of them, without their white space. */
export function squeeze(text: Buffer, start: number, max: number): Squeezed {
  const wrapped = text.toString("latin1", start, Math.min(text.length, start + max));
  return { text: wrapped.replace(BLANKS, ""), wrapped, start };
}

/**
 * The end, LF included, of the line with the last of this many squeezed characters; null if more than
 * white space follows on that line.
 */
export function endOfLine(text: Buffer, squeezed: Squeezed, characters: number): number | null {
  const last = squeezed.start + lengthOf(squeezed.wrapped, characters);
  const end = nextLine(text, last);
  return text.subarray(last, end).every(isSpace) ? end : null;
}

/** The length of the beginning of `wrapped` that has this many non-blank characters. */
function lengthOf(wrapped: string, count: number): number {
  let at = 0;
  for (let left = count; left > 0; at++) if (!isSpace(wrapped.charCodeAt(at))) left--;
  return at;
}

/** Byte offsets of the lines that begin with `marker` and a blank, at most `most` of them. */
export function findLines(text: Buffer, marker: Buffer, most: number): number[] {
  const found: number[] = [];
  let at = text.indexOf(marker);
  while (at >= 0 && found.length < most) {
    const next = text[at + marker.length];
    if ((at === 0 || text[at - 1] === LF) && isSpace(next)) found.push(at);
    at = text.indexOf(marker, at + marker.length);
  }
  return found;
}
