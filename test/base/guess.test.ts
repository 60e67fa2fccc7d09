import { expect, test } from "vitest";
import { Guesser } from "../../src/base/guess.ts";

/** Commits newest first, a minute apart: how many files each holds, and its parents by their place. */
function guess(
  total: number,
  history: readonly (readonly [held: number, ...parents: number[]])[],
  { sent = null, main = null }: { sent?: number | null; main?: number | null } = {},
) {
  const guesser = new Guesser(total, sent, main === null ? null : `c${main}`);
  for (const [i, [matched, ...parents]] of history.entries())
    guesser.take({ commit: `c${i}`, time: -i, matched, parents: parents.map((p) => `c${p}`) });
  const { candidates, ...rest } = guesser.result(true);
  return { ...rest, candidates: candidates.map(({ commit }) => commit) };
}

test("the only commit that has all files", () => {
  expect(guess(2, [[1, 1], [2, 2], [1, 3], [0]])).toMatchObject({
    matched: 2,
    count: 1,
    unique: true,
    candidates: ["c1"],
  });
});

test("equal commits are counted, and the newest of each line of history is listed", () => {
  const history = [[1, 1], [1, 2], [1, 4], [1, 4], [1]] as const;
  expect(guess(1, history)).toMatchObject({ count: 5, unique: false, candidates: ["c0", "c3"] });
});

test("the main branch comes first, even if a parent is visited before its child", () => {
  const history = [[0, 2], [1, 3], [1, 1], [1]] as const;
  expect(guess(1, history, { main: 2 }).candidates[0]).toBe("c2");
  const turned = [[1, 3], [1, 0], [0, 1], [1]] as const;
  expect(guess(1, turned, { main: 2 }).candidates[0]).toBe("c1");
});

test("commits newer than the mail come only if no older one is as good, nearest first", () => {
  const history = [[2, 1], [2, 2], [1, 3], [0]] as const;
  expect(guess(2, history, { sent: -2 })).toMatchObject({
    later: true,
    count: 2,
    candidates: ["c1"],
  });
  expect(guess(2, [[2, 1], [2]], { sent: -1 })).toMatchObject({
    later: false,
    count: 2,
    unique: false,
    candidates: ["c1"],
  });
});

test("no commit has any of the files", () => {
  expect(guess(1, [[0, 1], [0]])).toMatchObject({ matched: 0, count: 0, candidates: [] });
});
