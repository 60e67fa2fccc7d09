/** What a signed review proves about a trailer on a patch (docs/spec/review.md, "What it proves"). */

import { normaliseIdentity } from "../trust/identity.ts";
import {
  REVIEW_TRAILERS,
  type ReviewDigests,
  type ReviewText,
  type ReviewTrailer,
} from "./text.ts";

/**
 * `proven`: the reviewer signed this trailer for this title, message and diff. `diff`: for this diff, but with another
 * title or message, as after a reroll.
 */
export type ReviewProof = "proven" | "diff";

/**
 * What a review proves about a patch.
 *
 * @param patch digests of the patch that a trailer is to be added to
 * @returns null if the review does not name this patch
 */
export function proofOf(
  { patches }: Pick<ReviewText, "patches">,
  patch: ReviewDigests,
): ReviewProof | null {
  const messages = messagesByDiff(patches).get(patch.diff);
  if (messages === undefined) return null;
  return messages.has(patch.message) ? "proven" : "diff";
}

/** A review names up to a thousand patches, and is asked about each patch of a series. */
const known = new WeakMap<object, ReadonlyMap<string, ReadonlySet<string>>>();

function messagesByDiff(
  patches: readonly ReviewDigests[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const before = known.get(patches);
  if (before !== undefined) return before;
  const all = new Map<string, Set<string>>();
  for (const { diff, message } of patches) all.set(diff, (all.get(diff) ?? new Set()).add(message));
  known.set(patches, all);
  return all;
}

/** A trailer as somebody wrote it: `Reviewed-by`, and `Bob <bob@example.org>`. */
export interface WrittenTrailer {
  readonly name: string;
  readonly value: string;
}

/**
 * What a review proves about a trailer that was read elsewhere, such as in the reply's clear text. Null unless the
 * trailer is word for word one of those that were signed.
 */
export function proofFor(
  review: ReviewText,
  trailer: WrittenTrailer,
  patch: ReviewDigests,
): ReviewProof | null {
  return saysTrailer(review, trailer) ? proofOf(review, patch) : null;
}

/**
 * The first trailer in the mail's clear text that names a reviewer who signed reviews here, but not this trailer;
 * null if there is none.
 *
 * @param reviews the signed reviews in the mail
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

/** True if the review has this trailer, word for word. */
export function saysTrailer({ trailers }: ReviewText, written: WrittenTrailer): boolean {
  return trailers.some((signed) => isSaid(signed, written));
}

/**
 * Compares word for word, but without regard to the case of the trailer's name, and of the address as in identities.
 */
function isSaid(signed: ReviewTrailer, { name, value }: WrittenTrailer): boolean {
  // only what counts as white space in the signed text, too
  const words = value.replace(/[ \t\r\n]+/g, " ").replace(/^ | $/g, "");
  const parts = /^([^<>]*) <([^<>]*)>$/.exec(words);
  return (
    parts !== null &&
    name.toLowerCase() === signed.name.toLowerCase() &&
    parts[1] === signed.person &&
    normaliseIdentity(parts[2]!) === normaliseIdentity(signed.address)
  );
}
