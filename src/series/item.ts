/** What is known about a mail to find its series: nothing about trust, policy or verdicts. */

/** The numbers of a patch: as signed, or from the brackets in its Subject, `[PATCH v2 1/3]`. */
interface SeriesNumber {
  readonly version: number;
  /** 0 for the cover letter. */
  readonly index: number;
  readonly total: number;
}

/** A mail in its thread. If it has no patch, all it says is which other mails belong together. */
export interface ThreadMail {
  /** With its angle brackets; "" if the mail has none. */
  readonly messageId: string;
  /** Message-IDs of References and In-Reply-To, the nearest last. */
  readonly references: readonly string[];
}

/** Message-IDs in References that are followed: the nearest. */
const MAX_FOLLOWED = 20;

/** The Message-IDs that are followed upwards from a mail, the nearest last. */
export function followed({ references }: Pick<ThreadMail, "references">): readonly string[] {
  return references.slice(-MAX_FOLLOWED);
}

/** Mails above a mail that are looked at. */
const MAX_ABOVE = 64;

/**
 * The Message-IDs above a mail, the nearest first: those that it refers to, and those that replies among them refer to.
 *
 * @param replies mails without a patch, by Message-ID
 */
export function above(
  mail: Pick<ThreadMail, "references">,
  replies: ReadonlyMap<string, Pick<ThreadMail, "references">>,
): ReadonlySet<string> {
  const ids = new Set(followed(mail).toReversed());
  for (const id of ids) {
    const reply = ids.size < MAX_ABOVE ? replies.get(id) : undefined;
    if (reply !== undefined) for (const next of followed(reply).toReversed()) ids.add(next);
  }
  return ids;
}

/** A patch, cover letter or answer. */
export interface SeriesItem extends ThreadMail {
  /**
   * `patch` and `cover` make series. An `answer` is a reply with a diff of its own: it is shown, but never becomes a
   * part of the series that it answers.
   */
  readonly kind: "patch" | "cover" | "answer";
  /** The sender's address, normalised; "" if there is none. */
  readonly sender: string;
  /** From the field Date, in seconds since the epoch; null without a valid one. */
  readonly date: number | null;
  readonly number: SeriesNumber;
  /** False if the version is 1 because the Subject names none. */
  readonly hasVersion: boolean;
  /** The `1` of `v5.1`, which replaces a part of v5; else "". */
  readonly minor: string;
  /** The other words in the brackets, in lower case: `net-next`, `rfc`, `resend 6.6`. */
  readonly prefix: string;
  /** The public key and the id of the signed series, `KEY ID`; null without a good signature. */
  readonly signing: string | null;
  /** A digest that copies of a patch share, whichever lists they came through. */
  readonly digest: string;
}

/** Why a mail is in its series, the strongest reason first. */
export type MembershipReason =
  | "first"
  | "signed-id"
  | "references"
  | "labelled-by-cover"
  | "thread"
  | "message-id"
  | "label";

/** A mail of a series, and why it is in it. */
export interface Member<T> {
  readonly item: SeriesItem;
  /** The caller's own data. */
  readonly value: T;
  readonly reason: MembershipReason;
  /** The Message-ID that connected it to the series; "" if none did. */
  readonly through: string;
}

/** A series; perhaps not all of its mails are here. */
export interface AssembledSeries<T> {
  /** In the order of their numbers, and then of their dates: copies follow each other. */
  readonly members: readonly Member<T>[];
  readonly version: number;
  readonly total: number;
  /**
   * True if another signed series with the same label has the missing numbers: mails of two signings were mixed.
   */
  readonly isMixed: boolean;
  /**
   * If these are new versions of some patches, sent as replies to the old ones: the old version, and the patches'
   * numbers. Null for a series of its own.
   */
  readonly rerollOf: { readonly version: number; readonly numbers: readonly number[] } | null;
  /** The portion of mails that it was found in. */
  readonly portion: SeriesPortion<T>;
}

/** Mails that a thread, a signature or a label connects: one series, or several. */
export interface SeriesPortion<T> {
  readonly values: readonly T[];
  /** Mails without a patch. */
  readonly links: readonly ThreadMail[];
  /** True if the portion was closed because it had too many mails: later ones are not in it. */
  readonly isCut: boolean;
}
