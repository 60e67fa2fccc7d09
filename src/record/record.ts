/**
 * A record: what `am` writes into a git note on each commit that it makes (docs/record.md).
 *
 *     patchsig-record-v1
 *     commit: …
 *     …                              what the applier says
 *
 *     patchsig-v1
 *     …                              what was signed
 *     untrusted comment: patchsig RW…
 *     …                              the signature
 *
 *     diff --git …                   the canonical diff, `diff-bytes` long
 *
 *     patchsig-review-v1             signed reviews of trailers, `review-bytes` long
 *     …
 *
 *     patchsig-result-v1             signed test results of the commit's tree, `result-bytes` long
 *     …
 */

import { NEWLINE } from "../primitives/bytes.ts";
import { instant } from "../primitives/time.ts";
import type { Decision } from "../trust/decide.ts";
import type { PublicKeyText, Verdict } from "../types.ts";

export const MAGIC = "patchsig-record-v1";

/** Nothing of it is believed but what `signed` and `results` prove: all else is the applier's word. */
export interface CommitRecord {
  /** Full name of the commit that `am` made. git carries notes over to others: see `classify`. */
  readonly commit: string;
  readonly verdict: Verdict;
  /** The key's state then, in the key database of the applier; null if nothing was signed. */
  readonly trust: Decision["trust"] | null;
  /** When the key was first seen, seconds, and good patches by it; null if nothing was remembered. */
  readonly key: { readonly firstSeen: number; readonly patches: number } | null;
  /** The domain that vouched for an unsigned mail; null if none did. */
  readonly vouched: string | null;
  /** "" if the mail had none. */
  readonly messageId: string;
  /** `Name <address>`. */
  readonly appliedBy: string;
  /** Seconds since the epoch, by the applier's clock. */
  readonly appliedAt: number;
  readonly findings: readonly RecordedFinding[];
  /** Those that `am` added to the message. */
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
  /** In the message, without LF. */
  readonly line: string;
  /** Of the mail that it was taken from, or "". */
  readonly messageId: string;
  /** docs/trailers.md */
  readonly proof: "proven" | "diff" | "vouched" | "none";
  /** Of the signed review; null for other proofs. */
  readonly publicKey: PublicKeyText | null;
}

/** Not verified. */
export interface RecordedSignature {
  /** As in the trusted comment. */
  readonly signer: string;
  /** The attestation. */
  readonly text: Buffer;
  /** The four lines of the block. */
  readonly minisig: Buffer;
  /** The canonical diff; null if it is too long for a note. */
  readonly diff: Buffer | null;
  /** The signed reviews of trailers, as they stood in mails (docs/spec/review.md); null if there are none. */
  readonly reviews: Buffer | null;
}

/** Bytes of a diff in a note. */
export const MAX_DIFF = 8 << 20;
/** Bytes and number of the reviews in a note. */
export const MAX_REVIEWS_BYTES = 1 << 20;
export const MAX_RECORDED_REVIEWS = 64;
/** Bytes and number of the test results in a note. */
export const MAX_RESULTS_BYTES = 256 << 10;
export const MAX_RECORDED_RESULTS = 20;
/** Lines of one name. */
export const MAX_LINES = 200;
/** Characters of a value. */
export const MAX_VALUE = 1000;

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]+/gu;

/** On one line of bounded length, whatever a mail says; never empty. */
function value(text: string): string {
  const shown = text.slice(0, MAX_VALUE).replace(UNSEEN, " ").trim();
  return shown === "" ? "-" : shown;
}

/** The same without blanks. */
function word(text: string): string {
  return value(text).replaceAll(" ", "_");
}

/** The note. `parseRecords` reads it. */
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
 * A record that has none, with test results.
 *
 * @param results what is too long is left out
 */
export function withResults(text: Buffer, results: Buffer | null): Buffer {
  const kept = within(results, MAX_RESULTS_BYTES);
  if (kept === null) return text;
  // the first one is ours: no value above it has a line feed
  const at = text.indexOf(`\n${NO_RESULTS}\n`) + 1;
  const line = Buffer.from(`result-bytes: ${kept.length}`);
  const rest = text.subarray(at + NO_RESULTS.length);
  return Buffer.concat([text.subarray(0, at), line, rest, NEWLINE, kept]);
}

/** The same record for another commit. */
export function onCommit(text: Buffer, commit: string): Buffer {
  const line = text.indexOf("\n") + 1;
  const rest = text.subarray(text.indexOf("\n", line));
  return Buffer.concat([text.subarray(0, line), Buffer.from(`commit: ${commit}`), rest]);
}

/** What is too long is left out. */
function within(part: Buffer | null | undefined, most: number): Buffer | null {
  return part === null || part === undefined || part.length > most ? null : part;
}
