/** Which numbers of a series are missing, and how they are written. */

import { expect, test } from "vitest";
import { gapsIn, numberCount, numberList, rangesOf } from "../../src/verify/numbers.ts";
import type { Numbers } from "../../src/verify/result.ts";

/** [what is there, of how many, the gaps, their count, in words] */
test.each<[number[], number, Numbers, number, string]>([
  [[], 1, [1], 1, "1"],
  [[1], 1, [], 0, ""],
  [[1, 2, 3], 3, [], 0, ""],
  [[3, 1], 3, [2], 1, "2"],
  [[1], 3, [2, 3], 2, "2 and 3"],
  [[1], 4, [[2, 4]], 3, "2 to 4"],
  [[2, 5], 6, [1, 3, 4, 6], 4, "1, 3, 4 and 6"],
  [
    [5],
    9,
    [
      [1, 4],
      [6, 9],
    ],
    8,
    "1 to 4 and 6 to 9",
  ],
  [[2, 4, 8], 8, [1, 3, [5, 7]], 5, "1, 3 and 5 to 7"],
  // the letter and numbers beyond the total are no patches of it
  [[0, 1, 9], 3, [2, 3], 2, "2 and 3"],
  [[0], 2, [1, 2], 2, "1 and 2"],
  [[7], 2, [1, 2], 2, "1 and 2"],
])("of %j of %i", (present, total, gaps, count, words) => {
  const found = gapsIn(new Set(present), total);
  expect(found).toEqual(gaps);
  expect(numberCount(found)).toBe(count);
  expect(numberList(found)).toBe(words);
});

test.each<[number[], Numbers]>([
  [[], []],
  [[4], [4]],
  [
    [1, 2],
    [1, 2],
  ],
  [[1, 2, 3], [[1, 3]]],
  [
    [1, 2, 4, 5, 6, 7, 9],
    [1, 2, [4, 7], 9],
  ],
  [
    [2, 4, 6],
    [2, 4, 6],
  ],
])("%j, three and more in a row as a range", (numbers, ranges) => {
  expect(rangesOf(numbers)).toEqual(ranges);
});

test("twelve are written out, of more the first twelve", () => {
  const odd = (count: number): number[] => Array.from({ length: count }, (_, i) => 2 * i + 1);
  expect(numberList(odd(12))).toBe("1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21 and 23");
  expect(numberList(odd(13))).toBe("1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23 and more");
});

test("a total of 9999 is no more work than what is there", () => {
  expect(gapsIn(new Set([5000]), 9999)).toEqual([
    [1, 4999],
    [5001, 9999],
  ]);
});
