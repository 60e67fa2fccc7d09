/** Sorts works into the sections of the morning page, in the order in which a maintainer looks at them. Pure. */

import type { FindingCode } from "../../findings.ts";
import type { InBranch } from "./applied.ts";
import type { TestCounts } from "./tests.ts";
import type { DeskWork } from "./works.ts";

export const SECTIONS = [
  "alarm",
  "ready",
  "waiting-for-me",
  "in-my-paths",
  "failing",
  "reviewed",
  "new",
  "waiting-for-author",
  "done",
] as const;
export type Section = (typeof SECTIONS)[number];

/**
 * Findings that a maintainer should look into before anything else (docs/findings.md). The index keeps only the codes of
 * findings, so each has general words here.
 */
const ALARMS: Readonly<Partial<Record<FindingCode, string>>> = {
  "signature-bad": "its signature does not verify",
  "content-changed": "changed since it was signed",
  "key-changed": "signed by another key than the one that is known",
  "key-replaced": "signed by a key that has been replaced",
  "key-revoked": "signed by a key that was revoked",
  "key-tainted": "signed by a key that came from a revoked one",
  "key-result-only": "signed by a key that was accepted for test results only",
  "signer-not-author": "signed by somebody who neither wrote nor sent it",
  "unsigned-known": "not signed, though its author signs",
  "address-lookalike": "the address only looks like a known signer's",
  "series-unsigned": "some of its patches are signed, others are not",
  "series-conflict": "its patches contradict each other",
  "review-key-changed": "a review is signed by another key than the reviewer's",
  "review-key-revoked": "a review is signed by a key that was revoked",
  "review-bad": "the signature of a review does not verify",
  "devsig-bad": "its X-Developer-Signature does not verify",
  "devsig-changed": "its X-Developer-Signature is by another key than before",
};

const TRUSTED: ReadonlySet<string | null> = new Set(["pinned", "endorsed", "known"]);

/** What is known of works besides what the index has. */
export interface DeskFacts {
  /** The numbers of works whose patches are all in the branch. */
  readonly applied: ReadonlySet<number>;
  /** How much of each work is in the branch, by the work's number. */
  readonly inBranch: ReadonlyMap<number, InBranch>;
  /** The numbers of works that the user's own queries find (`patchsig.mine`). */
  readonly mine: ReadonlySet<number>;
  /** How the tests of works went, by the work's number; only those with results. */
  readonly tests: ReadonlyMap<number, TestCounts>;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** The alarms about a work's newest version, in words. */
export function alarmsOf({ newest }: DeskWork): string[] {
  return newest.summary.findings.flatMap((code) => ALARMS[code as FindingCode] ?? []);
}

/** A work's section is that of the first reason in this table that holds. */
const REASONS: readonly (readonly [Section, (work: DeskWork, facts: DeskFacts) => boolean])[] = [
  ["done", ({ work }, { applied }) => applied.has(work)],
  ["done", (work, { now }) => isSettled(work, now)],
  ["alarm", (work) => alarmsOf(work).length > 0],
  ["failing", ({ work }, { tests }) => isFailing(tests.get(work))],
  ["waiting-for-me", isBack],
  ["waiting-for-author", (work) => holds(work) && work.mark?.state === "waiting"],
  ["ready", isReady],
  ["in-my-paths", ({ work }, { mine }) => mine.has(work)],
  ["waiting-for-author", ({ mark, newest }) => isPutAside(mark) || !newest.summary.complete],
  ["reviewed", isReviewed],
];

/** The section of the morning page for a work. */
export function sectionOf(work: DeskWork, facts: DeskFacts): Section {
  return REASONS.find(([, isSo]) => isSo(work, facts))?.[0] ?? "new";
}

/** Whether the mark is about the newest version: a version that came later was not known to the user. */
function holds({ mark, newest }: DeskWork): boolean {
  return mark !== null && newest.date <= mark.at;
}

function isSettled(work: DeskWork, now: number): boolean {
  const { mark } = work;
  if (mark === null || !holds(work)) return false;
  return mark.state === "snoozed"
    ? mark.until > now
    : mark.state === "applied" || mark.state === "dropped";
}

/** Disputed tests count: they failed for somebody. */
function isFailing(tests: TestCounts | undefined): boolean {
  return tests !== undefined && tests.fail + tests.disputed > 0;
}

/** A mail came since the work was marked, or the time for which it was snoozed is over. */
function isBack({ mark, latest }: DeskWork, { now }: DeskFacts): boolean {
  if (mark === null) return false;
  return latest > mark.at || (mark.state === "snoozed" && mark.until <= now);
}

/** Any mark except "new", by which the user takes a mark back. */
function isPutAside(mark: DeskWork["mark"]): boolean {
  return mark !== null && mark.state !== "new";
}

/** By any Reviewed-by or Acked-by, proven or not: where nobody signs, there is nothing better. */
function isReviewed({ newest: { summary, verdict } }: DeskWork): boolean {
  const { applicable, reviewed, acked } = summary;
  return applicable && verdict !== "fail" && reviewed.all + acked.all > 0;
}

function isReady({ newest: { summary, verdict } }: DeskWork): boolean {
  const { complete, applicable, proof, trust, base } = summary;
  const isWhole = complete && applicable && verdict !== "fail";
  return isWhole && proof === "signed" && TRUSTED.has(trust) && base.commit !== null;
}
