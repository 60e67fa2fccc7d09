/**
 * The signed text of a test result (docs/spec/result.md): who ran which test on which tree, in what environment, and
 * how it ended.
 */

import type { FieldRule, FieldValues, SignedText, TextKind } from "../patch/signed-text.ts";
import { normaliseIdentity } from "../trust/identity.ts";

/** KCIDB's six outcomes, the worst first: several cases together have the worst of their outcomes. */
export const TEST_OUTCOMES = ["fail", "error", "miss", "pass", "done", "skip"] as const;

/**
 * `error`: the harness broke. `miss`: it should have run, and did not. `done`: it ran, without a verdict.
 */
export type TestOutcome = (typeof TEST_OUTCOMES)[number];

/** How many cases of a suite had each outcome. */
export type CaseCounts = Readonly<Record<TestOutcome, number>>;

/** The outcomes in the order in which the text counts them. */
const COUNTED = ["pass", "fail", "error", "miss", "done", "skip"] as const;

/** What a result says. Object names and digests are lower-case hex; null is written as "-". */
export interface TestResult {
  /** When the run ended, or was signed, in seconds since the epoch, by the signer's clock. */
  readonly time: number;
  /** The signer's identity, as the signer claims it. ASCII. */
  readonly by: string;
  /** The git tree that was tested, 40 or 64 digits. */
  readonly tree: string;
  /** The commit that the tested patches were put on. */
  readonly base: string | null;
  /** The commit that was tested; null if nobody else has it. */
  readonly commit: string | null;
  /** `patchesDigest` of the tested patches. */
  readonly patches: string | null;
  /** The id of the signed series, 32 hex digits. */
  readonly series: string | null;
  /** The Message-ID of its cover letter or single patch, without angle brackets. For people. */
  readonly message: string | null;
  /** A dotted path in KCIDB's syntax: `kselftest.net`. */
  readonly test: string;
  /** The revision of a test suite that is not in the tree. */
  readonly rev: string | null;
  /** `key=value`, by ascending keys, each once. */
  readonly env: readonly string[];
  /** SHA-256 of the build's configuration. */
  readonly config: string | null;
  /** The attempt, from 1. */
  readonly run: number;
  readonly result: TestOutcome;
  /** Null if no cases were reported. */
  readonly counts: CaseCounts | null;
  /** URL. */
  readonly log: string | null;
  readonly logSha256: string | null;
  /** SHA-256 of the attached KCIDB JSON. */
  readonly details: string | null;
  /** URL of the run, if somebody other than the signer ran the test. */
  readonly via: string | null;
}

export type SignedResult = SignedText<TestResult>;

export const MAX_ENV = 16;
/** Bytes: 24 lines of less than a kilobyte, and those of the environment. */
const MAX_RESULT_TEXT = 32_768;

const OBJECT = "(?:[0-9a-f]{64}|[0-9a-f]{40})";
const DIGEST = /^(?:[0-9a-f]{64}|-)$/;
const OPTIONAL_OBJECT = new RegExp(`^(?:${OBJECT}|-)$`);
const URL_OR_NONE = /^(?:https?:\/\/[!-~]{1,900}|-)$/;
const COUNT = "(0|[1-9][0-9]{0,8})";
const COUNTS = new RegExp(`^(?:${COUNTED.map((name) => `${name}=${COUNT}`).join(" ")}|-)$`);

/** A path in KCIDB's syntax. */
export const TEST_NAME = /^(?=.{1,128}$)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
/** `key=value`. */
export const ENV_ENTRY = /^[A-Za-z0-9_.-]{1,64}=[!-~]{1,256}$/;

