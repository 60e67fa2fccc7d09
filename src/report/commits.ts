/** Commits and their records, for people: a line each, or as git log shows them. */

import { instant } from "../primitives/time.ts";
import { count } from "../primitives/words.ts";
import { type CommitResult, type CommitStatus, type CommitSummary } from "../record/result.ts";
import { escapeText, joinSafe, ours, padTo, type SafeText, truncateTo } from "./escape.ts";
import { testLines } from "./tests.ts";
import { TRUST_WORDS } from "./columns.ts";
import { tint, type Style } from "./text.ts";

const WORDS: Readonly<Record<Exclude<CommitStatus, "amended">, string>> = {
  same: "as signed",
  trailers: "as signed, with trailers added",
  moved: "a note of another commit",
  forged: "the note is forged or damaged",
  unsigned: "not signed",
  none: "no note",
};

/** `as signed` · `message amended` · `message and diff amended` */
function statusWords({ status, amended }: CommitResult): string {
  return status === "amended" ? `${amended.join(" and ")} amended` : WORDS[status];
}

function labelOf({ verdict, status }: CommitResult): readonly [string, "good" | "warn" | "bad"] {
  if (verdict === "pass") return ["ok", "good"];
  if (verdict === "fail") return ["FAIL", "bad"];
  return status === "none" || status === "unsigned" ? ["none", "warn"] : ["warn", "warn"];
}

/** Columns: digits of a commit's name; a signer with what is known of the key. */
const NAME = 12;
const SIGNER = 44;

/** A line for a commit, and one below it if it is not good. */
export function renderCommitLine(result: CommitResult, style: Style): SafeText[] {
  const [word, color] = labelOf(result);
  const label = tint(style, color, padTo(ours`${word}`, 4));
  const left = style.columns - NAME - 10;
  const width = Math.max(12, left - SIGNER);
  const subject = padTo(truncateTo(escapeText(result.subject), width), width);
  const signer = truncateTo(escapeText(signerWords(result)), left - width);
  const line = joinSafe([label, ours`${result.commit.slice(0, NAME)}`, subject, signer], ours`  `);
  const reason = reasonWords(result);
  if (result.verdict === "pass" ? result.why === "" : reason === "") return [line];
  return [line, truncateTo(escapeText(`      ${reason}`), style.columns)];
}

function signerWords({ signer, trust, status, added }: CommitResult): string {
  if (signer === null) return WORDS[status === "amended" ? "none" : status];
  const more = status === "trailers" ? `  +${count(added.length, "trailer")}` : "";
  return `${signer}  ${trust === null ? "" : TRUST_WORDS[trust]}${more}`;
}

/** What the columns do not say. */
function reasonWords(result: CommitResult): string {
  const { why, signer, carriedFrom, status } = result;
  return [
    signer === null ? "" : statusWords(result),
    why,
    status !== "moved" || carriedFrom === null ? "" : `written on ${carriedFrom.slice(0, NAME)}`,
  ]
    .filter((text) => text !== "")
    .join("; ");
}

/** `12 commits: 10 as signed, 1 amended, 1 without a note` */
export function renderCommitTotals({ commits, statuses, fail }: CommitSummary): SafeText[] {
  const { same, trailers, amended, moved, forged, unsigned, none } = statuses;
  const parts = [
    [same + trailers, "as signed"],
    [amended, "amended"],
    [moved, "with the note of another"],
    [forged, "with a forged note"],
    [unsigned, "not signed"],
    [none, "without a note"],
  ] as const;
  const shown = parts.filter(([n]) => n > 0).map(([n, words]) => `${n} ${words}`);
  const failed = fail === 0 ? "" : `; ${fail} failed`;
  if (commits === 0) return [ours`no commits`];
  return [ours`${count(commits, "commit")}: ${shown.join(", ")}${failed}`];
}

/** A commit as git log shows it, with what its record says; without a note, only what speaks against it. */
export function renderLogEntry(result: CommitResult, style: Style): SafeText[] {
  const { record, status, publicKey } = result;
  const [word, color] = labelOf(result);
  const head = joinSafe(
    [tint(style, "warn", ours`commit ${result.commit}`), tint(style, color, ours`${word}`)],
    ours`  `,
  );
  const title = [ours``, ours`    ${result.subject}`];
  const author = ours`Author:   ${result.author}`;
  const words = [statusWords(result), ...(result.why === "" ? [] : [result.why])].join("; ");
  if (record === null)
    return [
      head,
      author,
      ...(status === "none" && result.why === "" ? [] : [ours`Record:   ${words}`]),
      ...testedLines(result, style),
      ...title,
    ];
  return [
    head,
    author,
    ours`Signed:   ${signedWords(result)}`,
    ...(publicKey === null ? [] : [ours`Key:      ${publicKey}`]),
    ours`Record:   ${words}`,
    ...thenLines(result, record),
    ...testedLines(result, style),
    ...title,
  ];
}

function testedLines({ tests }: CommitResult, { columns }: Style): SafeText[] {
  if (tests === null) return [];
  return testLines(tests, columns - 10).map(([label, text]) =>
    truncateTo(ours`${`${TEST_LABELS[label]}:`.padEnd(9)} ${text}`, Math.max(columns, 60)),
  );
}

const TEST_LABELS = { tested: "Tested", claims: "Claims", other: "Other" } as const;

function signedWords({ signer, trust, record }: CommitResult): string {
  if (signer === null)
    return record === null || record.vouched === null
      ? "no"
      : `no; ${record.vouched} vouched for it, says the applier`;
  return `${signer}${trust === null ? "" : `, key now: ${TRUST_WORDS[trust]}`}`;
}

/** What is only the applier's word. */
function thenLines(
  { series, carriedFrom, added, reviewed }: CommitResult,
  {
    verdict,
    trust,
    messageId,
    appliedBy,
    appliedAt,
    findings,
    trailers,
  }: NonNullable<CommitResult["record"]>,
): SafeText[] {
  const then = trust === null ? "" : `, key then: ${TRUST_WORDS[trust]}`;
  return [
    ours`Applied:  ${appliedBy}, ${instant(appliedAt)}: ${verdict}${then}`,
    ...(messageId === "" ? [] : [ours`Mail:     ${messageId}`]),
    ...(series === null
      ? []
      : [ours`Series:   v${series.version} ${series.index}/${series.total}`]),
    ...(carriedFrom === null ? [] : [ours`Was:      ${carriedFrom}`]),
    ...added.flatMap((line) => [ours`Added:    ${line}`, ...reviewedLines(reviewed, line)]),
    ...findings.map((f) => ours`Finding:  ${f.severity} ${f.message}`),
    ...trailers.map((t) => ours`Trailer:  ${t.line}  (${PROOFS[t.proof]})`),
  ];
}

/** What the review in the note proves, whoever wrote the note. */
function reviewedLines(reviewed: CommitResult["reviewed"], line: string): SafeText[] {
  const one = reviewed.find((trailer) => trailer.line === line);
  if (one === undefined) return [];
  const what = one.proof === "proven" ? "signed" : "signed for the diff";
  return [ours`          ${what} by ${one.by}, key now: ${TRUST_WORDS[one.trust]}`];
}

const PROOFS = {
  proven: "proven",
  diff: "proven for the diff",
  vouched: "vouched for",
  none: "not signed",
} as const;
