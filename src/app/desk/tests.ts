/** How the tests of works went, by results that count. Takes one statement, however many works there are. */

import type { SignedResult, TestResult } from "../../result/text.ts";
import { weigh } from "../../result/weigh.ts";
import type { IndexStore } from "../../store/index-store.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { withdrawals } from "../feed/followed.ts";
import { resultKeysOf, weigher } from "../result/known.ts";
import type { DeskWork } from "./works.ts";

/** Counts of tests by outcome. A test in two environments counts twice. */
export interface TestCounts {
  readonly pass: number;
  readonly fail: number;
  /** Passed by one key, and failed by another: no key outvotes another. */
  readonly disputed: number;
  /** Neither pass nor fail, such as skipped. */
  readonly other: number;
}

/** Most results of one key about the same patches. */
const MAX_RESULTS = 1_000;

/**
 * Finds results by the patches that they name, whatever base these were tested on. For each test, the last result of
 * each key holds.
 *
 * @returns for the newest version of each work, by the work's number; works without results are left out
 */
export function testsOfWorks(
  index: IndexStore,
  trust: Pick<TrustStore, "results">,
  works: readonly DeskWork[],
): ReadonlyMap<number, TestCounts> {
  const keys = resultKeysOf(trust);
  const patches = new Map(works.map(({ work, newest }) => [work, newest.summary.patches]));
  const named = [...new Set(patches.values())].filter((digest) => digest !== "");
  if (keys.length === 0 || named.length === 0) return new Map();
  const byPatches = new Map<string, SignedResult[]>();
  const isWithdrawn = withdrawals();
  const weighOne = weigher(trust);
  for (const row of index.resultsByKeys(named, keys, MAX_RESULTS)) {
    if (isWithdrawn(row)) continue;
    const said = JSON.parse(row.said) as TestResult;
    const { signed, worth } = weighOne({ ...row, said });
    if (worth !== "counts") continue;
    const group = byPatches.get(row.patches);
    if (group === undefined) byPatches.set(row.patches, [signed]);
    else group.push(signed);
  }
  const counts = new Map([...byPatches].map(([digest, results]) => [digest, countTests(results)]));
  return new Map(
    [...patches].flatMap(([work, digest]) => {
      const found = counts.get(digest);
      return found === undefined ? [] : [[work, found] as const];
    }),
  );
}

/** @param results that count, all about the same patches */
function countTests(results: readonly SignedResult[]): TestCounts {
  // the numbers of attempts begin at 1 for each tree, so the time decides between trees: the last one tested holds
  const last = weigh(results).keys.map((key) => key.last);
  const anywhere = last.map((one) => ({ ...one, said: { ...one.said, tree: "", run: 1 } }));
  const tests = new Map<string, SignedResult[]>();
  for (const one of anywhere) {
    const { test, rev, env, config } = one.said;
    const name = JSON.stringify([test, rev, env, config]);
    const group = tests.get(name);
    if (group === undefined) tests.set(name, [one]);
    else group.push(one);
  }
  const counts = { pass: 0, fail: 0, disputed: 0, other: 0 };
  for (const group of tests.values()) {
    const { answer } = weigh(group);
    counts[answer === "none" ? "other" : answer]++;
  }
  return counts;
}
