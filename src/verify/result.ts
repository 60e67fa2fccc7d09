/** The results of verification, for a mail, a series and a run. They are also the JSON records. */

import type { ErrorCode } from "../errors.ts";
import type { Attestation } from "../patch/attestation.ts";
import type { DevSighting } from "../devsig/verify.ts";
import type { DkimClaims } from "../dkim/claim.ts";
import type { BaseLines } from "../base/lines.ts";
import type { Base, BaseCheck } from "../base/result.ts";
import type { MembershipReason } from "../series/item.ts";
import type { TrustedComment } from "../patch/trusted-comment.ts";
import type { KeyState } from "../trust/record.ts";
import type { ReviewDigests } from "../review/text.ts";
import type { LeftOutReason, TrailerProof } from "../trailers/assign.ts";
import type { TrailerMatch } from "../trailers/giver.ts";
import type { ReplyMail } from "../trailers/reply.ts";
import type { StatementReading } from "../trust/statement.ts";
import type { Diff, MailView, PublicKeyText, Verdict } from "../types.ts";
import type { Finding } from "../findings.ts";

type SignatureState = "good" | "bad" | "none" | "malformed";
export type KeyTrust =
  | "pinned"
  | "endorsed"
  | "known"
  | "first-use"
  | "changed"
  | "replaced"
  | "revoked"
  | "result-only"
  | "unknown";
export type SignedPart = "message" | "diff" | "author" | "subject" | "base" | "series";

interface Person {
  readonly name: string;
  readonly email: string;
}

/** What the key's holder signed; only set after the global signature was verified. */
interface SignedComment {
  readonly publicKey: PublicKeyText;
  readonly comment: TrustedComment;
}

/** A patch to which trailers can be added. */
interface Reviewable {
  readonly digests: ReviewDigests;
  /** Keys of the trailers in its message (`trailerKey`). */
  readonly trailers: readonly string[];
}

/** Everything about one mail that does not depend on trust. */
export interface Checked {
  /** `other` is a mail without a patch: not reported. */
  readonly kind: "patch" | "cover" | "other";
  /** Null if the mail or its diff was refused. */
  readonly view: MailView | null;
  readonly diff: Diff | null;
  readonly attestation: Attestation | null;
  /** The author as git would commit it, or as the signature proved it to be. */
  readonly author: Person | null;
  /** Normalised addresses that count as the sender in "author or sender". */
  readonly senders: readonly string[];
  readonly signature: SignatureState;
  readonly signed: SignedComment | null;
  readonly changed: readonly SignedPart[];
  /** The message as it was signed, if only trailers were added. */
  readonly signedMessage: Buffer | null;
  /** The trailers that were added to it; nobody knows by whom. */
  readonly addedLines: readonly string[];
  readonly number: { readonly version: number; readonly index: number; readonly total: number };
  readonly base: Base;
  /** What the mail's own lines say about base and prerequisites; `base` has the signed one. */
  readonly baseLines: BaseLines;
  readonly messageId: string;
  /** Message-IDs of References and In-Reply-To, the nearest last. */
  readonly references: readonly string[];
  /** A reply by its subject, not signed as a patch: its diff is a comment, not for `am`. */
  readonly isAnswer: boolean;
  /** What else the brackets say: see `SubjectNumber`. */
  readonly label: {
    readonly hasVersion: boolean;
    readonly minor: string;
    readonly prefix: string;
  };
  readonly listIds: readonly string[];
  readonly subject: string;
  /** Statements about keys that the mail carries. */
  readonly statements: readonly StatementReading[];
  /** What DKIM signatures claim, of an unsigned patch or cover letter; null if nobody asked. */
  readonly dkim: DkimClaims | null;
  /** The keys of its good X-Developer-Signatures. */
  readonly devsigs: readonly DevSighting[];
  /** What it says of other patches; null if it says nothing, or nobody asked. */
  readonly reply: ReplyMail | null;
  /** By what replies know it; null if it is no patch that can be applied, or nobody asked. */
  readonly reviewable: Reviewable | null;
  readonly findings: readonly Finding[];
}

/** Who vouches for the sender of an unsigned mail (docs/dkim.md). */
export interface VouchedFacts {
  readonly domain: string;
  /** The server whose word it is; null if the signature was verified here. */
  readonly saidBy: string | null;
  /** `but-space`: white space in message and diff may not be what was sent. */
  readonly covers: "all" | "but-space";
  /** Since when (seconds), and on how many patches, the domain has vouched for the address. */
  readonly since: number | null;
  readonly patches: number;
}

/** What was remembered about the signing key when the mail was judged. Times are seconds. */
export interface KeyFacts {
  readonly state: KeyState;
  readonly firstSeen: number;
  /** When it was replaced or revoked; null if it is in use or the time is unknown. */
  readonly ended: number | null;
  readonly patches: number;
}

interface SeriesRef {
  /** 32 hex digits, or null if the patches were not signed as one. */
  readonly id: string | null;
  readonly version: number;
  readonly index: number;
  readonly total: number;
}

/** One line of `verify --json` (docs/schema/verify.md). */
export interface PatchResult {
  readonly type: "patch";
  /** Where the mail was found: `FILE`, `FILE:OFFSET` in bytes, `-`, `REPOSITORY:COMMIT`, an IMAP URL. */
  readonly source: string;
  readonly messageId: string;
  /** Without brackets, as git commits it. */
  readonly subject: string;
  readonly author: Person | null;
  readonly signer: string | null;
  readonly publicKey: PublicKeyText | null;
  readonly signature: SignatureState;
  readonly trust: KeyTrust | null;
  readonly key: KeyFacts | null;
  /** Null for a signed mail, and if nobody vouches for it. */
  readonly vouched: VouchedFacts | null;
  readonly changed: readonly SignedPart[];
  readonly base: Base;
  readonly series: SeriesRef | null;
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
}

