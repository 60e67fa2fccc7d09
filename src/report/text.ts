/**
 * What a person reads: one aligned line a patch, then the series, then what to do.
 *
 * The rules of output, for the whole program: short, lower case, no full stop at the end of a
 * line; nothing is said twice; text from a mail is escaped before it comes near a terminal; colour
 * carries nothing that the words do not say.
 */

import type { Finding } from "../types.ts";
import type { PatchResult, SeriesResult, SummaryResult } from "../verify/result.ts";
import { displayWidth, escapeText, padTo, truncateTo, wrapTo } from "./escape.ts";

export interface Style {
  /** Width of the screen; lines are cut or wrapped to it. */
  readonly columns: number;
  readonly color: boolean;
}

type Tint = "good" | "bad" | "odd" | "dim" | "plain";
const CODES: Record<Tint, string> = { good: "32", bad: "1;31", odd: "33", dim: "2", plain: "" };

function tint(style: Style, name: Tint, text: string): string {
  return style.color && CODES[name] !== "" ? `\x1b[${CODES[name]}m${text}\x1b[0m` : text;
}

/** The first column. An unsigned patch is not a failed one: it is said in other words. */
function label(patch: PatchResult): [string, Tint] {
  if (patch.verdict === "pass") return ["ok", "good"];
  if (patch.signature === "none" && patch.findings.every((f) => f.code !== "unsigned-known"))
    return patch.findings.some((f) => f.severity === "fail" && f.code !== "unsigned")
      ? ["FAIL", "bad"]
      : ["none", "odd"];
  return patch.verdict === "warn" ? ["warn", "odd"] : ["FAIL", "bad"];
}

const TRUST_WORDS: Record<NonNullable<PatchResult["trust"]>, string> = {
  pinned: "pinned",
  endorsed: "endorsed",
  known: "known",
  "first-use": "first use",
  changed: "KEY CHANGED",
  revoked: "REVOKED",
  unknown: "unknown",
};

/** Said by the columns themselves, or worth a line only to a program. */
const QUIET = new Set(["unsigned", "unsigned-allowed", "all-cr", "format-flowed"]);
const SPOKEN_INFO = new Set(["author-recovered"]);

function spoken(findings: readonly Finding[]): Finding[] {
  return findings.filter(
    (f) => !QUIET.has(f.code) && (f.severity !== "info" || SPOKEN_INFO.has(f.code)),
  );
}

/** A series and its patches, as lines without LF. */
export function renderSeries(
  series: SeriesResult,
  patches: readonly PatchResult[],
  style: Style,
): string[] {
  const rows = patches.map((patch) => ({
    patch,
    number: patch.series === null ? "" : `${patch.series.index}/${patch.series.total}`,
    who: escapeText(patch.signer ?? patch.author?.email ?? ""),
    trust: trustWord(patch),
  }));
  const widest = (pick: (row: (typeof rows)[number]) => string, cap: number): number =>
    Math.min(cap, Math.max(0, ...rows.map((row) => displayWidth(pick(row)))));
  const number = widest((row) => row.number, 9);
  const trust = widest((row) => row.trust, 12);
  const who = widest((row) => row.who, Math.max(16, Math.floor(style.columns / 3)));
  const subject = Math.max(16, style.columns - (6 + number + 1 + 2 + who + 2 + trust));
  const indent = 6 + number + 1;

  const lines: string[] = [];
  for (const row of rows) {
    const [word, hue] = label(row.patch);
    const text = [
      tint(style, hue, word.padEnd(6)),
      `${row.number.padStart(number)} `,
      padTo(truncateTo(escapeText(row.patch.subject), subject), subject),
      `  ${padTo(truncateTo(row.who, who), who)}`,
      `  ${row.trust}`,
    ].join("");
    lines.push(text.trimEnd());
    for (const f of spoken(row.patch.findings)) lines.push(...explain(f, indent, style));
  }
  lines.push(...seriesLines(series, patches, style));
  return lines;
}

function trustWord(patch: PatchResult): string {
  if (patch.signature === "none") return patch.trust === null ? "not signed" : "NOT SIGNED";
  if (patch.signature === "malformed") return "unreadable";
  return patch.trust === null ? "" : TRUST_WORDS[patch.trust];
}

/** A finding and its hint, wrapped below the subject's column. */
function explain(f: Finding, indent: number, style: Style): string[] {
  const width = Math.max(20, style.columns - indent);
  const pad = " ".repeat(indent);
  const parts = f.hint === "" ? [f.message] : [f.message, f.hint];
  return parts.flatMap((part) => wrapTo(escapeText(part), width).map((line) => pad + line));
}

/** What holds of the series as a whole, each thing once. */
function seriesLines(
  series: SeriesResult,
  patches: readonly PatchResult[],
  style: Style,
): string[] {
  const lines: string[] = [];
  const key = patches.flatMap((p) => p.findings).find((f) => f.code.startsWith("key-"));
  const label = series.version > 1 ? `v${series.version}, ` : "";
  const here = series.total - series.missing.length;
  const order = series.sealed ? " in the signed order" : "";
  const say = (text: string): void => {
    lines.push(...wrapTo(escapeText(text), style.columns));
  };
  if (series.total > 1) {
    const failed = patches.filter((p) => p.verdict === "fail").length;
    const unsigned = patches.filter((p) => p.signature === "none").length;
    const tail =
      failed === 0
        ? ""
        : unsigned === patches.length
          ? ", not signed"
          : `, ${failed} of them failed`;
    say(`${label}${here} of ${series.total}${order}${tail}`);
  }
  if (key !== undefined && key.severity === "info") {
    say(key.message);
    if (key.hint !== "") say(key.hint);
  }
  for (const f of spoken(series.findings)) {
    say(f.message + (f.hint === "" ? "" : `; ${f.hint}`));
  }
  if (series.base.commit !== null) {
    const tree = series.base.tree === null ? "" : ` ${series.base.tree}`;
    say(`base ${series.base.commit.slice(0, 12)}${tree}`);
  }
  return lines;
}

/** The last line of a run over more than one series. */
export function renderSummary(summary: SummaryResult, style: Style): string[] {
  const count = (n: number, word: string): string => (n === 0 ? "" : `, ${n} ${word}`);
  const text =
    `${summary.patches} ${summary.patches === 1 ? "patch" : "patches"} in ` +
    `${summary.messages} ${summary.messages === 1 ? "mail" : "mails"}` +
    `${count(summary.pass, "ok")}${count(summary.warn, "to look at")}${count(summary.fail, "not good")}`;
  return wrapTo(text.replace(", ", ": "), style.columns);
}
