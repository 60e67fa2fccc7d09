/** Compares a commit with the record in its note: what that record's signature proves of the commit. */

import type { Verifier } from "../minisign/ed25519.ts";
import { EMPTY } from "../primitives/bytes.ts";
import { sha256 } from "../patch/attestation.ts";
import { readBlock } from "../patch/block.ts";
import { canonicalMessage, canonicalSubject } from "../patch/message.ts";
import type { TrustedComment } from "../patch/trusted-comment.ts";
import type { PublicKeyText } from "../types.ts";
import { withoutTrailers } from "../verify/added-trailers.ts";
import { verifyBlock } from "../verify/signature.ts";
import type { CommitFacts } from "./commit.ts";
import type { CommitRecord } from "./record.ts";

/** What the signature in a record proves, whichever commit carries the note. */
export interface ProvenPatch {
  readonly publicKey: PublicKeyText;
  readonly comment: TrustedComment;
  /** `Name <address>`. */
  readonly author: string;
  /** Canonical: without white space (docs/spec/patch-signature.md). */
  readonly subject: string;
  /** SHA-256 of the canonical message, hex. */
  readonly message: string;
  /** The canonical diff, checked against the signed digest; null if the note does not hold it. */
  readonly diff: Buffer | null;
}

const TEXT =
  /^patchsig-v1\nauthor: ([^\n]*)\nsubject: ([^\n]*)\nmessage: ([0-9a-f]{64})\ndiff: ([0-9a-f]{64})\n$/;

/**
 * Verifies the signature of a record.
 *
 * @returns null for a record without a signature; `false` if the signature does not verify, or the diff in
 *   the record is not the signed one
 */
export function provenBy({ signed }: CommitRecord, verifier: Verifier): ProvenPatch | null | false {
  if (signed === null) return null;
  const [, author, subject, message, digest] = TEXT.exec(signed.text.toString("utf8")) ?? [];
  const block = readBlock(signed.minisig, 0);
  if (message === undefined || !block.ok) return false;
  const verified = verifyBlock(block.value, verifier);
  if (verified === null || !verified.signs(signed.text)) return false;
  if (signed.signer !== verified.comment.by) return false;
  if (signed.diff !== null && sha256(signed.diff) !== digest) return false;
  const { publicKey, comment } = verified;
  return { publicKey, comment, author: author!, subject: subject!, message, diff: signed.diff };
}

/** A part of the commit that differs from what was signed. */
export type AmendedPart = "author" | "message" | "diff";

/** How a commit differs from a signed patch. */
export interface Comparison {
  readonly amended: readonly AmendedPart[];
  /** Trailers that the commit's message has and the signed one has not; [] if the message differs otherwise. */
  readonly added: readonly string[];
}

/**
 * Compares a commit with a signed patch.
 *
 * @param isDiff whether the signed diff, applied to the commit's parent, gives the commit's tree; null if
 *   that is not known
 */
export function compare(
  commit: CommitFacts,
  patch: ProvenPatch,
  isDiff: boolean | null,
): Comparison {
  const message = comparedMessage(commit, patch);
  const amended: AmendedPart[] = [];
  if (plainAuthor(commit.author) !== plainAuthor(patch.author)) amended.push("author");
  if (message === null) amended.push("message");
  if (isDiff !== true) amended.push("diff");
  return { amended, added: message ?? [] };
}

/** The trailers that were added to the signed message; null if the commit has another message. */
function comparedMessage(
  { message, isUtf8 }: CommitFacts,
  patch: ProvenPatch,
): readonly string[] | null {
  if (!isUtf8) return null;
  const { subject, body } = parted(message, patch.subject !== "");
  if (canonicalSubject(subject).toString("utf8") !== patch.subject) return null;
  const isSigned = (digest: string): boolean => digest === patch.message;
  const whole = canonicalMessage(body);
  if (isSigned(sha256(whole))) return [];
  const { rest, picked } = withoutPicked(whole);
  if (picked.length > 0 && isSigned(sha256(rest))) return picked;
  const found = withoutTrailers(rest, isSigned);
  return found === null ? null : [...found.added, ...picked];
}

const PICKED = /^\(cherry picked from commit [0-9a-f]{40,64}\)\n/gm;

/** Takes out the lines that `git cherry-pick -x` adds, as in stable branches. */
function withoutPicked(message: Buffer): { readonly rest: Buffer; readonly picked: string[] } {
  const text = message.toString("latin1");
  const picked = [...text.matchAll(PICKED)].map(([line]) => line.trimEnd());
  if (picked.length === 0) return { rest: message, picked };
  return { rest: canonicalMessage(Buffer.from(text.replace(PICKED, ""), "latin1")), picked };
}

/** A commit message's first paragraph, and all below it. */
function parted(
  message: Buffer,
  hasSubject: boolean,
): { readonly subject: Buffer; readonly body: Buffer } {
  if (!hasSubject) return { subject: EMPTY, body: message };
  const end = message.indexOf("\n\n", "latin1");
  return end < 0
    ? { subject: message, body: EMPTY }
    : { subject: message.subarray(0, end), body: message.subarray(end + 2) };
}

/** git strips these characters from both ends of a name when it writes a commit. */
function plainAuthor(person: string): string {
  const at = person.lastIndexOf(" <");
  const name = person.slice(0, at).replace(/^[\0-\x20.,:;<>"\\']+|[\0-\x20.,:;<>"\\']+$/g, "");
  return `${name}${person.slice(at)}`;
}

/**
 * True if the commit has nothing of the signed patch, so that the note belongs to another commit: message and
 * diff differ, and the diffs have no changed line in common.
 *
 * @param diff what the commit changed, as git shows it; null if that is not known
 */
export function isOfAnother(
  amended: readonly AmendedPart[],
  patch: ProvenPatch,
  diff: Buffer | null,
): boolean {
  if (!amended.includes("message") || !amended.includes("diff")) return false;
  if (patch.diff === null || diff === null) return false;
  const signed = new Set(changedLines(patch.diff));
  return !changedLines(diff).some((line) => signed.has(line));
}

/** Added and removed lines that have text: a brace or an empty line proves nothing. */
function changedLines(diff: Buffer): string[] {
  return linesOf(diff).filter((line) => /^[-+](?!-- |\+\+ ).*\w/.test(line));
}

/** True if the diffs add and remove the same lines in the same files, at whatever line numbers. */
export function hasSameLines(a: Buffer, b: Buffer): boolean {
  const text = (diff: Buffer): string =>
    linesOf(diff)
      .filter((line) => /^(?:[-+]|diff --git |new file|deleted file|old mode|new mode)/.test(line))
      .join("\n");
  return text(a) === text(b);
}

function linesOf(diff: Buffer): string[] {
  return diff.toString("latin1").split("\n");
}
