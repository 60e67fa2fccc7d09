/**
 * Output for people: one aligned line per patch, then the series, then what to do.
 *
 * The rules of output, for the whole program: short, lower case, no full stop at the end of a
 * line; nothing is said twice; text from a mail is escaped before it reaches a terminal; colour
 * adds nothing to the words.
 */

import { commandAt } from "../commands.ts";
import type { Finding, FindingCode } from "../findings.ts";
import {
  isOnlyUnsigned,
  type PatchResult,
  type SeriesResult,
  type StatementMail,
} from "../verify/result.ts";
import { baseSentence } from "../base/check.ts";
import { numberCount, numberList, rangesOf } from "../verify/numbers.ts";
import { shellWords } from "../primitives/shell.ts";
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
import { shortName } from "../primitives/object-name.ts";
import { numberWord, trustWord, vouchedWords, whoWord } from "./columns.ts";

export interface Style {
  /** Width of the screen; lines are cut or wrapped to it. */
  readonly columns: number;
  readonly color: boolean;
}

type Tint = "good" | "bad" | "warn" | "dim";
const COLORS: Record<Tint, SafeText> = {
  good: ours`\x1b[32m`,
  bad: ours`\x1b[1;31m`,
  warn: ours`\x1b[33m`,
  dim: ours`\x1b[2m`,
};
const NO_COLOR = ours`\x1b[0m`;

export function tint(style: Style, name: Tint, text: SafeText): SafeText {
  return style.color ? joinSafe([COLORS[name], text, NO_COLOR]) : text;
}

/** Unsigned, and that is odd. */
const STANDS_OUT: ReadonlySet<string> = new Set([
  "unsigned-known",
  "not-vouched",
  "unvouched",
  "devsig-changed",
  "devsig-missing",
]);

/** The first column. An unsigned patch has not failed, so it has its own word. */
function label(patch: PatchResult): [string, Tint] {
  if (patch.verdict === "pass") return ["ok", "good"];
  if (patch.signature === "none" && patch.findings.every((f) => !STANDS_OUT.has(f.code)))
    return patch.findings.some((f) => f.severity === "fail" && f.code !== "unsigned")
      ? ["FAIL", "bad"]
      : ["none", "warn"];
  return patch.verdict === "warn" ? ["warn", "warn"] : ["FAIL", "bad"];
}

/** The columns say these, or only programs need them. */
const QUIET = new Set(["all-cr", "answer", "format-flowed", "series-incomplete", "unsigned"]);
/** Said of all patches together; and in which words, if those of one do not fit several. */
const TOGETHER: Readonly<Partial<Record<FindingCode, string | null>>> = {
  unchanged: null,
  replayed: "came before, in other mails",
};
const SPOKEN_INFO = new Set([
  "author-recovered",
  "base-guessed",
  "replayed",
  "unchanged",
  "series-partial",
  "series-composed",
  "thread-cut",
  "statement-applied",
  "statement-ignored",
  "devsig-good",
  "devsig-known",
  "devsig-first-use",
  "devsig-unknown-key",
  "devsig-unsupported",
]);

/** Those that are worth a line of their own. */
export function spoken(findings: readonly Finding[]): Finding[] {
  return findings.filter(
    (f) => !QUIET.has(f.code) && (f.severity !== "info" || SPOKEN_INFO.has(f.code)),
  );
}

/** A row: a patch, or an unsigned series. */
interface Row {
  readonly label: readonly [string, Tint];
  readonly number: string;
  readonly subject: string;
  readonly who: SafeText;
  readonly trust: string;
  readonly findings: readonly Finding[];
}

/** A series and its patches, as lines without LF. One that is only unsigned is one line. */
export function renderSeries(
  series: SeriesResult,
  patches: readonly PatchResult[],
  style: Style,
): SafeText[] {
  if (isUnsignedSeries(patches))
    return renderRows([unsignedRow(series, patches)], style).concat(unsignedLines(series, style));
  return [...renderRows(patches.map(patchRow), style), ...seriesLines(series, patches, style)];
}

/** The same without the patches that are good: only what somebody should look at. */
export function renderOdd(
  series: SeriesResult,
  patches: readonly PatchResult[],
  style: Style,
): SafeText[] {
  if (isUnsignedSeries(patches)) return renderSeries(series, patches, style);
  const odd = patches.filter(({ verdict }) => verdict !== "pass");
  return [...renderRows(odd.map(patchRow), style), ...seriesLines(series, patches, style)];
}

/** True if it failed, or has a patch to look at that is more than unsigned. */
export function standsOut({ verdict }: SeriesResult, patches: readonly PatchResult[]): boolean {
  return verdict === "fail" || patches.some((p) => p.verdict !== "pass" && !isOnlyUnsigned(p));
}

