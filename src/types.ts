/**
 * The central types: what each stage hands to the next. No code.
 *
 *   bytes → MailView (mail/) → Diff (patch/) → Attestation (patch/) → SignedBlock (patch/)
 *         → PatchResult, SeriesResult (verify/) → text or JSON (report/)
 */

import type { Finding, RefusalCode } from "./findings.ts";

export type Verdict = "pass" | "warn" | "fail";

/** A minisign public key: 42 bytes in base64, "RW…" (56 characters). */
export type PublicKeyText = string;

/** Author, subject and date as `git mailinfo` reports them, raw bytes (UTF-8 after its recoding). */
export interface MailInfo {
  readonly author: Buffer;
  readonly email: Buffer;
  /** May hold line feeds when an RFC 2047 word smuggled them in. */
  readonly subject: Buffer;
  readonly date: Buffer;
  /** Headers that the mail lacks, so that git prints no line for them; the value is then empty. */
  readonly absent?: readonly ("from" | "subject" | "date")[];
}

/** Where a signature block would go in the raw mail: just after the patch break. */
export interface BreakPoint {
  /** What ended the commit message: a `---` line, a diff line, or nothing (the mail ended). */
  readonly kind: "dashes" | "diff" | "none";
  /** Transfer encoding that git applies to the part in which the break stands. */
  readonly encoding: "identity" | "quoted-printable" | "base64";
  /** Byte range [start, end) in the mail of that part's encoded body. */
  readonly bodyStart: number;
  readonly bodyEnd: number;
  /**
   * Byte offset in the *decoded* body of that part at which a new line can be inserted: after the
   * `---` line, before the diff line, or at the end.
   */
  readonly decodedOffset: number;
  /** For identity and quoted-printable: the same place as a byte offset in the raw mail. */
  readonly rawOffset: number | null;
  /** True if the part is format=flowed: the reader un-flows inserted lines. */
  readonly flowed: boolean;
}

/** Headers that git does not use but people and the verifier do. Decoded, unfolded, trimmed. */
export interface MailHeaders {
  readonly messageId: string;
  readonly inReplyTo: string;
  readonly references: string;
  /** One value for each occurrence. */
  readonly listIds: readonly string[];
  /** The whole Subject as a person sees it, with `[PATCH v2 1/3]`. */
  readonly subject: string;
  /** Raw address lists, only unfolded, to find the author that a list's From replaced. */
  readonly from: string;
  readonly sender: string;
  readonly replyTo: string;
  readonly to: string;
  readonly cc: string;
  readonly xOriginalFrom: string;
  readonly xOriginalSender: string;
  readonly xMailFrom: string;
  readonly date: string;
  /** The first X-Developer-Signature, or "": src/devsig reads it. */
  readonly developerSignature: string;
}

/** A mail as git reads it. */
export interface MailView {
  readonly info: MailInfo;
  readonly headers: MailHeaders;
  /** What `git mailinfo` writes to its msg file, byte for byte. */
  readonly message: Buffer;
  /** What `git mailinfo` writes to its patch file, byte for byte. */
  readonly patch: Buffer;
  /**
   * Line feeds of `patch` that had a CR before them, which `git mailsplit` drops: offsets, ascending.
   * Only of parts without transfer encoding; in an encoded part that CR is the transport's.
   */
  readonly crs: ArrayLike<number>;
  readonly breakPoint: BreakPoint;
  /**
   * True if message, author or title were in a charset other than UTF-8 (even in ASCII words): git
   * does not commit the bytes that were sent.
   */
  readonly recoded: boolean;
  /**
   * True if message, author or title have bytes above 0x7f without a charset: how git reads them
   * depends on i18n.commitEncoding.
   */
  readonly unlabelled: boolean;
  /**
   * Where an attached mail or a digest begins in the mail; git reads its headers as text. Null if
   * there is none.
   */
  readonly attached: number | null;
  readonly findings: readonly Finding[];
}

/** A refusal, with a stable reason. */
export interface Refusal {
  readonly reason: RefusalCode;
  /** One line that says why; may quote the mail. */
  readonly detail: string;
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal };

/** One file patch, as `git apply` would parse it. */
export interface FilePatch {
  /** Path names without their a/ or b/ prefix, unquoted; null for /dev/null. */
  readonly oldName: Buffer | null;
  readonly newName: Buffer | null;
  readonly kind: "modify" | "create" | "delete" | "rename" | "copy" | "mode";
  readonly binary: boolean;
  readonly oldMode: number | null;
  readonly newMode: number | null;
  /** Object names of the `index` line, possibly abbreviated; null if there is none. */
  readonly oldBlob: string | null;
  readonly newBlob: string | null;
  readonly added: number;
  readonly deleted: number;
}

/** Everything that `git apply` would apply from a mail's patch text. */
export interface Diff {
  readonly files: readonly FilePatch[];
  /** The file patches verbatim, one after the other, normalised (spec, "diff"). */
  readonly canonical: Buffer;
  /** Byte offset in the patch text of the first file patch; its length if there is none. */
  readonly start: number;
  /** Byte offset in the patch text just after the last file patch; 0 if there is none. */
  readonly end: number;
  /** True if to git every line ends in CR; one was stripped from each. */
  readonly allCr: boolean;
  /**
   * Whether lines of the file patches end in a raw CR LF: plain `git am` drops the CR, `git am
   * --keep-cr` keeps it. "all": the transport's line ends, not in `canonical`. "some": the CRs are
   * in `canonical`, so plain `git am` makes another commit.
   */
  readonly rawCr: "none" | "some" | "all";
  readonly findings: readonly Finding[];
}
