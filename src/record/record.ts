/**
 * A record: what `am` writes into a git note on each commit that it makes (docs/record.md).
 *
 *     patchsig-record-v1
 *     commit: …
 *     …                              what the applier says: not signed
 *
 *     patchsig-v1
 *     …                              what was signed
 *     untrusted comment: patchsig RW…
 *     …                              the signature
 *
 *     diff --git …                   the canonical diff: `diff-bytes` bytes
 *
 *     patchsig-review-v1             signed reviews that prove trailers: `review-bytes` bytes
 *     …
 *
 *     patchsig-result-v1             signed test results of the commit's tree: `result-bytes` bytes
 *     …
 */

import { NEWLINE } from "../primitives/bytes.ts";
import { instant } from "../primitives/time.ts";
import type { Decision } from "../trust/decide.ts";
import type { PublicKeyText, Verdict } from "../types.ts";

export const MAGIC = "patchsig-record-v1";

/** Only `signed` and `results` can be verified; all else is the applier's word. */
export interface CommitRecord {
  /** Full name of the commit that `am` made. A rebase may have carried the note over to another one. */
  readonly commit: string;
  readonly verdict: Verdict;
  /** The key's state in the applier's key database when the patch was applied; null if the patch was not signed. */
  readonly trust: Decision["trust"] | null;
  /** When the key was first seen (seconds since the epoch), and good patches by it before; null if the key was new. */
  readonly key: { readonly firstSeen: number; readonly patches: number } | null;
  /** The domain that vouched for an unsigned mail (docs/dkim.md); null if none did. */
  readonly vouched: string | null;
  /** With angle brackets; "" if the mail had none. */
  readonly messageId: string;
  /** `Name <address>`. */
  readonly appliedBy: string;
  /** Seconds since the epoch, by the applier's clock. */
  readonly appliedAt: number;
  readonly findings: readonly RecordedFinding[];
  /** The trailers that `am` added to the message. */
  readonly trailers: readonly RecordedTrailer[];
  /** Null if the patch was not signed. */
  readonly signed: RecordedSignature | null;
  /** Signed test results of the commit's tree, as they stood in mails (docs/spec/result.md); null if there are none. */
  readonly results: Buffer | null;
}

interface RecordedFinding {
  readonly severity: "info" | "warn" | "fail";
  readonly code: string;
  /** One line. */
  readonly message: string;
}

interface RecordedTrailer {
  /** As in the message, without its LF. */
  readonly line: string;
  /** Of the mail that it was taken from; "" if it has none. */
  readonly messageId: string;
  /** What proves it (docs/trailers.md). */
  readonly proof: "proven" | "diff" | "vouched" | "none";
  /** The key that signed the review; null if no signed review proves it. */
  readonly publicKey: PublicKeyText | null;
}

/** A patch's signature and what was signed, as they stand in the note: not verified yet. */
export interface RecordedSignature {
  /** The identity in the trusted comment. */
  readonly signer: string;
  /** The attestation. */
  readonly text: Buffer;
  /** The signature block's four lines. */
  readonly minisig: Buffer;
  /** The canonical diff; null if it is too long for a note. */
  readonly diff: Buffer | null;
  /** Signed reviews that prove trailers, as they stood in mails (docs/spec/review.md); null if there are none. */
  readonly reviews: Buffer | null;
}

/** Most bytes of a diff in a note. */
export const MAX_DIFF = 8 << 20;
/** Most bytes and most reviews in a note. */
export const MAX_REVIEWS_BYTES = 1 << 20;
export const MAX_RECORDED_REVIEWS = 64;
/** Most bytes and most test results in a note. */
export const MAX_RESULTS_BYTES = 256 << 10;
export const MAX_RECORDED_RESULTS = 20;
/** Most `finding:` lines, and most `trailer:` lines. */
export const MAX_LINES = 200;
/** Most characters of a value. */
export const MAX_VALUE = 1000;

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]+/gu;

/** A mail's text as a value: one line of bounded length, `-` if there is nothing to show. */
function value(text: string): string {
  const shown = text.slice(0, MAX_VALUE).replace(UNSEEN, " ").trim();
  return shown === "" ? "-" : shown;
}

/** A value without blanks. */
function word(text: string): string {
  return value(text).replaceAll(" ", "_");
}

/** The text of a note, as `parseRecords` reads it. A diff or reviews that are too long are left out. */
export function formatNote(record: CommitRecord): Buffer {
  const { signed, results, key, findings, trailers } = record;
  const diff = within(signed?.diff, MAX_DIFF);
  const reviews = within(signed?.reviews, MAX_REVIEWS_BYTES);
  const lines = [
    MAGIC,
    `commit: ${record.commit}`,
    `verdict: ${record.verdict}`,
    `signer: ${signed?.signer ?? "-"}`,
    `trust: ${record.trust ?? "-"}`,
    `key-since: ${key === null ? "-" : instant(key.firstSeen)}`,
    `key-patches: ${key === null ? "-" : key.patches}`,
    `vouched: ${word(record.vouched ?? "")}`,
    `message-id: ${word(record.messageId)}`,
    `applied-by: ${value(record.appliedBy)}`,
    `applied-at: ${instant(record.appliedAt)}`,
    ...findings
      .slice(0, MAX_LINES)
      .map((f) => `finding: ${f.severity} ${f.code} ${value(f.message)}`),
    ...trailers
      .slice(0, MAX_LINES)
      .map(
        (t) => `trailer: ${t.proof} ${t.publicKey ?? "-"} ${word(t.messageId)} ${value(t.line)}`,
      ),
    `diff-bytes: ${diff === null ? "-" : diff.length}`,
    `review-bytes: ${reviews === null ? "-" : reviews.length}`,
    `${NO_RESULTS}\n`,
  ];
  const head = Buffer.from(lines.join("\n"));
  const proof = signed === null ? null : Buffer.concat([signed.text, signed.minisig]);
  const parts = [proof, diff, reviews].flatMap((part) => (part === null ? [] : [NEWLINE, part]));
  return withResults(Buffer.concat([head, ...parts]), results);
}

const NO_RESULTS = "result-bytes: -";

/**
 * Adds test results to a record.
 *
 * @param text of a record without test results
 * @param results left out if they are too long
 */
export function withResults(text: Buffer, results: Buffer | null): Buffer {
  const kept = within(results, MAX_RESULTS_BYTES);
  if (kept === null) return text;
  // the first match is the field: no value above it can hold a line feed
  const at = text.indexOf(`\n${NO_RESULTS}\n`) + 1;
  const line = Buffer.from(`result-bytes: ${kept.length}`);
  const rest = text.subarray(at + NO_RESULTS.length);
  return Buffer.concat([text.subarray(0, at), line, rest, NEWLINE, kept]);
}

/** The same record, with another `commit:`. */
export function onCommit(text: Buffer, commit: string): Buffer {
  const line = text.indexOf("\n") + 1;
  const rest = text.subarray(text.indexOf("\n", line));
  return Buffer.concat([text.subarray(0, line), Buffer.from(`commit: ${commit}`), rest]);
}

/** Null for what is longer than `most` bytes. */
function within(part: Buffer | null | undefined, most: number): Buffer | null {
  return part === null || part === undefined || part.length > most ? null : part;
}