/** True if its patches are unsigned, and that is all. */
export function isUnsignedSeries(patches: readonly PatchResult[]): boolean {
  return patches.length > 0 && patches.every(isOnlyUnsigned);
}

/** True if it names no base, though it should. */
export function namesNoBase({ findings }: SeriesResult): boolean {
  return findings.some(({ code }) => code === "base-missing");
}

function patchRow(patch: PatchResult): Row {
  return {
    label: label(patch),
    number: numberWord(patch),
    subject: patch.subject,
    who: escapeText(patch.signer ?? whoWord(patch)),
    trust: trustWord(patch),
    findings: patch.findings.filter(({ code }) => !(code in TOGETHER)),
  };
}

/** X-Developer-Signatures that say nothing odd of who sent it: not worth a line of an unsigned series. */
const USUAL_SIGNATURES = new Set([
  "devsig-known",
  "devsig-first-use",
  "devsig-unknown-key",
  "devsig-unsupported",
]);

function unsignedRow(series: SeriesResult, patches: readonly PatchResult[]): Row {
  const { total, missing, version, subject } = series;
  const authors = new Set(patches.map(whoWord));
  const [first = ""] = authors;
  const isReply = patches.some((patch) => numberWord(patch) === "reply");
  const named = version > 1 ? `v${version} ` : "";
  const others = authors.size > 1 ? ` +${authors.size - 1}` : "";
  return {
    label: label(patches[0]!),
    number: isReply ? "reply" : `${named}${total - numberCount(missing)}/${total}`,
    subject,
    who: escapeText(`${first}${others}`),
    trust: `${vouchedWords(patches)}${namesNoBase(series) ? ", no base" : ""}`,
    findings: patches
      .flatMap(({ findings }) => findings)
      .filter(({ code }) => !USUAL_SIGNATURES.has(code)),
  };
}

function renderRows(rows: readonly Row[], style: Style): SafeText[] {
  const widest = (pick: (row: (typeof rows)[number]) => string, cap: number): number =>
    Math.min(cap, Math.max(0, ...rows.map((row) => displayWidth(pick(row)))));
  const number = widest((row) => row.number, 9);
  const numbers = number === 0 ? 0 : number + 1;
  const trust = widest((row) => row.trust, 19);
  const who = widest((row) => row.who, Math.max(16, Math.floor(style.columns / 3)));
  const subject = Math.max(16, style.columns - (6 + numbers + 2 + who + 2 + trust));
  const indent = 6 + numbers;

  const lines: SafeText[] = [];
  const explained = new Set<string>();
  for (const row of rows) {
    const [word, hue] = row.label;
    const text = [
      padTo(truncateTo(escapeText(row.subject || "(no subject)"), subject), subject),
      padTo(truncateTo(row.who, who), who),
      row.trust,
    ].join("  ");
    lines.push(
      joinSafe([
        tint(style, hue, ours`${word.padEnd(6)}`),
        ours`${row.number.padStart(number).padEnd(numbers)}`,
        ours`${text.trimEnd()}`,
      ]),
    );
    for (const f of spoken(row.findings)) {
      const said = `${f.message}\n${f.hint}`;
      if (!explained.has(said)) lines.push(...explain(f, indent, style));
      explained.add(said);
    }
  }
  return lines;
}

/** A finding and its hint, wrapped below the subject's column. */
function explain(f: Finding, indent: number, style: Style): SafeText[] {
  const width = Math.max(20, style.columns - indent);
  const lines = [...wrapTo(escapeText(f.message), width), ...wrapHint(escapeText(f.hint), width)];
  return lines.map((line) => ours`${" ".repeat(indent)}${line}`);
}

/** As wrapTo, but a wrapped command can still be pasted into a shell. */
function wrapHint(hint: SafeText, columns: number): SafeText[] {
  if (hint === "") return [];
  const command = commandAt(hint);
  if (command < 0 || displayWidth(hint) <= columns) return wrapTo(hint, columns);
  const before = hint.slice(0, command).trimEnd();
  const [first = "", ...others] = wrapCommand(hint.slice(command), columns - 4);
  return [
    ...(before === "" ? [] : wrapTo(escapeText(before), columns)),
    ...[first, ...others.map((line) => `  ${line}`)].map((line, i) =>
      escapeText(i < others.length ? `${line} \\` : line),
    ),
  ];
}

