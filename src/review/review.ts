/**
 * Signed reviews (docs/spec/review.md): a text, and below it minisign's four lines.
 *
 *     patchsig-review-v1
 *     …
 *
 *     untrusted comment: patchsig-review RW…
 *     RU…
 *     trusted comment: patchsig-review-v1 t=… by=… series=… v=… text=…
 *     …
 */

import { FormatError } from "../errors.ts";
import type { Verifier } from "../minisign/ed25519.ts";
import { formatPublicKeyText, parsePublicKeyText, type PublicKey } from "../minisign/public-key.ts";
import {
  formatSignature,
  globalMessage,
  type LocalSigner,
  parseSignature,
  type Signature,
  signing,
  type Signing,
  signNow,
  verifySignature,
} from "../minisign/signature.ts";
import { sha256 } from "../patch/attestation.ts";
import { endOfLine, squeeze } from "../patch/squeeze.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import type { PublicKeyText } from "../types.ts";
import { formatReviewText, MAX_REVIEW_TEXT, readReviewText, type ReviewText } from "./text.ts";

/** The fields of the trusted comment, besides the digest of the text. */
interface ReviewTerms {
  /** Time of signing, in seconds since the epoch, by the signer's clock. */
  readonly time: number;
  /** The signer's identity, as the signer claims it; the trailers have the same address. ASCII. */
  readonly by: string;
  /** The id of the signed series that was reviewed, 32 hex digits; null if the series is not signed. */
  readonly series: string | null;
  /** The version of the series; null for one such as v5.1, which has no number to sign. */
  readonly version: number | null;
}

/** A review whose two signatures are good: the holder of `publicKey` said so. */
export interface SignedReview extends ReviewTerms, ReviewText {
  readonly publicKey: PublicKeyText;
  /** What was signed, in UTF-8. */
  readonly text: string;
  /** The signature's four lines. */
  readonly minisig: string;
}

/**
 * Why a review does not count. `changed`: its text is not what the key's holder signed. `diff`: the mail has a diff of
 * its own, and readers could take the review for one of that diff.
 */
export type ReviewFlaw = "malformed" | "version" | "signature" | "changed" | "too-many" | "diff";

/** A review that was found in a mail, good or bad. */
export type ReviewReading =
  | { readonly ok: true; readonly review: SignedReview }
  | { readonly ok: false; readonly why: ReviewFlaw };

/** Reviews in one mail. */
const MAX_REVIEWS = 8;
/** Bytes of a signature. It has less than 800; wrapping and blanks may double that. */
const MAX_REVIEW_BLOCK = 2000;
const MAX_BY = 254;

// instead of "^" and "$", which also match at a CR: here only LF ends a line
const FIRST_LINES = /(?<![^\n])patchsig-review-v([1-9][0-9]{0,8})[ \t\r]*(?![^\n])/g;
const BASE64 = "[A-Za-z0-9+/]";
const HEAD = new RegExp(
  `^untrustedcomment:patchsig-review(RW${BASE64}{54})(RU${BASE64}{97}=)trustedcomment:`,
);
// one "@", and no "=" after it, so that the form without white space can be read in one way only
const COMMENT = new RegExp(
  [
    "^patchsig-review-v1",
    "t=(0|[1-9][0-9]{0,11})",
    "by=([!-?A-~]{1,64}@[a-z0-9._-]{1,253}?)",
    "series=([0-9a-f]{32}|-)",
    "v=([1-9][0-9]{0,3}|-)",
    "text=([0-9a-f]{64})",
  ].join(""),
);
const TAIL = new RegExp(`^${BASE64}{86}==`);

/**
 * The reviews in the text of a mail, in their order, good ones and bad ones. A review begins at the start of a line, so
 * quoted ones are not read.
 *
 * @param text the mail's body, decoded, in UTF-8
 * @param hasDiff true if the mail has a diff of its own
 * @param most how many reviews to read; one more is reported as "too-many"
 */
export function reviewsIn(
  text: Buffer,
  verifier: Verifier,
  hasDiff = false,
  most: number = MAX_REVIEWS,
): ReviewReading[] {
  const readings: ReviewReading[] = [];
  // most mails have no review: this saves them a copy of the text
  if (!text.includes("patchsig-review-v")) return [];
  let end = 0;
  for (const { index, 1: version } of text.toString("latin1").matchAll(FIRST_LINES)) {
    // a line within the review before: its trusted comment may be wrapped so
    if (index < end) continue;
    if (readings.length === most) return [...readings, { ok: false, why: "too-many" }];
    const flaw = hasDiff ? "diff" : version !== "1" ? "version" : null;
    const found =
      flaw === null
        ? readReview(text, index, verifier)
        : { reading: { ok: false, why: flaw } as const, end: index };
    end = found.end;
    readings.push(found.reading);
  }
  return readings;
}

