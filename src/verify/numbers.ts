/** Numbers of a series' patches: which are missing, and how to write them. */

import type { Numbers } from "./result.ts";

/** The missing numbers of 1 to `total`. Their length depends on what is there, not on the total. */
export function gapsIn(present: ReadonlySet<number>, total: number): Numbers {
  const gaps: (number | [number, number])[] = [];
  let next = 1;
  for (const index of [...present].sort((a, b) => a - b).concat(total + 1)) {
    const last = Math.min(index - 1, total);
    if (last - next >= 2) gaps.push([next, last]);
    else for (; next <= last; next++) gaps.push(next);
    next = index + 1;
  }
  return gaps;
}

/** These numbers, in ascending order, three and more in a row as a range. */
export function rangesOf(numbers: readonly number[]): Numbers {
  const ranges: (number | [number, number])[] = [];
  for (let i = 0; i < numbers.length;) {
    let last = i;
    while (numbers[last + 1] === numbers[last]! + 1) last++;
    if (last - i >= 2) ranges.push([numbers[i]!, numbers[last]!]);
    else ranges.push(...numbers.slice(i, last + 1));
    i = last + 1;
  }
  return ranges;
}

/** The count of these numbers. */
export function numberCount(numbers: Numbers): number {
  return numbers.reduce<number>(
    (sum, one) => sum + (typeof one === "number" ? 1 : one[1] - one[0] + 1),
    0,
  );
}

/** `2` · `2 and 3` · `2, 5 and 7 to 9`: the numbers in few words. */
export function numberList(numbers: Numbers): string {
  const runs = numbers.map((one) => (typeof one === "number" ? `${one}` : one.join(" to ")));
  if (runs.length > 12) return `${runs.slice(0, 12).join(", ")} and more`;
  return runs.length > 1 ? `${runs.slice(0, -1).join(", ")} and ${runs.at(-1)}` : (runs[0] ?? "");
}
