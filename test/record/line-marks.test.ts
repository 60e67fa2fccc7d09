/** Marks of lines: true of the file that they come with, however often it was changed. */

import { expect, test } from "vitest";
import { lastMark, type LineMarks, marksOf, TOP } from "../../src/record/line-marks.ts";
import { type AppliedFile, applyPlain } from "../../src/record/plain-diff.ts";

/** Numbers from 0 to below `most`, the same in every run. */
function numbers(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
}

function offsetsOf(lines: readonly string[]): number[] {
  let at = 0;
  return [0, ...lines.map((line) => (at += line.length))];
}

function expectTrue({ lines, offsets }: LineMarks, file: readonly string[]): void {
  const real = offsetsOf(file);
  expect(lines[0]).toBe(0);
  expect(offsets).toEqual(lines.map((line) => real[line]));
  for (const [i, line] of lines.entries())
    if (i > 0) expect(line - lines[i - 1]!).toBeGreaterThan(31);
}

const textOf = (applied: AppliedFile | null): string | null =>
  applied === null ? null : Buffer.concat(applied.pieces).toString();

test("marks stand at lines, and are found", () => {
  const file = Array.from({ length: 500 }, (_, i) => `${"x".repeat(i % 19)}\n`);
  const marks = marksOf(Buffer.from(file.join("")));
  expectTrue(marks, file);
  expect(marks.lines).toHaveLength(16);
  expect([0, 31, 32, 63, 64, 499, 9999].map((line) => marks.lines[lastMark(marks, line)])).toEqual([
    0, 0, 32, 32, 64, 480, 480,
  ]);
  expect(marksOf(Buffer.from("a\n".repeat(1000)))).toBe(TOP);
});

test("the marks of a changed file are true; with them, each hunk fits where it does without", () => {
  const any = numbers(20_261_128);
  let file = Array.from({ length: 400 }, (_, i) => `line ${i}${"y".repeat(any(30))}\n`);
  let marks = marksOf(Buffer.from(file.join("")));
  for (let round = 0; round < 60; round++) {
    const hunks: Parameters<typeof applyPlain>[1][number][] = [];
    const after: string[] = [];
    let at = 0;
    for (let n = any(4); n >= 0 && at < file.length; n--) {
      const line = at + any(file.length - at);
      const lines = Math.min(any(40), file.length - line);
      const fresh = Array.from({ length: any(40) }, () => `new ${round} ${"z".repeat(any(30))}\n`);
      after.push(...file.slice(at, line), ...fresh);
      hunks.push({
        line,
        lines,
        newLines: fresh.length,
        old: Buffer.from(file.slice(line, line + lines).join("")),
        new: Buffer.from(fresh.join("")),
        isLast: false,
      });
      at = line + lines;
    }
    after.push(...file.slice(at));
    const old = Buffer.from(file.join(""));
    const made = applyPlain(old, hunks, marks);
    expect(textOf(made)).toBe(after.join(""));
    expect(textOf(applyPlain(old, hunks))).toBe(after.join(""));
    // one line off, it fits with marks as little as without
    const off = hunks.map((hunk) => ({ ...hunk, line: hunk.line + 1 }));
    expect(textOf(applyPlain(old, off, marks))).toBe(textOf(applyPlain(old, off)));
    expectTrue(made!.marks, after);
    [file, marks] = [after, made!.marks];
    if (file.length > 100 && file.length < 1000) continue;
    file = Array.from({ length: 400 }, (_, i) => `line ${i}${"y".repeat(any(30))}\n`);
    marks = marksOf(Buffer.from(file.join("")));
  }
});
