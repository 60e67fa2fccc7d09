/** Judges a commit by what its signer's key is worth now, and by the policy. */

import { normaliseIdentity } from "../trust/identity.ts";
import type { Decision } from "../trust/decide.ts";
import type { Verdict } from "../types.ts";
import type { TreeTests } from "../result/about.ts";
import type { SignedResult } from "../result/text.ts";
import { asksForSignature, type Policy } from "../verify/policy.ts";
import type { KeyTrust } from "../verify/result.ts";
import { isKeyWithin } from "../verify/signer.ts";
import type { CommitEvidence } from "./evidence.ts";
import { type CommitResult, isSame } from "./result.ts";

/** What a verdict depends on, besides the commit and its note. */
export interface CommitContext {
  readonly policy: Policy;
  /** The state now of the key by which `by` signed. */
  readonly keyOf: (by: string, publicKey: string) => Pick<Decision, "trust" | "tainted" | "record">;
  /** Whether this identity has a key here: it signs, so an unsigned patch of theirs is odd. */
  readonly signs: (identity: string) => boolean;
  /** What is known of tests on a tree: from `kept`, the good results in the note, and from the index. */
  readonly testsOn: (tree: string, kept: readonly SignedResult[]) => TreeTests | null;
}

/**
 * Why nobody expects a note on a commit:
 *
 *     older  it is from before the records
 *     merge  git makes it of its parents by itself: it adds nothing that is not in other commits. A policy that asks for
 *            signatures asks for one on it, too
 */
export type NoteExcuse = "older" | "merge";

/**
 * The result for a commit.
 *
 * @param evidence how it compares with what was signed
 * @param excuse why a note may be missing; null if there is no reason
 */
export function judgeCommit(
  evidence: CommitEvidence,
  context: CommitContext,
  excuse: NoteExcuse | null = null,
): CommitResult {
  const { status, signer, publicKey } = evidence;
  const key = signer === null || publicKey === null ? null : context.keyOf(signer, publicKey);
  const [verdict, reason] = verdictOn(evidence, key, context, excuse);
  return {
    type: "commit",
    commit: evidence.commit,
    subject: evidence.subject,
    author: evidence.author,
    status,
    amended: evidence.amended,
    why: [evidence.why, reason, ...evidence.flaws].filter((text) => text !== "").join("; "),
    added: evidence.added,
    reviewed: evidence.reviewed.map((one) => ({
      ...one,
      trust: trustOf(context.keyOf(one.by, one.publicKey)),
    })),
    carriedFrom: evidence.carriedFrom,
    signer,
    publicKey,
    series: evidence.series,
    base: evidence.base,
    trust: key === null ? null : trustOf(key),
    tests: context.testsOn(evidence.tree, evidence.results),
    record: evidence.record,
    verdict,
  };
}

type Verdicted = readonly [Verdict, string];

function verdictOn(
  { author, status }: CommitEvidence,
  key: ReturnType<CommitContext["keyOf"]> | null,
  { policy, signs }: CommitContext,
  excuse: NoteExcuse | null,
): Verdicted {
  if (status === "none") return unsignedVerdict(author, policy, signs, excuse);
  if (status === "unsigned") return unsignedVerdict(author, policy, signs, null);
  if (!isSame(status) || key === null) return ["fail", ""];
  // its holder has taken another key since: that casts no doubt on what the old one signed
  if (key.trust === "replaced") return ["pass", "the key has been replaced since"];
  if (key.trust === "revoked") return ["fail", "the key has been revoked since"];
  if (key.trust === "result-only") return ["fail", "the key may sign test results, never patches"];
  if (key.trust === "changed") return ["fail", "it is not the key that is known here"];
  if (!isKeyWithin(key, policy)) return ["fail", `the policy wants a ${policy.require} key`];
  return isUnknown(key) ? ["warn", "the key is not known here"] : ["pass", ""];
}

function unsignedVerdict(
  author: string,
  policy: Policy,
  signs: CommitContext["signs"],
  excuse: NoteExcuse | null,
): Verdicted {
  if (excuse === "older") return ["warn", ""];
  if (policy.require !== "opt-in")
    return [
      "fail",
      asksForSignature(policy) ? "the policy wants a signature" : "nothing proves who vouched",
    ];
  if (excuse === "merge") return ["warn", "a merge as git makes it"];
  const identity = normaliseIdentity(author.slice(author.lastIndexOf("<") + 1, -1));
  if (identity === null || !signs(identity)) return ["warn", ""];
  return [policy.unsignedKnown, `${identity} signs, so a signature was expected`];
}

function trustOf(key: Pick<Decision, "trust" | "record">): KeyTrust {
  return isUnknown(key) ? "unknown" : key.trust;
}

function isUnknown({ trust, record }: Pick<Decision, "trust" | "record">): boolean {
  return trust === "first-use" && record === null;
}
