/**
 * patchsig as a library: this is the public API, and nothing else is (docs/library.md). Importing
 * it has no side effects: it opens no file, reads no setting, handles no signal.
 *
 * Throughout: times are seconds since 1970, sizes and offsets are bytes, a key is `RW…` (56
 * characters), and text from a mail is as it came: pass it through `escapeText` before you print
 * it.
 */

export { verifySeries } from "./library/verify.ts";
export { signSeries, openKeyFile } from "./library/sign.ts";
export { readMail } from "./library/mail.ts";
export { readMails, splitMbox } from "./library/mails.ts";
export { openTrust } from "./library/trust.ts";
export { escapeText } from "./report/escape.ts";
export { DEFAULT_POLICY } from "./verify/policy.ts";
export { PatchsigError } from "./errors.ts";

export type { SeriesRecord, VerifyOptions, VerifyRecord } from "./library/verify.ts";
export type { KeyFileSigner, MailFile, SignedSeries, Signer, SignOptions } from "./library/sign.ts";
export type { ChangedFile, MailReading } from "./library/mail.ts";
export type { Mail, Mails } from "./library/mails.ts";
export type { KeyringReport, Trust, TrustHistory, TrustOptions } from "./library/trust.ts";
export type { Override as PolicyOverride, Policy } from "./verify/policy.ts";
export type {
  StatementMail as NoteRecord,
  PatchResult as PatchRecord,
  SummaryResult as SummaryRecord,
  UnreadResult as UnreadRecord,
} from "./verify/result.ts";
export type { KeyRecord, TrustEvent } from "./trust/record.ts";
export type { BaseLines } from "./base/lines.ts";
export type { ErrorCode } from "./errors.ts";
export type { Finding } from "./findings.ts";
export type { Verdict } from "./types.ts";
