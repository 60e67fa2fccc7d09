/** Signs reviews of verified patches, and writes the replies that carry them. */

import { PatchsigError } from "../../errors.ts";
import { dropCr } from "../../mail/line-ends.ts";
import { replyText } from "../../mail/reply-text.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { type MinisignSigner, signWith } from "../../minisign/signature.ts";
import { count } from "../../primitives/words.ts";
import { replyMail, type ReplyPerson, reviewBody } from "../../review/reply-mail.ts";
import { reviewsIn, reviewSigning, type SignedReview } from "../../review/review.ts";
import { MAX_PATCHES, type ReviewTrailerName, reviewDigests } from "../../review/text.ts";
import { numberList, rangesOf } from "../../verify/numbers.ts";
import type { Checked } from "../../verify/result.ts";
import type { Collected, JudgedMember } from "../../verify/series.ts";
import type { PatchChoice } from "../series/patches.ts";
import { signedTextOf } from "../verify/attestation.ts";

export interface Reviewer extends ReplyPerson {
  readonly signer: MinisignSigner;
  /** The normalised form of the address. */
  readonly by: string;
}

/** The patches to review, and their series. */
export interface Reviewed {
  readonly series: Collected<Checked>;
  /** By ascending numbers. */
  readonly patches: readonly JudgedMember<Checked>[];
}

/** A reply to one mail. */
export interface ReviewReply {
  /** The number of the patch that it answers; 0: the cover letter. */
  readonly index: number;
  readonly mail: Buffer;
}

/**
 * Chooses the patches to review: none if the series or one of them failed.
 *
 * @param only the patches that the user chose; null if the user did not say
 * @param mails Message-IDs that were given as sources: if they name patches of the series, only these are reviewed
 * @returns the patches, or why nothing may be signed, one line each
 */
export function reviewable(
  series: Collected<Checked>,
  only: PatchChoice | null,
  mails: readonly string[] = [],
): Reviewed | { readonly refused: readonly string[] } {
  const all = series.members.filter(({ evidence }) => evidence.kind === "patch");
  const named = all.filter(({ result }) => mails.includes(result.messageId));
  const patches = only !== null ? all.filter(only) : named.length > 0 ? named : all;
  const nothing = (why: string): { refused: string[] } => ({ refused: [`nothing signed: ${why}`] });
  if (series.result.findings.some(({ severity }) => severity === "fail"))
    return nothing("the series failed");
  if (patches.length === 0) return nothing("none of the patches is named");
  if (patches.length > MAX_PATCHES) return nothing(`more than ${MAX_PATCHES} patches`);
  const failed = patches.filter(({ result }) => result.verdict === "fail");
  if (failed.length === 0) return { series, patches };
  const word = failed.length === 1 ? "patch" : "patches";
  return nothing(`${word} ${numberList(rangesOf(numbersOf(failed)))} failed`);
}

function numbersOf(patches: readonly JudgedMember<Checked>[]): number[] {
  return patches.map(({ evidence }) => evidence.number.index);
}

/**
 * Signs one review of all these patches.
 *
 * @param time seconds since the epoch
 * @throws PatchsigError "refused" if a review cannot name these patches; others of the signer
 */
export async function signedReviewOf(
  { series, patches }: Reviewed,
  trailers: readonly ReviewTrailerName[],
  { signer, by, name, address }: Reviewer,
  time: number,
): Promise<SignedReview> {
  const { id, version } = series.result;
  const isOdd = patches.some(({ payload }) => payload.label.minor !== "");
  const said = {
    time,
    by,
    series: id,
    version: isOdd ? null : version,
    trailers: trailers.map((trailer) => ({ name: trailer, person: name, address })),
    patches: patches.map(({ evidence, payload }) => ({
      index: evidence.number.index,
      total: evidence.number.total,
      ...reviewDigests(signedTextOf(payload)),
    })),
  };
  try {
    return await signWith(signer, reviewSigning(signer.publicKey, said));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new PatchsigError("refused", "no review can name patches with such numbers", {
      hint: "review them one by one",
      cause: error,
    });
  }
}

/** A mail to answer, and the patches that the answer is about. */
interface Answered {
  readonly to: JudgedMember<Checked>;
  readonly about: readonly JudgedMember<Checked>[];
}

/**
 * The mails to answer: the cover letter if the whole series is reviewed, else each patch. Tools that collect trailers
 * take an answer to the cover letter for all patches.
 */
export function answeredMails({ series, patches }: Reviewed): readonly Answered[] {
  const cover = series.members.find(({ evidence }) => evidence.kind === "cover");
  const isWhole = series.result.complete && patches.length === series.result.total;
  return isWhole && patches.length > 1 && cover !== undefined && cover.payload.view !== null
    ? [{ to: cover, about: patches }]
    : patches.map((patch) => ({ to: patch, about: [patch] }));
}

/**
 * Signs a review for each mail to answer, and writes the replies.
 *
 * @param time seconds since the epoch
 */
export async function reviewReplies(
  { series }: Reviewed,
  answered: readonly Answered[],
  trailers: readonly ReviewTrailerName[],
  reviewer: Reviewer,
  time: number,
): Promise<readonly ReviewReply[]> {
  const replies: ReviewReply[] = [];
  for (const { to, about } of answered) {
    const review = await signedReviewOf({ series, patches: about }, trailers, reviewer, time);
    const { view, references } = to.payload;
    const mail = replyMail(reviewer, view!.headers, references, reviewBody(review));
    readBack(mail, review);
    replies.push({ index: to.evidence.number.index, mail });
  }
  return replies;
}

/** Reads a reply back: only one that readers take for this review is handed out. */
function readBack(mail: Buffer, review: SignedReview): void {
  const text = replyText(dropCr(mail));
  const [one, ...more] = text === null ? [] : reviewsIn(text, createVerifier());
  if (one?.ok === true && more.length === 0 && one.review.minisig === review.minisig) return;
  throw new PatchsigError("fault", "the reply that was written does not carry the review");
}

/** What was signed, in words: `Reviewed-by and Tested-by of 3 patches`. */
export function reviewedWords(
  trailers: readonly ReviewTrailerName[],
  { patches, series }: Reviewed,
): string {
  const whole = series.result.total;
  const numbers = numberList(rangesOf(numbersOf(patches)));
  const word = patches.length === 1 ? "patch" : "patches";
  const what = patches.length === whole ? count(whole, "patch") : `${word} ${numbers} of ${whole}`;
  return `${trailers.join(" and ")} of ${what}`;
}
