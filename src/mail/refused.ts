import type { Refusal, Result } from "../types.ts";

/**
 * Why a mail is not read. The names are stable: docs/findings.md lists them, tests assert them.
 *
 * Some are mails that git refuses too; the others are mails in which git and a MIME reader would
 * see two different things, so that what a person has read may not be what git would commit.
 */
export type Reason =
  /** Larger than a bound of limits.ts. */
  | "too-big"
  /** Begins with white space, which git skips and others take for the end of the header. */
  | "leading-blank"
  /** git am would cut the mail in two, or has: at a From line in its text. */
  | "loose-from-line"
  /** The first lines make git am take it for a Mercurial or StGit patch. */
  | "foreign-format"
  /** git am skips the mail in silence. */
  | "folder-data"
  /** A NUL in a header, in the message, or in a part that may hold a patch. */
  | "nul-byte"
  /** A line in a header that is none, or a header that is not ended by an empty line. */
  | "malformed-header"
  /** Two headers of one name that say different things. */
  | "conflicting-header"
  /** `=?` in a header without a whole RFC 2047 word; git refuses it too. */
  | "broken-word"
  /** A From header that git reads beyond its end. */
  | "malformed-author"
  /** The top lacks From, Subject or Date, and git would take it from a MIME part. */
  | "header-in-part"
  /** git finds another charset, boundary or format than the parameters say. */
  | "content-type-ambiguous"
  /** Not one of 7bit, 8bit, binary, quoted-printable and base64. */
  | "transfer-encoding-unknown"
  /** Parts that git would cut elsewhere than a MIME reader. */
  | "boundary-ambiguous"
  /** More multiparts within each other than git follows. */
  | "nesting-too-deep"
  /** Quoted-printable whose line ends are read in two ways. */
  | "quoted-printable-ambiguous"
  /** format=flowed text with a line that belongs to two paragraphs. */
  | "flowed-ambiguous"
  /** Base64 that is not whole lines of whole groups. */
  | "base64-ambiguous"
  /** A charset that git does not know, or that is not proven to be read as git reads it. */
  | "charset-unsupported"
  /** A Message-ID that git would decode, or that holds white space. */
  | "message-id-ambiguous"
  /** Bytes that do not belong to the charset; git refuses them, but for UTF-8. */
  | "charset-invalid"
  /** A second From, Subject or Date at the top of the body. */
  | "conflicting-inbody-header";

/** Thrown within src/mail only; `attempt` makes it a value before it leaves. */
class Refused extends Error {
  override readonly name = "Refused";
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.refusal = refusal;
  }
}

/** Gives up on the mail. */
export function refuse(reason: Reason, detail: string): never {
  throw new Refused({ reason, detail });
}

/** Runs a reader; a refusal inside becomes its result. */
export function attempt<T>(read: () => T): Result<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refusal: error.refusal };
    throw error;
  }
}
