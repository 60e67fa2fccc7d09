/**
 * The signed text of a review (docs/spec/review.md): trailers, and the patches that they are for.
 *
 *     patchsig-review-v1
 *     Reviewed-by: Bob <bob@example.org>
 *     patch: 1/3 <message> <diff>
 *
 * Transports wrap lines, so readers treat any white space alike, and put the lines together again.
 */

import { sha256 } from "../patch/attestation.ts";

/** The trailers that a review can give; several stand in this order. */
export const REVIEW_TRAILERS = ["Reviewed-by", "Acked-by", "Tested-by"] as const;
export type ReviewTrailerName = (typeof REVIEW_TRAILERS)[number];

/** `Reviewed-by: Bob <bob@example.org>` */
export interface ReviewTrailer {
  readonly name: ReviewTrailerName;
  /** The name, with single blanks, and no white space at its ends. */
  readonly person: string;
  /** As written. Normalised, it is the signer's identity. */
  readonly address: string;
}

/** The digests by which a review names a patch: SHA-256 in lower-case hex. */
export interface ReviewDigests {
  /** Of the attestation's lines `subject: ` and `message: `, each with its line end. */
  readonly message: string;
  /** The digest of the canonical diff, as in the attestation. */
  readonly diff: string;
}

/** A patch that was reviewed. The digests identify it; its number is a label for people. */
export interface ReviewedPatch extends ReviewDigests {
  readonly index: number;
  readonly total: number;
}

/** What the signed text says. */
export interface ReviewText {
  /** One to three, in the order of `REVIEW_TRAILERS`, by one person. */
  readonly trailers: readonly ReviewTrailer[];
  /** At least one, with ascending numbers, and all with the same total. */
  readonly patches: readonly ReviewedPatch[];
}

/** Patches of a review; one of more is refused. */
export const MAX_PATCHES = 1000;
/** Bytes of a text, with white space: a patch's line has at most 144, a trailer at most 1,024. */
export const MAX_REVIEW_TEXT = 1 << 18;
/** Bytes of a name. */
const MAX_NAME = 256;

/**
 * What a name must not contain: control characters, other line ends, characters that turn the direction of text; `<`
 * and `>`, which end it; and white space except single blanks between words.
 */
const NOT_IN_NAME =
  /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069<>]|^ | $| {2}|\p{Surrogate}/u;

const FIRST_LINE = "patchsig-review-v1";
const HEX = "[0-9a-f]{64}";
const SPACES = " \\t\\r\\n";
const GAP = `[${SPACES}]+`;
const WORD = `[^<>${SPACES}]+`;
const NAMES = REVIEW_TRAILERS.join("|");
/** For text in latin1, in which each character is one byte. */
const TRAILER = new RegExp(
  `(${NAMES}):${GAP}(${WORD}(?:${GAP}${WORD})*)${GAP}<([^<>${SPACES}]{3,254})>${GAP}`,
  "y",
);
const PATCH = new RegExp(
  `patch:${GAP}([1-9][0-9]{0,3})/([1-9][0-9]{0,3})${GAP}(${HEX})${GAP}(${HEX})${GAP}`,
  "y",
);
const START = new RegExp(`${FIRST_LINE}${GAP}`, "y");

/** The text that is signed, in UTF-8. Throws a RangeError for a review that no reader would accept. */
export function formatReviewText(review: ReviewText): string {
  if (!isSound(review)) throw new RangeError("no review can say that");
  const { trailers, patches } = review;
  const lines = [
    FIRST_LINE,
    ...trailers.map(formatReviewTrailer),
    ...patches.map((p) => `patch: ${p.index}/${p.total} ${p.message} ${p.diff}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** A trailer as a line, without its LF. */
export function formatReviewTrailer({ name, person, address }: ReviewTrailer): string {
  return `${name}: ${person} <${address}>`;
}

/**
 * Reads a text at the start of `wrapped`. Between words there may be any white space; no word may be broken.
 *
 * @param wrapped UTF-8, as latin1: each character is one byte
 * @returns the review, and the offset after its text; null if it is damaged
 */
export function readReviewText(wrapped: string): { review: ReviewText; end: number } | null {
  const cursor = { at: 0 };
  if (matchAt(START, wrapped, cursor) === null) return null;
  const trailers: ReviewTrailer[] = [];
  const patches: ReviewedPatch[] = [];
  for (let m = matchAt(TRAILER, wrapped, cursor); m !== null;) {
    const [, name, person, address] = m as unknown as string[];
    const words = utf8(person!)?.replace(/[ \t\r\n]+/g, " ");
    const whose = utf8(address!);
    if (words === undefined || whose === null) return null;
    trailers.push({ name: name as ReviewTrailerName, person: words, address: whose });
    m = matchAt(TRAILER, wrapped, cursor);
  }
  for (let m = matchAt(PATCH, wrapped, cursor); m !== null;) {
    const [, index, total, message, diff] = m as unknown as string[];
    patches.push({ index: Number(index), total: Number(total), message: message!, diff: diff! });
    m = matchAt(PATCH, wrapped, cursor);
  }
  const review = { trailers, patches };
  return isSound(review) ? { review, end: cursor.at } : null;
}

function matchAt(grammar: RegExp, text: string, cursor: { at: number }): RegExpExecArray | null {
  grammar.lastIndex = cursor.at;
  const match = grammar.exec(text);
  if (match !== null) cursor.at = grammar.lastIndex;
  return match;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function utf8(bytes: string): string | null {
  try {
    return UTF8.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return null;
  }
}

/** The rules beyond the grammar. */
function isSound({ trailers, patches }: ReviewText): boolean {
  const [trailer] = trailers;
  const [patch] = patches;
  if (trailer === undefined || patch === undefined || patches.length > MAX_PATCHES) return false;
  const order = trailers.map(({ name }) => REVIEW_TRAILERS.indexOf(name));
  return (
    isAscending(order) &&
    isAscending(patches.map(({ index }) => index)) &&
    trailers.every((t) => t.person === trailer.person && t.address === trailer.address) &&
    isName(trailer.person) &&
    patches.every((p) => p.total === patch.total && p.index <= p.total)
  );
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => i === 0 || number > numbers[i - 1]!);
}

/** True if a review can be given under this name. */
export function isName(person: string): boolean {
  return person !== "" && Buffer.byteLength(person) <= MAX_NAME && !NOT_IN_NAME.test(person);
}

/**
 * The digests by which a review names a patch.
 *
 * @param attestation the patch's signed text (docs/spec/patch-signature.md, "The attestation")
 */
export function reviewDigests(attestation: Buffer): ReviewDigests {
  // its five lines: version, author, subject, message, diff
  const [, , subject, message, diff] = attestation.toString("latin1").split("\n");
  const both = Buffer.from(`${subject!}\n${message!}\n`, "latin1");
  return { message: sha256(both), diff: diff!.slice("diff: ".length) };
}
