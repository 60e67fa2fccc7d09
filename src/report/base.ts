/** What `patchsig base` prints for people: the series, then an aligned line per fact. */

import type { BaseLines } from "../base/lines.ts";
import { baseSentence, dependencyName, type Need } from "../base/check.ts";
import type { SeriesOutline } from "../verify/result.ts";
import type { Base, BaseCheck } from "../base/result.ts";
import type { Finding } from "../findings.ts";
import { count } from "../primitives/words.ts";
import { escapeText, ours, type SafeText, truncateTo, wrapTo } from "./escape.ts";
import type { Style } from "./text.ts";

const LABEL = 14;
/** Most prerequisites to list one by one. */
const MAX_LISTED = 20;

/** `song: be loud, v2, 3 patches` */
export function seriesTitle({ subject, version, total }: SeriesOutline, style: Style): SafeText {
  const more = `${version > 1 ? `, v${version}` : ""}, ${count(total, "patch")}`;
  const title = escapeText(subject === "" ? "(no subject)" : subject);
  return ours`${truncateTo(title, Math.max(16, style.columns - more.length))}${more}`;
}

/** A label and its text, wrapped below itself. */
export function factLines(label: string, text: string, style: Style): SafeText[] {
  const width = Math.max(20, style.columns - LABEL - 2);
  return wrapTo(escapeText(text), width).map((line, i) =>
    escapeText(`  ${(i === 0 ? label : "").padEnd(LABEL)}${line}`.trimEnd()),
  );
}

function findingLines(findings: readonly Finding[], style: Style): SafeText[] {
  return findings.flatMap(({ severity, message, hint }) => [
    ...factLines(
      severity === "info" ? "note" : severity === "warn" ? "warning" : "FAIL",
      message,
      style,
    ),
    ...(hint === "" ? [] : factLines("", hint, style)),
  ]);
}

export function renderShow(
  series: SeriesOutline,
  claim: { readonly base: Base; readonly signed: boolean; readonly lines: BaseLines },
  findings: readonly Finding[],
  style: Style,
): SafeText[] {
  const { base, signed, lines } = claim;
  const said = signed ? "as signed" : "not signed";
  return [
    seriesTitle(series, style),
    ...factLines("base", base.commit === null ? "none recorded" : `${base.commit} ${said}`, style),
    ...(base.tree === null ? [] : factLines("tree", base.tree, style)),
    ...lines.prerequisites
      .slice(0, MAX_LISTED)
      .flatMap((id) => factLines("prerequisite", id, style)),
    ...(lines.prerequisites.length > MAX_LISTED
      ? factLines("", `and ${lines.prerequisites.length - MAX_LISTED} more`, style)
      : []),
    ...lines.dependencies.flatMap((d) => factLines("depends on", dependencyName(d), style)),
    ...(lines.changeId === null ? [] : factLines("change-id", lines.changeId, style)),
    ...findingLines(findings, style),
  ];
}

export function renderCheck(
  series: SeriesOutline,
  base: Base,
  checkup: {
    readonly check: BaseCheck;
    readonly findings: readonly Finding[];
    readonly prerequisites: readonly Need[];
    readonly dependencies: readonly Need[];
  },
  style: Style,
): SafeText[] {
  const { check, findings, prerequisites, dependencies } = checkup;
  const sentence = baseSentence(check);
  const short = base.commit?.slice(0, 12) ?? "none recorded";
  const atHand = (needs: readonly Need[], what: string): SafeText[] =>
    needs.length === 0
      ? []
      : factLines(what, `${needs.filter((n) => n.found).length} of ${needs.length} here`, style);
  return [
    seriesTitle(series, style),
    ...factLines("base", sentence === "" ? short : `${short} ${sentence}`, style),
    ...atHand(prerequisites, "prerequisites"),
    ...atHand(dependencies, "depends on"),
    ...findingLines(findings, style),
  ];
}
