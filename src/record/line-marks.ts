/** Where some lines of a file begin, so that a line is found without counting all lines above it. */

import { lineEnd } from "../primitives/bytes.ts";

/** Ascending; the first is the top of the file. */
export interface LineMarks {
  /** From 0. */
  readonly lines: readonly number[];
  readonly offsets: readonly number[];
}

/** Enough for any file: from there, lines are counted. */
export const TOP: LineMarks = { lines: [0], offsets: [0] };

/** Lines between two marks, at least. */
const STEP = 32;
/** Bytes of a file that is worth marks. */
const LONG = 2048;

export function marksOf(file: Buffer): LineMarks {
  if (file.length < LONG) return TOP;
  const marks = new MarkWriter();
  let at = 0;
  for (let line = 0; at < file.length; line++) {
    marks.add(line, at);
    at = lineEnd(file, at) + 1;
  }
  return marks;
}

/** The last mark at or above a line. @returns its index */
export function lastMark({ lines }: LineMarks, line: number): number {
  let [low, high] = [0, lines.length];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (lines[middle]! <= line) low = middle;
    else high = middle;
  }
  return low;
}

/** Collects marks from the top of a file; those that are too near to the one before are left out. */
export class MarkWriter implements LineMarks {
  readonly lines: number[] = [];
  readonly offsets: number[] = [];

  add(line: number, offset: number): void {
    if (this.lines.length > 0 && line - this.lines.at(-1)! < STEP) return;
    this.lines.push(line);
    this.offsets.push(offset);
  }
}
