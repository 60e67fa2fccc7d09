/** The trailers that `am` adds to the message of a patch. */

import { isPlainMessageId } from "../mail/compose.ts";
import { formatReview } from "../review/review.ts";
import type { GivenTrailer, TrailerProof } from "./assign.ts";
import { readTrailer, trailerKey, trailerLine } from "./trailer.ts";

/** A trailer to add, and where it comes from. */
export interface AddedTrailer {
  /** The line in the commit message, without LF. */
  readonly line: string;
  /** Of the reply with the trailer, or of the patch's own mail, if somebody had added the trailer there. */
  readonly messageId: string;
  readonly proof: TrailerProof;
  /** The key that signed the review; null if no signed review proves the trailer. */
  readonly publicKey: string | null;
  /** The review, as it stands in a mail; null if there is none. */
  readonly review: string | null;
}

const NO_PROOF = { proof: "none", publicKey: null, review: null } as const;

/** The trailers that were given in replies. */
export function fromReplies(given: readonly GivenTrailer[]): AddedTrailer[] {
  return given.map(({ trailer, reply, proof, publicKey, review }) => ({
    line: trailerLine(trailer),
    messageId: reply.messageId,
    proof,
    publicKey,
    review: review === null ? null : formatReview(review),
  }));
}

/**
 * The trailers that somebody, or a program such as b4, added to the patch's own mail after it was signed.
 *
 * @param names the trailers to take, as `trailerNames` makes them: those that are read in replies, too
 */
export function fromMail(
  lines: readonly string[],
  messageId: string,
  names: ReadonlyMap<string, string>,
): AddedTrailer[] {
  return lines.flatMap((text) => {
    const trailer = readTrailer(text, names);
    if (trailer === null || trailer.flaw !== null) return [];
    return [{ line: trailerLine(trailer), messageId, ...NO_PROOF }];
  });
}

/** Each trailer once: of two that say the same, the first. */
export function withoutRepeats(
  added: readonly AddedTrailer[],
  names: ReadonlyMap<string, string>,
): AddedTrailer[] {
  const seen = new Set<string>();
  return added.filter(({ line }) => {
    const trailer = readTrailer(line, names);
    const key = trailer === null ? line : trailerKey(trailer);
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** A whole trailer, not only the URL of a `Link:`. */
const WHOLE = /^[A-Za-z][A-Za-z0-9-]*: /;

/**
 * The trailer that says where the mail can be read; null if its Message-ID cannot stand in a URL.
 *
 * @param mask a URL, or a whole trailer, with `%s` for the Message-ID
 */
export function linkTrailer(messageId: string, mask: string): AddedTrailer | null {
  if (!isPlainMessageId(messageId)) return null;
  const id = messageId.slice(1, -1);
  const inUrl = encodeURIComponent(id).replaceAll("%40", "@");
  const line = WHOLE.test(mask)
    ? mask.replace("%s", () => (mask.includes("://") ? inUrl : id))
    : `Link: ${mask.replace("%s", () => inUrl)}`;
  return { line, messageId, ...NO_PROOF };
}
