/**
 * The signed text of a review (docs/spec/review.md): who says what of which patches.
 *
 *     patchsig-review-v1
 *     Reviewed-by: Bob <bob@example.org>
 *     patch: 1/3 <message> <diff>
 *
 * Transports wrap lines, so white space is one thing to a reader: words are put together again.
 */

import { sha256 } from "../patch/attestation.ts";

/** What a review can say. The order in which it says several is this one. */
export const REVIEW_TRAILERS = ["Reviewed-by", "Acked-by", "Tested-by"] as const;
export type ReviewTrailerName = (typeof REVIEW_TRAILERS)[number];

/** `Reviewed-by: Bob <bob@example.org>` */
export interface ReviewTrailer {
  readonly name: ReviewTrailerName;
  /** Without white space at its ends, and with single blanks. */
  readonly person: string;
  /** As written; its normal form is the signer's address. */
  readonly address: string;
}

/** By what a review knows a patch again: SHA-256 in lower-case hex. */
export interface ReviewDigests {
  /** Of the attestation's lines `subject: ` and `message: `, each with its line end. */
  readonly message: string;
  /** The attestation's digest of the canonical diff. */
  readonly diff: string;
}

/** A patch that was reviewed. Its number is a label for people: the digests say which patch it is. */
export interface ReviewedPatch extends ReviewDigests {
  readonly index: number;
  readonly total: number;
}

/** What the signed text says. */
export interface ReviewText {
  /** One to three, in the order of `REVIEW_TRAILERS`, by one person. */
  readonly trailers: readonly ReviewTrailer[];
  /** At least one, by ascending numbers of one total. */
  readonly patches: readonly ReviewedPatch[];
}

/** A review of more patches is refused. */
export const MAX_PATCHES = 1000;
/** A patch's line has at most 144 bytes, a trailer at most 1,024; and some white space. */
export const MAX_REVIEW_TEXT = 1 << 18;
const MAX_NAME = 256;

/**
 * What must not stand in a name: controls, what turns the direction of text, and further line ends;
 * white space but single blanks; and what ends it.
 */
const NOT_IN_NAME =
  /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069<>]|^ | $| {2}|\p{Surrogate}/u;

const FIRST_LINE = "patchsig-review-v1";
const HEX = "[0-9a-f]{64}";
const SPACES = " \\t\\r\\n";
const GAP = `[${SPACES}]+`;
const NAMES = REVIEW_TRAILERS.join("|");
/** Sticky; on text of which each character is a byte. */
const TRAILER = new RegExp(
  `(${NAMES}):${GAP}([^<>]{1,4096}?)${GAP}<([^<>${SPACES}]{3,254})>${GAP}`,
  "y",
);
const PATCH = new RegExp(
  `patch:${GAP}([1-9][0-9]{0,3})/([1-9][0-9]{0,3})${GAP}(${HEX})${GAP}(${HEX})${GAP}`,
  "y",
);
const START = new RegExp(`${FIRST_LINE}${GAP}`, "y");

/** What is signed, in UTF-8. Throws a RangeError for what no reader would accept. */
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

export function formatReviewTrailer({ name, person, address }: ReviewTrailer): string {
  return `${name}: ${person} <${address}>`;
}

/**
 * Reads a text at the start of `wrapped`, in which white space may be of any kind and number, but
 * words are whole.
 *
 * @param wrapped bytes of UTF-8, one character for each
 * @returns what it says, and where the text that follows begins; null if it is damaged
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

/** The rules that no grammar says. */
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
 * By what a review knows a patch.
 *
 * @param attestation the patch's (spec, "The attestation"): version, author, subject, message, diff
 */
export function reviewDigests(attestation: Buffer): ReviewDigests {
  // no line of it holds a line end
  const [, , subject, message, diff] = attestation.toString("latin1").split("\n");
  const both = Buffer.from(`${subject!}\n${message!}\n`, "latin1");
  return { message: sha256(both), diff: diff!.slice("diff: ".length) };
}
