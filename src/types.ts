/**
 * The central types: what each stage hands to the next. No code.
 *
 *   bytes → MailView (mail/) → Diff (patch/) → Attestation (patch/) → SignedBlock (patch/)
 *         → PatchResult, SeriesResult (verify/) → text or JSON (report/)
 */

import type { Finding, RefusalCode } from "./findings.ts";

export type Verdict = "pass" | "warn" | "fail";

/** `key` of minisign's world as seen by the verifier: 42 bytes, base64, "RW…" (56 characters). */
export type PublicKeyText = string;

/** Author, subject and date as `git mailinfo` reports them, raw bytes (UTF-8 after its recoding). */
export interface MailInfo {
  readonly author: Buffer;
  readonly email: Buffer;
  /** May hold line feeds when an RFC 2047 word smuggled them in. */
  readonly subject: Buffer;
  readonly date: Buffer;
  /** Headers that the mail has not, so that git prints no line for them; the value is then empty. */
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
  /** True if the part is format=flowed, so that inserted lines are un-flowed by the reader. */
  readonly flowed: boolean;
}

/** Headers that git does not use but people and the verifier do. Decoded, unfolded, trimmed. */
export interface MailHeaders {
  readonly messageId: string;
  readonly inReplyTo: string;
  readonly references: string;
  /** As often as the header stands there. */
  readonly listIds: readonly string[];
  /** Full Subject as a person sees it, `[PATCH v2 1/3]` and all. */
  readonly subject: string;
  /** Raw address lists, undecoded beyond unfolding, for the author that a list's From replaced. */
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
   * True if message, author or title were in another charset than UTF-8 (or ASCII words said so):
   * other bytes were sent than git commits.
   */
  readonly recoded: boolean;
  /**
   * True if message, author or title have bytes above 0x7f of which the mail names no charset: what
   * git makes of them depends on i18n.commitEncoding.
   */
  readonly unlabelled: boolean;
  /**
   * Where in the mail another one that is attached begins, or a digest of mails, whose headers are
   * text to git; null if there is none.
   */
  readonly attached: number | null;
  readonly findings: readonly Finding[];
}

/** What patchsig will not read, with a stable reason. */
export interface Refusal {
  readonly reason: RefusalCode;
  /** One line that says what was met; may quote the mail. */
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

/** All that `git apply` would apply of a mail's patch text. */
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
   * Lines of the file patches that end in CR LF in the mail itself, where plain `git am` drops the
   * CR and `git am --keep-cr` does not. "all": a transport's line ends, no part of `canonical`.
   * "some": part of it, so plain `git am` makes another commit.
   */
  readonly rawCr: "none" | "some" | "all";
  readonly findings: readonly Finding[];
}