/** @returns the reading, and the offset after it; `start` if its end is not known */
function readReview(
  text: Buffer,
  start: number,
  verifier: Verifier,
): { reading: ReviewReading; end: number } {
  const wrapped = text.toString("latin1", start, start + MAX_REVIEW_TEXT);
  const said = readReviewText(wrapped);
  const block = said === null ? null : readReviewBlock(text, start + said.end);
  if (said === null || block === null)
    return { reading: { ok: false, why: "malformed" }, end: start };
  return { reading: verified(said.review, block, verifier), end: block.end };
}

interface ReviewBlock extends ReviewTerms {
  readonly publicKey: PublicKeyText;
  readonly key: PublicKey;
  readonly signature: Signature;
  /** The end of the line that has the block's last character. */
  readonly end: number;
}

function readReviewBlock(text: Buffer, start: number): ReviewBlock | null {
  const squeezed = squeeze(text, start, MAX_REVIEW_BLOCK);
  const head = HEAD.exec(squeezed.text);
  if (head === null) return null;
  const [lead, publicKey, signature] = head as unknown as [string, string, string];
  const fields = COMMENT.exec(squeezed.text.slice(lead.length));
  if (fields === null) return null;
  const [comment, time, by, series, version, digest] = fields as unknown as string[];
  const tail = TAIL.exec(squeezed.text.slice(lead.length + comment!.length));
  if (tail === null) return null;
  const end = endOfLine(text, squeezed, lead.length + comment!.length + tail[0].length);
  if (end === null) return null;
  if (by!.length > MAX_BY || normaliseIdentity(by!) !== by) return null;
  const terms = {
    time: Number(time),
    by,
    series: series === "-" ? null : series!,
    version: version === "-" ? null : Number(version),
  };
  const lines =
    `untrusted comment: ${untrusted(publicKey)}\n${signature}\n` +
    `trusted comment: ${reviewComment(terms, digest!)}\n${tail[0]}\n`;
  try {
    // the pattern checks for "RW", but "Ed" in base64 also takes a part of the third character
    const key = parsePublicKeyText(publicKey);
    return { ...terms, publicKey, key, end, signature: parseSignature(Buffer.from(lines)) };
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** Checks the comment's signature first: if that is good, but not the text's digest, the text was changed. */
function verified(said: ReviewText, block: ReviewBlock, verifier: Verifier): ReviewReading {
  const { key, signature, publicKey, time, by, series, version } = block;
  const terms = { time, by, series, version };
  const text = formatReviewText(said);
  const bytes = Buffer.from(text);
  const comment = globalMessage(signature.signature, signature.trustedComment);
  if (!verifier.verifyStrict(key.point, comment, signature.globalSignature))
    return { ok: false, why: "signature" };
  if (signature.trustedComment !== reviewComment(terms, sha256(text)))
    return { ok: false, why: "changed" };
  if (verifySignature(verifier, key, bytes, signature) !== "good")
    return { ok: false, why: "signature" };
  if (!isBy(said, terms.by)) return { ok: false, why: "malformed" };
  return {
    ok: true,
    review: { ...terms, ...said, publicKey, text, minisig: formatSignature(signature) },
  };
}

/** True if all trailers name the signer. */
function isBy({ trailers }: ReviewText, by: string): boolean {
  return trailers.every(({ address }) => normaliseIdentity(address) === by);
}

/** Signs a review. Throws a RangeError for a review that no reader would accept. */
export function signReview(signer: LocalSigner, said: ReviewText & ReviewTerms): SignedReview {
  return signNow(signer, reviewSigning(signer.publicKey, said));
}

/** The steps of `signReview`, for a signer that may be asynchronous, such as an agent. */
export function* reviewSigning(
  key: PublicKey,
  said: ReviewText & ReviewTerms,
): Signing<SignedReview> {
  const { time, by, series, version, trailers, patches } = said;
  const terms = { time, by, series, version };
  if (!isBy(said, by) || !/^[!-~]{3,254}$/.test(by))
    throw new RangeError("the trailers are another person's, or not ASCII");
  const text = formatReviewText(said);
  const publicKey = formatPublicKeyText(key);
  const comment = reviewComment(terms, sha256(text));
  const made = yield* signing(key, Buffer.from(text), comment, untrusted(publicKey));
  return { ...terms, trailers, patches, publicKey, text, minisig: formatSignature(made) };
}

/** A review as it stands in a mail: the text, an empty line, and the signature's four lines. */
export function formatReview({ text, minisig }: SignedReview): string {
  return `${text}\n${minisig}`;
}

function reviewComment({ time, by, series, version }: ReviewTerms, digest: string): string {
  return `patchsig-review-v1 t=${time} by=${by} series=${series ?? "-"} v=${version ?? "-"} text=${digest}`;
}

function untrusted(publicKey: PublicKeyText): string {
  return `patchsig-review ${publicKey}`;
}
