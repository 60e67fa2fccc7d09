/**
 * patchsig as a library: what other programs use, and all that they may rely on. docs/library.md
 * shows how. Importing it does nothing: no file is opened, no setting read, no signal handled.
 *
 * In all of it: times are seconds since 1970, sizes and offsets are bytes, a key is `RW…` (56
 * characters), and text that stood in a mail is as it came, until `escapeText` has seen it.
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
