/** The result for a commit: what `check-commit` and `log` print. They are also the JSON records. */

import type { PublicKeyText, Verdict } from "../types.ts";
import type { ReviewProof } from "../review/proof.ts";
import type { TreeTests } from "../result/about.ts";
import type { KeyTrust } from "../verify/result.ts";
import type { AmendedPart } from "./classify.ts";
import type { CommitRecord } from "./record.ts";

/**
 * What a commit is, compared with what was signed (docs/record.md):
 *
 *     same      author, message and diff are what was signed
 *     trailers  the same, but for trailers that were added to the message
 *     amended   author, message or diff are not: `amended` says which
 *     moved     the note is that of another commit: nothing of what was signed is here
 *     forged    the note's signature does not verify, or the note cannot be read
 *     unsigned  a note on a patch that was not signed: it proves nothing
 *     none      no note
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
  /** Why, if the status does not say it all; else "". */
  readonly why: string;
  /** Trailers in the message that were not signed. */
  readonly added: readonly string[];
  /** Those of them that the note's signed reviews prove. */
  readonly reviewed: readonly ReviewedTrailer[];
  /** The commit that the note was written on, if it is another one: git carried the note over. */
  readonly carriedFrom: string | null;
  /** Proven by the signature; null without a good one. */
  readonly signer: string | null;
  readonly publicKey: PublicKeyText | null;
  readonly series: {
    readonly id: string | null;
    readonly version: number;
    readonly index: number;
    readonly total: number;
  } | null;
  readonly base: string | null;
  /** The key's state now, in the database here; null without a good signature. */
  readonly trust: KeyTrust | null;
  /** What is known of tests on its tree; null if nothing is. None of it changes the verdict. */
  readonly tests: TreeTests | null;
  /** What the applier said; null without a note. */
  readonly record: RecordedFacts | null;
  readonly verdict: Verdict;
}

/** A trailer that a signed review proves of this patch (docs/spec/review.md), whoever wrote the note. */
export interface ReviewedTrailer {
  readonly line: string;
  readonly proof: ReviewProof;
  readonly by: string;
  readonly publicKey: PublicKeyText;
  /** The key's state now; `unknown`: nobody has met it here. */
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
  /** How many have each status. */
  readonly statuses: Readonly<Record<CommitStatus, number>>;
}

export function isSame(status: CommitStatus): boolean {
  return status === "same" || status === "trailers";
}