/** A mail without a patch that carries statements about keys, carries a mail with a patch, or is refused. */
export interface StatementMail {
  readonly type: "note";
  readonly source: string;
  readonly messageId: string;
  readonly subject: string;
  /** False if the mail was refused. */
  readonly read: boolean;
  readonly findings: readonly Finding[];
}

/** Ascending; three and more in a row as their first and last. */
export type Numbers = readonly (number | readonly [number, number])[];

/** What holds for a series, whoever is trusted. */
export interface SeriesOutline {
  readonly id: string | null;
  readonly subject: string;
  readonly signer: string | null;
  readonly version: number;
  readonly total: number;
  /** All of 1 to total are there. */
  readonly complete: boolean;
  /** Numbers that are not there. */
  readonly missing: Numbers;
  /** The patches of another version, or of this one as `v5.1` of v5, that these are sent to replace. */
  readonly replaces: { readonly version: number; readonly numbers: readonly number[] } | null;
  /** Complete, each one good, and the digest over all of them is the signed one. */
  readonly sealed: boolean;
  readonly base: Base;
  /** All mails of it, copies too, in the order of their numbers, and why they are in it. */
  readonly members: readonly SeriesMember[];
  readonly findings: readonly Finding[];
}

interface SeriesMember {
  readonly source: string;
  readonly messageId: string;
  readonly index: number;
  /** docs/series.md, "Where it belongs". */
  readonly reason: MembershipReason;
  /** The Message-ID through which it came to the series, or "". */
  readonly through: string;
}

/** Trailers in the replies to a series. Nothing of it changes a verdict. */
export interface RepliesResult {
  readonly trailers: readonly ReplyTrailer[];
  readonly leftOut: readonly UngivenTrailer[];
  readonly reviews: readonly ReviewResult[];
}

/** A signed review in a reply (docs/spec/review.md), or what looks like one. */
export interface ReviewResult {
  /** Who signed it, by which key; null if that is not known. */
  readonly by: string | null;
  readonly publicKey: PublicKeyText | null;
  readonly trust: KeyTrust | null;
  /** Its lines for the commit message. */
  readonly trailers: readonly string[];
  readonly messageId: string;
  readonly source: string;
  /** None fails. */
  readonly findings: readonly Finding[];
}

interface ReplyTrailer {
  /** The line for the commit message. */
  readonly trailer: string;
  /** Numbers of the patches that it is for. */
  readonly patches: readonly number[];
  readonly from: Person;
  /** What of that the trailer has. */
  readonly match: TrailerMatch;
  readonly messageId: string;
  readonly source: string;
  readonly proof: TrailerProof;
  /** Of the signed review; null for other proofs. */
  readonly publicKey: PublicKeyText | null;
  /** The domain that vouches; null for other proofs. */
  readonly vouchedBy: string | null;
  /** It was given to this version, of an unchanged patch; null: to this one. */
  readonly version: string | null;
}

interface UngivenTrailer extends Pick<ReplyTrailer, "trailer" | "from" | "messageId" | "source"> {
  readonly why: LeftOutReason;
}

/** A series as a whole (docs/schema/verify.md). */
export interface SeriesResult extends SeriesOutline {
  readonly type: "series";
  /** Only if a repository was asked. */
  readonly baseCheck?: BaseCheck;
  /** Only if replies have trailers. */
  readonly replies?: RepliesResult;
  readonly verdict: Verdict;
}

/** The summary of a run (docs/schema/verify.md). */
export interface SummaryResult {
  readonly type: "summary";
  readonly messages: number;
  readonly patches: number;
  readonly pass: number;
  readonly warn: number;
  readonly fail: number;
  /** Of these, patches that are only unsigned: nothing else warns or fails. */
  readonly unsigned: number;
  /** Parts of the sources that could not be read. */
  readonly unread: number;
  /** Refused mails without signs of a patch. */
  readonly passedOver: number;
}

/** What could not be read. */
export interface UnreadResult {
  readonly type: "unread";
  readonly source: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** The worst one decides. */
export function worstOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("fail")) return "fail";
  return verdicts.includes("warn") ? "warn" : "pass";
}

/** The worst severity decides. */
export function verdictOf(findings: readonly Finding[]): Verdict {
  if (findings.some((f) => f.severity === "fail")) return "fail";
  return findings.some((f) => f.severity === "warn") ? "warn" : "pass";
}

const UNSIGNED: ReadonlySet<string> = new Set(["unsigned", "answer"]);

/**
 * Not signed, by somebody who was never seen signing, perhaps a reply with a diff; and nothing else of it warns
 * or fails.
 */
export function isOnlyUnsigned({ signature, findings }: PatchResult): boolean {
  return (
    signature === "none" &&
    findings.some(({ code }) => UNSIGNED.has(code)) &&
    findings.every(({ code, severity }) => UNSIGNED.has(code) || severity === "info")
  );
}

/** The series with what a repository says about its base. */
export function addBaseCheck(
  result: SeriesResult,
  baseCheck: BaseCheck,
  more: readonly Finding[],
): SeriesResult {
  const verdict = worstOf([result.verdict, verdictOf(more)]);
  return { ...result, findings: [...result.findings, ...more], verdict, baseCheck };
}
