/**
 * What assembly knows about a mail: enough to find its series, and nothing about trust, policy or
 * verdicts.
 */

/** The numbers in a Subject's brackets, `[PATCH v2 1/3]`, or as they were signed. */
interface SeriesNumber {
  readonly version: number;
  /** 0 for the cover letter. */
  readonly index: number;
  readonly total: number;
}

/** A mail in its thread. Without a patch, it says only which others belong together. */
export interface ThreadMail {
  /** With its angle brackets; "" if the mail has none. */
  readonly messageId: string;
  /** Message-IDs of References and In-Reply-To, the nearest last. */
  readonly references: readonly string[];
}

/** How many References of a mail are followed. */
const MAX_FOLLOWED = 20;

/** The Message-IDs that are followed from a mail, the nearest last. */
export function followed({ references }: Pick<ThreadMail, "references">): readonly string[] {
  return references.slice(-MAX_FOLLOWED);
}

/** How many mails above one are looked at. */
const MAX_ABOVE = 64;

/**
 * The Message-IDs above a mail, the nearest first: those that it refers to, and what replies among these refer to.
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

export interface SeriesItem extends ThreadMail {
  /**
   * `patch` and `cover` make series. An `answer` is a reply with a diff of its own: it is shown, and
   * never taken for a part of the series that it answers.
   */
  readonly kind: "patch" | "cover" | "answer";
  /** The address that sent it, normalised; "" if there is none. */
  readonly sender: string;
  /** The Date header, seconds since the epoch. */
  readonly date: number | null;
  readonly number: SeriesNumber;
  /** False if the version is 1 because the Subject names none. */
  readonly hasVersion: boolean;
  /** Of `v5.1`, which replaces a part of v5: `1`. Else "". */
  readonly minor: string;
  /** The other words in the brackets, lower case: `net-next`, `rfc`, `resend 6.6`. */
  readonly prefix: string;
  /** `KEY ID` of the signed series; only if the signature is good. */
  readonly signing: string | null;
  /** Equal for two copies of a patch, whatever list they came through. */
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

export interface Member<T> {
  readonly item: SeriesItem;
  /** The caller's own data. */
  readonly value: T;
  readonly reason: MembershipReason;
  /** The Message-ID through which it came here, or "". */
  readonly through: string;
}

export interface AssembledSeries<T> {
  /** In the order of their numbers, then of their dates. Copies stand beside each other. */
  readonly members: readonly Member<T>[];
  readonly version: number;
  readonly total: number;
  /**
   * True if its missing numbers are in another signed series with the same label: two signings were
   * mixed.
   */
  readonly isMixed: boolean;
  /**
   * The version whose patches these reply to and replace, and their numbers; null for a series of
   * its own.
   */
  readonly rerollOf: { readonly version: number; readonly numbers: readonly number[] } | null;
  /** All that came with it. */
  readonly portion: SeriesPortion<T>;
}

/** Mails that threads, signatures or labels connect: of one series, or several. */
export interface SeriesPortion<T> {
  readonly values: readonly T[];
  /** Mails without a patch. */
  readonly links: readonly ThreadMail[];
  /** There were too many mails: what came later is not with it. */
  readonly isCut: boolean;
}
