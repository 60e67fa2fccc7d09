/** Trailers in replies, for people: apart from what the author signed. */

import { numberList, rangesOf } from "../verify/numbers.ts";
import type { RepliesResult } from "../verify/result.ts";
import { count } from "../primitives/words.ts";
import {
  displayWidth,
  escapeText,
  joinSafe,
  ours,
  padTo,
  type SafeText,
  truncateTo,
  wrapTo,
} from "./escape.ts";
import type { Style } from "./text.ts";

type Given = RepliesResult["trailers"][number];
type LeftOut = RepliesResult["leftOut"][number];

/** Most lines of trailers that are left out. */
const MAX_LISTED = 8;

/**
 * A line for each trailer: for which patches it is, and how well it is proved who gave it. Below, those that
 * nobody should take for given, and why.
 *
 *     reply 1/2 Reviewed-by: Bob Berg <bob@example.org>      not signed
 *     left out: "Tested-by: Carl <carl@example.org>", sent by mallory@example.net
 *
 * @param total of the series' patches
 */
export function renderReplies(
  { trailers, leftOut, reviews }: RepliesResult,
  total: number,
  style: Style,
): SafeText[] {
  const rows = trailers.map((one) => ({
    number: patchesWord(one.patches, total),
    text: escapeText(one.trailer),
    proof: proofWords(one),
  }));
  const hidden = leftOut.length - MAX_LISTED;
  return [
    ...trailerRows(ours`reply `, rows, style),
    ...leftOut
      .slice(0, MAX_LISTED)
      .flatMap((one) => leftOutLines(one.trailer, reasonWords(one), style)),
    ...(hidden > 0 ? [escapeText(`left out: ${count(hidden, "more trailer")}`)] : []),
    ...reviewLines(reviews, style),
  ];
}

/** What there is to say of signed reviews, but for those that are as they should be: each once. */
function reviewLines(reviews: RepliesResult["reviews"], { columns }: Style): SafeText[] {
  const said = new Map(
    reviews
      .flatMap(({ findings }) => findings)
      .filter(({ code }) => code !== "review-key-known")
      .map(({ message, hint }) => [message, hint]),
  );
  const hidden = said.size - MAX_LISTED;
  return [
    ...[...said]
      .slice(0, MAX_LISTED)
      .flatMap(([message, hint]) => [
        ...wrapTo(escapeText(`review: ${message}`), columns),
        ...(hint === "" ? [] : [escapeText(`        ${hint}`)]),
      ]),
    ...(hidden > 0 ? [escapeText(`review: ${hidden} more remarks`)] : []),
  ];
}

/** The same of trailers that somebody wrote into the patches' mails after they were signed. */
export function renderWrittenIn({ written, dropped, total }: WrittenIn, style: Style): SafeText[] {
  const rows = [...written].map(([line, patches]) => ({
    number: patchesWord(patches, total),
    text: escapeText(line),
    proof: ours`not signed`,
  }));
  const why = "added to the mail, and none of the trailers that are read in replies";
  return [
    ...trailerRows(ours`mail  `, rows, style),
    ...[...new Set(dropped)].slice(0, MAX_LISTED).flatMap((line) => leftOutLines(line, why, style)),
  ];
}

interface WrittenIn {
  /** By the line, the numbers of the patches. */
  readonly written: ReadonlyMap<string, readonly number[]>;
  readonly dropped: readonly string[];
  readonly total: number;
}

interface TrailerRow {
  readonly number: string;
  readonly text: SafeText;
  readonly proof: SafeText;
}

function trailerRows(label: SafeText, rows: readonly TrailerRow[], style: Style): SafeText[] {
  const most = (pick: (row: TrailerRow) => string): number =>
    rows.reduce((width, row) => Math.max(width, displayWidth(pick(row))), 0);
  const number = most((row) => row.number);
  const numbers = number === 0 ? 0 : number + 1;
  const room = style.columns - label.length - numbers - 2 - most((row) => row.proof);
  const text = Math.max(
    24,
    Math.min(
      most((row) => row.text),
      room,
    ),
  );
  return rows.map((row) =>
    joinSafe([
      ours`${label}${row.number.padStart(number).padEnd(numbers)}`,
      padTo(truncateTo(row.text, text), text),
      ours`  ${row.proof}`,
    ]),
  );
}

/** `1/3` · `1 to 2/3` · `all` */
function patchesWord(patches: readonly number[], total: number): string {
  if (total === 1) return "";
  return patches.length === total ? "all" : `${numberList(rangesOf([...patches]))}/${total}`;
}

const PROOFS: Readonly<Record<Given["proof"], (given: Given) => string>> = {
  proven: () => "signed",
  diff: () => "signed for this diff",
  vouched: ({ vouchedBy }) => `vouched by ${vouchedBy ?? ""}`,
  none: ({ match, from }) =>
    match === "address" ? "not signed" : match === "name" ? "name only" : `sent by ${from.email}`,
};

/** How well it is proved who gave a trailer. */
export function proofWords(given: Given): SafeText {
  const words = PROOFS[given.proof](given);
  return escapeText(given.version === null ? words : `${words}, given to ${given.version}`);
}

const WHY: Readonly<Record<LeftOut["why"], (one: LeftOut) => string>> = {
  sender: ({ from }) => `sent by ${from.email === "" ? "somebody else" : from.email}`,
  review: () => "not what the reply's signed review says",
  diff: () => "in a reply with a diff of its own",
  elsewhere: () => "for another patch in the thread",
  changed: () => "for another version of the patch, with another diff",
  unknown: () => "in reply to a mail that is not here",
  ambiguous: () => "in reply to a Message-ID that two mails have",
  many: () => "one of too many in this thread",
  quoted: () => "below a quote that is not marked",
  characters: () => "invisible or control characters",
  words: () => "encoded words",
  person: () => "it does not name one address",
  long: () => "a very long line",
  lookalike: () => "its address looks like that of somebody who has a key here",
};

/** Why a trailer is not taken. */
export function reasonWords(one: LeftOut): SafeText {
  return escapeText(WHY[one.why](one));
}

function leftOutLines(trailer: string, why: string, style: Style): SafeText[] {
  return wrapTo(escapeText(`left out: "${trailer}", ${why}`), style.columns);
}
