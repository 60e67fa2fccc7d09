/**
 * What a verdict needs of a commit and its note. It is small, and does not depend on keys, so any thread can find
 * it.
 */

import type { Verifier } from "../minisign/ed25519.ts";
import { signedTextsIn, type TextReading } from "../patch/signed-text.ts";
import { RESULT_TEXT, type SignedResult, type TestResult } from "../result/text.ts";
import { proofFor } from "../review/proof.ts";
import { reviewsIn, type SignedReview } from "../review/review.ts";
import { reviewDigests } from "../review/text.ts";
import {
  type Comparison,
  compare,
  hasSameLines,
  isOfAnother,
  type ProvenPatch,
  provenBy,
} from "./classify.ts";
import type { CommitFacts } from "./commit.ts";
import type { NoteReading } from "./parse.ts";
import { type CommitRecord, MAX_RECORDED_RESULTS, MAX_RECORDED_REVIEWS } from "./record.ts";
import { type CommitResult, type CommitStatus, isSame, type ReviewedTrailer } from "./result.ts";

/** A record, and what its signature proves. */
interface ProvenRecord {
  readonly record: CommitRecord;
  /** As `provenBy` returns it. */
  readonly patch: ProvenPatch | null | false;
  /** The reviews in it with good signatures. */
  readonly reviews: readonly SignedReview[];
  /** All test results in it, with good signatures and bad ones. */
  readonly results: readonly TextReading<TestResult>[];
}

/** All records of a note. */
export interface ProvenNote {
  readonly records: readonly ProvenRecord[];
  /** As of `NoteReading`. */
  readonly problem: string | null;
}

/** Verifies the signatures of all records of a note. */
export function proveNote(reading: NoteReading, verifier: Verifier): ProvenNote {
  const records = reading.records.map((record) => {
    const patch = provenBy(record, verifier);
    const reviews = patch ? reviewsOf(record, verifier) : [];
    return { record, patch, reviews, results: resultsOf(record, verifier) };
  });
  return { records, problem: reading.problem };
}

function reviewsOf({ signed }: CommitRecord, verifier: Verifier): SignedReview[] {
  if (signed === null || signed.reviews === null) return [];
  const readings = reviewsIn(signed.reviews, verifier, false, MAX_RECORDED_REVIEWS);
  return readings.flatMap((one) => (one.ok ? [one.review] : []));
}

/** An unsigned patch may have test results too: they are about the commit's tree. */
function resultsOf({ results }: CommitRecord, verifier: Verifier): TextReading<TestResult>[] {
  if (results === null) return [];
  return signedTextsIn(RESULT_TEXT, results, verifier, false, MAX_RECORDED_RESULTS);
}

/** What the commit changed. */
export interface CommitChange {
  /** The diff as git shows it; null if it is not known, or was not needed. */
  readonly diff: Buffer | null;
  /** Whether a record's signed diff, applied to the parent's tree, gives the commit's; null if not known. */
  readonly matches: (patch: ProvenPatch) => boolean | null;
}

type SignedFacts = Pick<CommitResult, "signer" | "publicKey" | "series" | "base">;

type ComparedFacts = Pick<
  CommitResult,
  "commit" | "subject" | "author" | "status" | "amended" | "added" | "carriedFrom" | "record"
>;

/** How a commit compares with what was signed, before it is asked what the signer's key is worth. */
export interface CommitEvidence extends ComparedFacts, SignedFacts {
  readonly tree: string;
  /** As in `CommitResult`, before the key is judged. */
  readonly why: string;
  /** The added trailers that a signed review in the record proves for the record's patch. */
  readonly reviewed: readonly Omit<ReviewedTrailer, "trust">[];
  /** The good test results in all records. */
  readonly results: readonly SignedResult[];
  /** What else is wrong with the note, in a few words each. */
  readonly flaws: readonly string[];
}

interface RecordStatus extends Comparison {
  readonly status: CommitStatus;
  readonly why: string;
}

/** The best first: a note may hold several records, and one proof is enough. */
const ORDER: readonly CommitStatus[] = [
  "same",
  "trailers",
  "amended",
  "forged",
  "moved",
  "unsigned",
  "none",
];

