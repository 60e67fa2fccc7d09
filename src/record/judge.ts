/** Judges a commit by the records in its note. */

import type { Verifier } from "../minisign/ed25519.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import type { Decision } from "../trust/decide.ts";
import type { Verdict } from "../types.ts";
import { signedTextsIn, type TextReading } from "../patch/signed-text.ts";
import type { TreeTests } from "../result/about.ts";
import { RESULT_TEXT, type SignedResult, type TestResult } from "../result/text.ts";
import { proofFor } from "../review/proof.ts";
import { reviewsIn, type SignedReview } from "../review/review.ts";
import { reviewDigests } from "../review/text.ts";
import { asksForSignature, type Policy } from "../verify/policy.ts";
import { isKeyWithin } from "../verify/signer.ts";
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
 * @param note null if the commit has none
 * @returns the result by the record that fits the commit best
 */
export function judgeCommit(
  commit: CommitFacts,
  note: ProvenNote | null,
  change: CommitChange,
  context: CommitContext,
): CommitResult {
  const { one, status, amended, added, why } = bestOf(commit, note, change);
  const patch = one?.patch || null;
  const key = patch === null ? null : context.keyOf(patch.comment.by, patch.publicKey);
  const [verdict, reason] = verdictOn(commit, status, key, context);
  const unread = one !== null && note!.problem !== null ? `in the note: ${note!.problem}` : "";
  const { kept, flaw } = keptResults(note);
  return {
    type: "commit",
    commit: commit.name,
    subject: subjectOf(commit),
    author: commit.author,
    status,
    amended,
    why: [why, reason, unread, flaw].filter((text) => text !== "").join("; "),
    added,
    reviewed: isSame(status) && one !== null ? reviewedIn(one, added, context) : [],
    carriedFrom: one === null || one.record.commit === commit.name ? null : one.record.commit,
    ...signedFacts(patch),
    trust: key === null ? null : isUnknown(key) ? "unknown" : key.trust,
    tests: context.testsOn(commit.tree, kept),
    record: one === null ? null : factsOf(one.record),
    verdict,
  };
}

/** The good test results in all records; `flaw` says that there are bad ones, else "". */
function keptResults(note: ProvenNote | null): { kept: readonly SignedResult[]; flaw: string } {
  const results = note?.records.flatMap((record) => record.results) ?? [];
  const kept = results.flatMap((result) => (result.ok ? [result.signed] : []));
  const isBad = results.length > kept.length;
  return { kept, flaw: isBad ? "in the note: a test result that is not good" : "" };
}

/** The added trailers that a signed review in the record proves for the record's patch. */
function reviewedIn(
  { record, reviews }: ProvenRecord,
  added: readonly string[],
  { keyOf }: CommitContext,
): ReviewedTrailer[] {
  if (reviews.length === 0) return [];
  const digests = reviewDigests(record.signed!.text);
  return added.flatMap((line) => {
    const [, name = "", value = ""] = /^([\w-]+): (.*)$/.exec(line) ?? [];
    const proofs = reviews.flatMap(({ by, publicKey, trailers, patches }) => {
      const proof = proofFor({ trailers, patches }, { name, value }, digests);
      if (proof === null) return [];
      const key = keyOf(by, publicKey);
      const trust = isUnknown(key) ? ("unknown" as const) : key.trust;
      return [{ line, proof, by, publicKey, trust }];
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

function signedFacts(
  patch: ProvenPatch | null,
): Pick<CommitResult, "signer" | "publicKey" | "series" | "base"> {
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

type Verdicted = readonly [Verdict, string];

function verdictOn(
  commit: CommitFacts,
  status: CommitStatus,
  key: ReturnType<CommitContext["keyOf"]> | null,
  { policy, signs }: CommitContext,
): Verdicted {
  if (status === "unsigned" || status === "none") return unsignedVerdict(commit, policy, signs);
  if (!isSame(status) || key === null) return ["fail", ""];
  // its holder has taken another key since: that casts no doubt on what the old one signed
  if (key.trust === "replaced") return ["pass", "the key was replaced since"];
  if (key.trust === "revoked") return ["fail", "the key was revoked since"];
  if (key.trust === "result-only") return ["fail", "the key may sign test results, never patches"];
  if (key.trust === "changed") return ["fail", "it is not the key that is known here"];
  if (!isKeyWithin(key, policy)) return ["fail", `the policy wants a ${policy.require} key`];
  return isUnknown(key) ? ["warn", "nobody has met the key here"] : ["pass", ""];
}

function unsignedVerdict(
  { author }: CommitFacts,
  policy: Policy,
  signs: CommitContext["signs"],
): Verdicted {
  if (policy.require !== "opt-in")
    return [
      "fail",
      asksForSignature(policy) ? "the policy wants a signature" : "nothing proves who vouched",
    ];
  const identity = normaliseIdentity(author.slice(author.lastIndexOf("<") + 1, -1));
  if (identity === null || !signs(identity)) return ["warn", ""];
  return [policy.unsignedKnown, `${identity} signs, so a signature was expected`];
}

function isUnknown({ trust, record }: Pick<Decision, "trust" | "record">): boolean {
  return trust === "first-use" && record === null;
}

function subjectOf({ message }: CommitFacts): string {
  const end = message.indexOf("\n");
  return message.toString("utf8", 0, end < 0 ? message.length : end);
}

function factsOf(record: CommitRecord): CommitResult["record"] {
  const { signed: _, results: __, ...facts } = record;
  return facts;
}