const FIELDS: readonly FieldRule[] = [
  // ten digits (a time after 2001) make the trusted comment at least 100 characters long
  { name: "t", value: /^[1-9][0-9]{9,11}$/ },
  { name: "by", value: /^[!-~]{3,254}$/ },
  { name: "tree", value: new RegExp(`^${OBJECT}$`) },
  { name: "base", value: OPTIONAL_OBJECT },
  { name: "commit", value: OPTIONAL_OBJECT },
  { name: "patches", value: DIGEST },
  { name: "series", value: /^(?:[0-9a-f]{32}|-)$/ },
  { name: "message", value: /^(?:[!-;=?-~]{2,250}|-)$/ },
  { name: "test", value: TEST_NAME },
  { name: "rev", value: /^[!-~]{1,128}$/ },
  { name: "env", value: ENV_ENTRY, most: MAX_ENV },
  { name: "config", value: DIGEST },
  { name: "run", value: /^[1-9][0-9]{0,8}$/ },
  { name: "result", value: new RegExp(`^(?:${TEST_OUTCOMES.join("|")})$`) },
  { name: "counts", value: COUNTS },
  { name: "log", value: URL_OR_NONE },
  { name: "log-sha256", value: DIGEST },
  { name: "details", value: DIGEST },
  { name: "via", value: URL_OR_NONE },
];

export const RESULT_TEXT: TextKind<TestResult> = {
  name: "result",
  maxBytes: MAX_RESULT_TEXT,
  fields: FIELDS,
  read: readResult,
  write: writeResult,
  comment: ({ time, by, tree, test, result }) =>
    `t=${time} by=${by} tree=${tree} test=${test} result=${result}`,
};

function readResult(values: FieldValues): TestResult | null {
  const text = (name: string): string => values[name]![0]!;
  const optional = (name: string): string | null => (text(name) === "-" ? null : text(name));
  const result: TestResult = {
    time: Number(text("t")),
    by: text("by"),
    tree: text("tree"),
    base: optional("base"),
    commit: optional("commit"),
    patches: optional("patches"),
    series: optional("series"),
    message: optional("message"),
    test: text("test"),
    rev: optional("rev"),
    env: values["env"]!,
    config: optional("config"),
    run: Number(text("run")),
    result: text("result") as TestOutcome,
    counts: readCounts(text("counts")),
    log: optional("log"),
    logSha256: optional("log-sha256"),
    details: optional("details"),
    via: optional("via"),
  };
  return isSound(result) ? result : null;
}

function readCounts(text: string): CaseCounts | null {
  const found = COUNTS.exec(text)!;
  if (text === "-") return null;
  const entries = COUNTED.map((name, i) => [name, Number(found[i + 1])]);
  return Object.fromEntries(entries) as CaseCounts;
}

function writeResult(r: TestResult): FieldValues {
  const one = (value: string | number | null): readonly string[] => [String(value ?? "-")];
  return {
    t: one(r.time),
    by: one(r.by),
    tree: one(r.tree),
    base: one(r.base),
    commit: one(r.commit),
    patches: one(r.patches),
    series: one(r.series),
    message: one(r.message),
    test: one(r.test),
    rev: one(r.rev),
    env: r.env,
    config: one(r.config),
    run: one(r.run),
    result: one(r.result),
    counts: one(formatCounts(r.counts)),
    log: one(r.log),
    "log-sha256": one(r.logSha256),
    details: one(r.details),
    via: one(r.via),
  };
}

function formatCounts(counts: CaseCounts | null): string | null {
  return counts === null ? null : COUNTED.map((name) => `${name}=${counts[name]}`).join(" ");
}

/** The rules beyond the grammar of each field. */
function isSound(r: TestResult): boolean {
  const keys = r.env.map((entry) => entry.slice(0, entry.indexOf("=")));
  return (
    normaliseIdentity(r.by) === r.by &&
    [r.base, r.commit].every((name) => name === null || name.length === r.tree.length) &&
    keys.every((key, i) => i === 0 || key > keys[i - 1]!) &&
    (r.counts === null || isPossible(r.result, r.counts))
  );
}

/**
 * A result can be worse than its worst case, as when the harness crashed at the end. It cannot be better, and it can only
 * be "pass" if a case passed.
 */
function isPossible(result: TestOutcome, counts: CaseCounts): boolean {
  const rank = (one: TestOutcome): number => TEST_OUTCOMES.indexOf(one);
  const all = worstCase(counts);
  return result === all || (rank(result) < rank(all) && rank(result) < rank("pass"));
}

/** The worst outcome among cases; `skip` if there are no cases. */
export function worstCase(counts: CaseCounts): TestOutcome {
  return TEST_OUTCOMES.find((outcome) => counts[outcome] > 0) ?? "skip";
}
