/** What a signed review proves of a trailer on a patch (docs/spec/review.md, "What it proves"). */

import { normaliseIdentity } from "../trust/identity.ts";
import {
  REVIEW_TRAILERS,
  type ReviewDigests,
  type ReviewText,
  type ReviewTrailer,
} from "./text.ts";

/**
 * `proven`: the reviewer signed this trailer for this title, message and diff. `diff`: for this diff under
 * another title or message, as after a reroll.
 */
export type ReviewProof = "proven" | "diff";

/**
 * @param patch the digests of the patch that the trailer is to be added to
 * @returns null if the review says nothing of this patch
 */
export function proofOf(
  { patches }: Pick<ReviewText, "patches">,
  patch: ReviewDigests,
): ReviewProof | null {
  const same = patches.filter(({ diff }) => diff === patch.diff);
  if (same.length === 0) return null;
  return same.some(({ message }) => message === patch.message) ? "proven" : "diff";
}

/** A trailer as somebody wrote it: `Reviewed-by`, and `Bob <bob@example.org>`. */
export interface WrittenTrailer {
  readonly name: string;
  readonly value: string;
}

/**
 * `proofOf` for a trailer that was read elsewhere, such as in the reply's clear text: what is not word for
 * word what was signed is not proven.
 */
export function proofFor(
  review: ReviewText,
  trailer: WrittenTrailer,
  patch: ReviewDigests,
): ReviewProof | null {
  return saysTrailer(review, trailer) ? proofOf(review, patch) : null;
}

/**
 * A trailer of the reviewer's in the mail's clear text that is none of those that were signed; null if there
 * is none. Several reviews by one person are one.
 */
export function unsaidTrailer(
  reviews: readonly (ReviewText & { readonly by: string })[],
  written: readonly WrittenTrailer[],
): WrittenTrailer | null {
  const isTheirs = ({ value }: WrittenTrailer): boolean => {
    const identity = normaliseIdentity(/<([^<>]*)>/.exec(value)?.[1] ?? "");
    return reviews.some(({ by }) => by === identity);
  };
  const isSigned = (trailer: WrittenTrailer): boolean =>
    reviews.some((review) => saysTrailer(review, trailer));
  return (
    written.find(
      (trailer) => isReviewTrailer(trailer.name) && isTheirs(trailer) && !isSigned(trailer),
    ) ?? null
  );
}

function isReviewTrailer(name: string): boolean {
  return REVIEW_TRAILERS.some((known) => known.toLowerCase() === name.toLowerCase());
}

/** True for a trailer that is word for word one of the review's. */
export function saysTrailer({ trailers }: ReviewText, written: WrittenTrailer): boolean {
  return trailers.some((signed) => isSaid(signed, written));
}

/** The same words: case counts not in the trailer's name and as little as it does in an address. */
function isSaid(signed: ReviewTrailer, { name, value }: WrittenTrailer): boolean {
  // white space as in the signed text: no other blank is one
  const words = value.replace(/[ \t\r\n]+/g, " ").replace(/^ | $/g, "");
  const parts = /^([^<>]*) <([^<>]*)>$/.exec(words);
  return (
    parts !== null &&
    name.toLowerCase() === signed.name.toLowerCase() &&
    parts[1] === signed.person &&
    normaliseIdentity(parts[2]!) === normaliseIdentity(signed.address)
  );
}