/**
 * Compares a commit with the record in its note that fits it best.
 *
 * @param note null if the commit has none
 */
export function commitEvidence(
  commit: CommitFacts,
  note: ProvenNote | null,
  change: CommitChange,
): CommitEvidence {
  const { one, status, amended, added, why } = bestOf(commit, note, change);
  const results = note?.records.flatMap((record) => record.results) ?? [];
  const good = results.flatMap((result) => (result.ok ? [result.signed] : []));
  const isUnread = one !== null && note!.problem !== null;
  return {
    commit: commit.name,
    tree: commit.tree,
    subject: commit.subject,
    author: commit.author,
    status,
    amended,
    why,
    added,
    reviewed: isSame(status) && one !== null ? reviewedIn(one, added) : [],
    carriedFrom: one === null || one.record.commit === commit.name ? null : one.record.commit,
    ...signedFacts(one?.patch || null),
    results: good,
    flaws: [
      ...(isUnread ? [`in the note: ${note!.problem}`] : []),
      ...(results.length > good.length ? ["in the note: a test result that is not good"] : []),
    ],
    record: one === null ? null : factsOf(one.record),
  };
}

function reviewedIn(
  { record, reviews }: ProvenRecord,
  added: readonly string[],
): Omit<ReviewedTrailer, "trust">[] {
  if (reviews.length === 0) return [];
  const digests = reviewDigests(record.signed!.text);
  return added.flatMap((line) => {
    const [, name = "", value = ""] = /^([\w-]+): (.*)$/.exec(line) ?? [];
    const proofs = reviews.flatMap(({ by, publicKey, trailers, patches }) => {
      const proof = proofFor({ trailers, patches }, { name, value }, digests);
      return proof === null ? [] : [{ line, proof, by, publicKey }];
    });
    return proofs.find(({ proof }) => proof === "proven") ?? proofs[0] ?? [];
  });
}

/** The record that fits the commit best. */
function bestOf(
  commit: CommitFacts,
  note: ProvenNote | null,
  change: CommitChange,
): RecordStatus & { readonly one: ProvenRecord | null } {
  const [best] = (note?.records ?? [])
    .map((one) => ({ one, ...statusOf(commit, one, change) }))
    .sort((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status));
  if (best !== undefined) return best;
  if (note === null) return { one: null, ...NO_NOTE };
  return { one: null, ...NO_NOTE, status: "forged", why: note.problem ?? "" };
}

function signedFacts(patch: ProvenPatch | null): SignedFacts {
  if (patch === null) return { signer: null, publicKey: null, series: null, base: null };
  const { by, series: id, version, index, total, base } = patch.comment;
  return { signer: by, publicKey: patch.publicKey, series: { id, version, index, total }, base };
}

const NO_NOTE: RecordStatus = { status: "none", amended: [], added: [], why: "" };

function statusOf(
  commit: CommitFacts,
  { patch }: ProvenRecord,
  change: CommitChange,
): RecordStatus {
  if (patch === null) return { ...NO_NOTE, status: "unsigned" };
  if (patch === false)
    return { ...NO_NOTE, status: "forged", why: "the signature in the note does not verify" };
  const isDiff = change.matches(patch);
  const comparison = compare(commit, patch, isDiff);
  const { amended, added } = comparison;
  if (amended.length === 0)
    return { ...comparison, status: added.length === 0 ? "same" : "trailers", why: "" };
  if (isOfAnother(amended, patch, change.diff)) return { ...NO_NOTE, status: "moved" };
  return { ...comparison, status: "amended", why: whyAmended(isDiff, patch, change.diff) };
}

function whyAmended(isDiff: boolean | null, patch: ProvenPatch, diff: Buffer | null): string {
  if (isDiff === true) return "";
  if (isDiff === null || diff === null || patch.diff === null) return "the diff is not known here";
  return hasSameLines(patch.diff, diff) ? "the same lines change, between others" : "";
}

function factsOf(record: CommitRecord): CommitResult["record"] {
  const { signed: _, results: __, ...facts } = record;
  return facts;
}