/** Breaks a command only between words: in quotes a shell keeps the line break. */
function wrapCommand(command: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of shellWords(command)) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length === 0 || displayWidth(longer) > columns) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** What a row of an unsigned series does not say. */
function unsignedLines(series: SeriesResult, style: Style): SafeText[] {
  const missing = series.complete ? [] : [`missing ${numberList(series.missing)}`];
  const findings = spoken(series.findings).filter(({ code }) => code !== "base-missing");
  const base = series.baseCheck === undefined ? [] : baseLines(series);
  return [...missing, ...findings.map(sentence), ...base].flatMap((text) =>
    wrapTo(escapeText(text), style.columns),
  );
}

/** What holds for the whole series, each thing once. */
function seriesLines(
  series: SeriesResult,
  patches: readonly PatchResult[],
  style: Style,
): SafeText[] {
  const lines: SafeText[] = [];
  const say = (text: string): void => {
    lines.push(...wrapTo(escapeText(text), style.columns));
  };
  if (series.total > 1 || !series.complete) say(countLine(series, patches));
  for (const key of keysMet(patches)) {
    say(key.message);
    if (key.hint !== "") say(key.hint);
  }
  saidTogether(patches).forEach(say);
  for (const f of spoken(series.findings)) say(sentence(f));
  baseLines(series).forEach(say);
  return lines;
}

/** `1 to 4: unchanged since v1`; without numbers if it holds of all. */
function saidTogether(patches: readonly PatchResult[]): string[] {
  const groups = new Map<string, { readonly finding: Finding; readonly of: PatchResult[] }>();
  for (const patch of patches)
    for (const finding of patch.findings.filter(({ code }) => code in TOGETHER)) {
      const key = TOGETHER[finding.code] ?? finding.message;
      const group = groups.get(key) ?? { finding, of: [] };
      groups.set(key, group);
      group.of.push(patch);
    }
  return [...groups].map(([words, { finding, of }]) => {
    const numbers = of.flatMap(({ series }) => series?.index ?? []).toSorted((a, b) => a - b);
    const which = of.length === patches.length ? "" : `${patchNumbers(numbers)}: `;
    return `${which}${of.length === 1 ? finding.message : words}`;
  });
}

/** `1 to 3` · `cover letter and 2` */
function patchNumbers(numbers: readonly number[]): string {
  const patches = numberList(rangesOf(numbers.filter((n) => n > 0)));
  const cover = numbers.includes(0) ? ["cover letter"] : [];
  return [...cover, ...(patches === "" ? [] : [patches])].join(" and ");
}

function sentence({ message, hint }: Finding): string {
  return message + (hint === "" ? "" : `; ${hint}`);
}

/** The base, with what the repository says of it; else with its tree. */
function baseLines({ base, baseCheck }: SeriesResult): string[] {
  if (base.commit === null) return [];
  const said = baseCheck === undefined ? "" : baseSentence(baseCheck);
  const tree = base.tree === null ? "" : ` ${base.tree}`;
  return [`base ${shortName(base.commit)}${said === "" ? tree : ` ${said}`}`];
}

/** `v2, 3 of 3 in the signed order` · `2 of 3, missing 2, 1 failed` */
function countLine(series: SeriesResult, rows: readonly PatchResult[]): string {
  const patches = rows.filter((patch) => patch.series?.index !== 0);
  const labelled = (word: string): number => patches.filter((p) => label(p)[0] === word).length;
  const [unsigned, failed] = [labelled("none"), labelled("FAIL")];
  const here = series.total - numberCount(series.missing);
  return [
    ...(series.version > 1 ? [`v${series.version}`] : []),
    `${here} of ${series.total}${series.sealed ? " in the signed order" : ""}`,
    ...(series.complete ? [] : [`missing ${numberList(series.missing)}`]),
    ...(unsigned === 0
      ? []
      : [unsigned === patches.length ? "not signed" : `${unsigned} not signed`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ].join(", ");
}

/** What is known of each key that signed, once. */
function keysMet(patches: readonly PatchResult[]): Finding[] {
  const met = new Map<string, Finding>();
  for (const { signer, publicKey, findings } of patches) {
    const key = findings.find((f) => f.code.startsWith("key-") && f.severity === "info");
    const name = `${signer} ${publicKey}`;
    if (key !== undefined && !met.has(name)) met.set(name, key);
  }
  return [...met.values()];
}

/** A mail without a patch: its subject, and the outcome of its statements. */
export function renderNote(note: StatementMail, style: Style): SafeText[] {
  const subject = truncateTo(escapeText(note.subject || "(no subject)"), style.columns - 6);
  return [
    joinSafe([tint(style, "dim", ours`note`), ours`  ${subject}`]),
    ...note.findings.flatMap((f) => explain(f, 6, style)),
  ];
}
