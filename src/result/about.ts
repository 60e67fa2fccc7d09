/**
 * Sums up what is known of tests on a tree, to be shown with patches and commits: the outcome of each test by results
 * that count, how many other results there are, and how the same patches fared in other trees. None of it changes a
 * verdict.
 */

import type { SignedResult, TestOutcome, TestResult } from "./text.ts";
import { TEST_OUTCOMES } from "./text.ts";
import { type ResultWorth, weigh } from "./weigh.ts";

/** A result, and what its key is worth here. */
export interface WeighedResult {
  readonly signed: SignedResult;
  readonly worth: ResultWorth;
}

/** The outcome of one test in one environment, by results that count. */
export interface TreeTest extends Pick<TestResult, "test" | "rev" | "env" | "tree" | "base"> {
  /** `disputed`: passed by one key, and failed by another. */
  readonly answer: TestOutcome | "disputed";
  /** The identities that signed these results. */
  readonly by: readonly string[];
  /** An earlier attempt failed. */
  readonly flaky: boolean;
  /** When the last of them was signed, in seconds since the epoch, and its log. */
  readonly time: number;
  readonly log: string | null;
}

export interface TreeTests {
  /** Null if the tree of a series is not known. */
  readonly tree: string | null;
  /** Tests with results that count, failures first. */
  readonly counting: readonly TreeTest[];
  /** By outcome, how many tests have results by keys that nobody accepted for results. */
  readonly claims: Readonly<Partial<Record<TestOutcome, number>>>;
  /** Tests of the same patches in other trees, by results that count. */
  readonly elsewhere: readonly TreeTest[];
}

/** Most tests in each of these lists. */
const MAX_TOLD = 100;

/**
 * @param tree null if it is not known
 * @param found results about that tree, and about the same patches in other trees
 * @returns null if nothing is known
 */
export function testsOn(tree: string | null, found: readonly WeighedResult[]): TreeTests | null {
  const here = found.filter(({ signed }) => signed.said.tree === tree);
  const counting = testsIn(here);
  const elsewhere = testsIn(found.filter((one) => !here.includes(one)));
  const claims = claimsIn(here);
  if (counting.length + elsewhere.length + Object.keys(claims).length === 0) return null;
  return { tree, counting, claims, elsewhere };
}

function ofWorth(found: readonly WeighedResult[], wanted: ResultWorth): SignedResult[] {
  return found.flatMap(({ signed, worth }) => (worth === wanted ? [signed] : []));
}

/** By tree, test, environment and configuration. */
function testsIn(found: readonly WeighedResult[]): TreeTest[] {
  const groups = new Map<string, SignedResult[]>();
  for (const signed of ofWorth(found, "counts")) {
    const { tree, test, rev, env, config } = signed.said;
    const name = JSON.stringify([tree, test, rev, env, config]);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [signed]);
    else group.push(signed);
  }
  return [...groups.values()].map(testIn).toSorted(badFirst).slice(0, MAX_TOLD);
}

function testIn(group: readonly SignedResult[]): TreeTest {
  const { answer, keys } = weigh(group);
  const last = keys.map((key) => key.last.said).toSorted((a, b) => b.time - a.time);
  const [{ test, rev, env, tree, base, time, log }] = last as [TestResult];
  const worst = TEST_OUTCOMES.find((outcome) => last.some(({ result }) => result === outcome))!;
  const by = [...new Set(last.map((one) => one.by))].toSorted();
  const flaky = keys.some((key) => key.flaky);
  const said = answer === "none" ? worst : answer;
  return { test, rev, env, tree, base, answer: said, by, flaky, time, log };
}

const ORDER: readonly TreeTest["answer"][] = [
  "fail",
  "disputed",
  "error",
  "miss",
  "pass",
  "done",
  "skip",
];

function badFirst(a: TreeTest, b: TreeTest): number {
  const name = ({ test, env }: TreeTest): string => [test, ...env].join(" ");
  return (
    ORDER.indexOf(a.answer) - ORDER.indexOf(b.answer) ||
    (name(a) < name(b) ? -1 : Number(name(a) > name(b)))
  );
}

/** Counts the last results of keys that do not count, by outcome. Results by revoked keys are left out. */
function claimsIn(found: readonly WeighedResult[]): TreeTests["claims"] {
  const claims: Partial<Record<TestOutcome, number>> = {};
  for (const { last } of weigh(ofWorth(found, "claims")).keys)
    claims[last.said.result] = (claims[last.said.result] ?? 0) + 1;
  return claims;
}
