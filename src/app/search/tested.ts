/**
 * Answers whether a tree was tested elsewhere: offline, from the index. Only results by keys that a person accepted
 * for results count; others are shown, and decide nothing (docs/spec/result.md, "What it counts for").
 */

import type { TestResult } from "../../result/text.ts";
import { DAY } from "../../primitives/time.ts";
import { withdrawals } from "../feed/followed.ts";
import { resultKeysOf } from "../result/known.ts";
import { type ResultWorth, type Weighed, weigh, worthOf } from "../../result/weigh.ts";
import type { StoredResult } from "../../store/index-sql.ts";
import type { IndexStore } from "../../store/index-store.ts";
import type { TrustStore } from "../../store/trust-store.ts";

/** The question of `patchsig tested`. */
export interface TestedQuestion {
  /** The git tree, 40 or 64 hex digits. */
  readonly tree: string;
  readonly test: string;
  /** `key=value`: a result that has all of them, and perhaps more, matches. */
  readonly env: readonly string[];
  /** Revision of a test suite that is not in the tree; null for any. */
  readonly rev: string | null;
  /** Seconds that a result may be old; null for any age. */
  readonly maxAge: number | null;
  /** Identities whose results count; empty for all whose keys were accepted. */
  readonly by: readonly string[];
  /** Seconds since the epoch. */
  readonly now: number;
}

/** A result that matches the question. */
interface TestedResult {
  readonly result: TestResult["result"];
  readonly by: string;
  readonly publicKey: string;
  /** `withdrawn`: the feed that brought it has taken it back. */
  readonly worth: ResultWorth | "withdrawn";
  /** Older than `maxAge`, or from the future. */
  readonly stale: boolean;
  /** An earlier run failed, and this one passed. */
  readonly flaky: boolean;
  readonly time: number;
  readonly env: readonly string[];
  readonly rev: string | null;
  readonly run: number;
  readonly log: string | null;
  readonly messageId: string;
}

/**
 * `stale`: the results that count are too old. `claims`: there are only results that do not count. `none`: there is no
 * result, or none that says pass or fail.
 */
type TestedAnswer = Weighed["answer"] | "stale" | "claims";

/** The answer: the record of `tested --json`. */
export interface Tested {
  readonly type: "tested";
  readonly tree: string;
  readonly test: string;
  readonly answer: TestedAnswer;
  /** Those that count first; within these, the latest first. */
  readonly results: readonly TestedResult[];
  /** How many results of the same test on this tree are about another environment or revision. */
  readonly others: number;
}

/** Most results of one key that are looked at. */
const MAX_RESULTS = 1_000;
const MAX_LISTED = 50;

/** Answers a question from the index, by what its results' keys are worth now. */
export function testedAnswer(
  index: IndexStore,
  trust: TrustStore,
  { tree, test, env, rev, maxAge, by, now }: TestedQuestion,
): Tested {
  const rows = index
    .resultsOf(tree, test, resultKeysOf(trust), MAX_RESULTS)
    .map((row) => ({ row, said: saidIn(row) }));
  const fitting = rows.filter(
    ({ said }) =>
      env.every((entry) => said.env.includes(entry)) && (rev === null || said.rev === rev),
  );
  const isWithdrawn = withdrawals();
  const keyed = fitting.map(({ row, said }) => {
    if (isWithdrawn(row)) return { row, said, worth: "withdrawn" } as const;
    const worth = worthOf(said, trust.results.of(said.by, row.publicKey));
    const wanted = by.length === 0 || by.includes(said.by);
    const counts = worth === "counts" && wanted;
    return { row, said, worth: counts ? worth : worth === "void" ? worth : "claims" } as const;
  });
  const claimed = keyed.filter(({ worth }) => worth === "claims");
  const counting = keyed.filter(({ worth }) => worth === "counts");
  // a time in the future is wrong: nobody knows how old such a result is
  const isFresh = ({ time }: TestResult): boolean =>
    maxAge === null || (time >= now - maxAge && time <= now + DAY);
  const { keys } = weigh(counting.map(({ row, said }) => ({ ...row, said })));
  const fresh = weigh(keys.filter(({ last }) => isFresh(last.said)).map(({ last }) => last));
  const flaky = new Set(keys.filter((one) => one.flaky).map(({ last }) => last.text));
  const results = keyed.map(({ row, said, worth }): TestedResult => ({
    result: said.result,
    by: said.by,
    publicKey: row.publicKey,
    worth,
    stale: !isFresh(said),
    flaky: flaky.has(row.text),
    time: said.time,
    env: said.env,
    rev: said.rev,
    run: said.run,
    log: said.log,
    messageId: row.messageId,
  }));
  return {
    type: "tested",
    tree,
    test,
    answer: answerOf(fresh, counting.length > 0, keys.length, claimed.length),
    results: results.sort(inOrder).slice(0, MAX_LISTED),
    others: rows.length - fitting.length,
  };
}

function saidIn({ said }: StoredResult): TestResult {
  return JSON.parse(said) as TestResult;
}

function answerOf(fresh: Weighed, counts: boolean, keys: number, claims: number): TestedAnswer {
  if (fresh.answer !== "none") return fresh.answer;
  if (counts && fresh.keys.length < keys) return "stale";
  return !counts && claims > 0 ? "claims" : "none";
}

const RANK: Readonly<Record<TestedResult["worth"], number>> = {
  counts: 0,
  claims: 1,
  void: 2,
  withdrawn: 3,
};

function inOrder(a: TestedResult, b: TestedResult): number {
  return RANK[a.worth] - RANK[b.worth] || b.run - a.run || b.time - a.time;
}
