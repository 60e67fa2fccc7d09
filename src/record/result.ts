/** The result for a commit: what `check-commit` and `log` print, and the records of their `--json`. */

import type { PublicKeyText, Verdict } from "../types.ts";
import type { ReviewProof } from "../review/proof.ts";
import type { TreeTests } from "../result/about.ts";
import type { KeyTrust } from "../verify/result.ts";
import type { AmendedPart } from "./classify.ts";
import type { CommitRecord } from "./record.ts";

/**
 * How a commit compares with what was signed (docs/record.md):
 *
 *     same      author, message and diff are what was signed
 *     trailers  the same, except that trailers were added to the message
 *     amended   author, message or diff differ from what was signed: `amended` says which
 *     moved     the note is about another commit: nothing that was signed is in this one
 *     forged    the note's signature does not verify, or the note cannot be read
 *     unsigned  the note is about a patch that was not signed: it proves nothing
 *     none      the commit has no note
 */
export type CommitStatus =
  | "same"
  | "trailers"
  | "amended"
  | "moved"
  | "forged"
  | "unsigned"
  | "none";

/** One line of `check-commit --json` and `log --json` (docs/schema/record.md). */
export interface CommitResult {
  readonly type: "commit";
  readonly commit: string;
  /** First line of the message. */
  readonly subject: string;
  /** `Name <address>`. */
  readonly author: string;
  readonly status: CommitStatus;
  readonly amended: readonly AmendedPart[];
  /** What explains status and verdict further; "" if nothing does. */
  readonly why: string;
  /** Trailers in the message that were not signed. */
  readonly added: readonly string[];
  /** Those among `added` that a signed review in the note proves. */
  readonly reviewed: readonly ReviewedTrailer[];
  /** The commit that the note was written on, if that was another one: git carried the note over. Else null. */
  readonly carriedFrom: string | null;
  /** The identity that signed; null without a good signature. So are the next three. */
  readonly signer: string | null;
  readonly publicKey: PublicKeyText | null;
  readonly series: {
    readonly id: string | null;
    readonly version: number;
    readonly index: number;
    readonly total: number;
  } | null;
  readonly base: string | null;
  /** The key's state now, in the key database here; null without a good signature. */
  readonly trust: KeyTrust | null;
  /** What is known of tests on the commit's tree; null if nothing is. The verdict does not depend on it. */
  readonly tests: TreeTests | null;
  /** What the applier wrote into the note; null without a record. */
  readonly record: RecordedFacts | null;
  readonly verdict: Verdict;
}

/** A trailer that a signed review proves (docs/spec/review.md). The signature counts, whoever wrote the note. */
export interface ReviewedTrailer {
  readonly line: string;
  readonly proof: ReviewProof;
  readonly by: string;
  readonly publicKey: PublicKeyText;
  /** The key's state now; `unknown`: it was never seen here. */
  readonly trust: KeyTrust;
}

/** A record without its proof. */
type RecordedFacts = Omit<CommitRecord, "signed" | "results">;

/** The last record of `check-commit --json`. */
export interface CommitSummary {
  readonly type: "commits";
  readonly commits: number;
  readonly pass: number;
  readonly warn: number;
  readonly fail: number;
  /** How many commits have each status. */
  readonly statuses: Readonly<Record<CommitStatus, number>>;
}

/** True if author, message and diff are what was signed, except for added trailers. */
export function isSame(status: CommitStatus): boolean {
  return status === "same" || status === "trailers";
}
