/** Words and small parts that pages share. Every state is shown as a word; colour only repeats it. */

import type { InBranch } from "../app/desk/applied.ts";
import { alarmsOf, type DeskFacts } from "../app/desk/sections.ts";
import type { TestCounts } from "../app/desk/tests.ts";
import type { DeskSeries, DeskWork } from "../app/desk/works.ts";
import { day } from "../primitives/time.ts";
import { count } from "../primitives/words.ts";
import { escapeText, joinSafe, ours, type SafeText } from "../report/escape.ts";
import { TRUST_WORDS } from "../report/columns.ts";
import type { SeriesMark } from "../store/series-marks.ts";
import type { Finding } from "../findings.ts";
import type { Verdict } from "../types.ts";
import { numberCount } from "../verify/numbers.ts";
import { type Html, html } from "./html.ts";
import { toSeries } from "./names.ts";

export const VERDICTS: Readonly<Record<Verdict, SafeText>> = {
  pass: ours`ok`,
  warn: ours`warn`,
  fail: ours`FAIL`,
};

/** A verdict. For what is merely unsigned, as most mails are, it says `none`, and nothing stands out. */
export function verdictMark(verdict: Verdict, isUnsigned: boolean): Html {
  return isUnsigned
    ? html`<span class="none">none</span>`
    : html`<span class="mark ${ours`${verdict}`}">${VERDICTS[verdict]}</span>`;
}

/** The day of a time in seconds since the epoch; 0 stands for no date. */
export function dayOf(time: number): Html {
  return time === 0 ? html`no date` : html`<time>${ours`${day(time)}`}</time>`;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long ago a time was: `3 days`. */
function age(time: number, now: number): SafeText {
  const seconds = Math.max(0, now - time);
  if (seconds < HOUR) return ours`${count(Math.floor(seconds / MINUTE), "minute")}`;
  if (seconds < 2 * DAY) return ours`${count(Math.floor(seconds / HOUR), "hour")}`;
  return ours`${count(Math.floor(seconds / DAY), "day")}`;
}

/** How many of a series' patches are here: `2/3`. */
export function partsOf({ summary }: DeskSeries): SafeText {
  const { total, missing } = summary;
  return ours`${total - numberCount(missing)}/${total}`;
}

/** Counts of Acked-by, Reviewed-by and Tested-by; bold if some are proven. */
function trailerCounts({ summary }: DeskSeries): Html {
  const { reviewed, acked, tested } = summary;
  const one = (letter: string, name: string, { all, proven }: typeof acked): Html =>
    all === 0
      ? html``
      : html`<abbr title="${ours`${all} ${name}-by, ${proven} proven`}"
          >${ours`${letter}`}${proven > 0 ? html`<b>${all}</b>` : html`${all}`}</abbr
        > `;
  return html`${one("A", "Acked", acked)}${one("R", "Reviewed", reviewed)}${one("T", "Tested", tested)}`;
}

/** The state of a key in words; null for an unsigned mail. */
export function shownTrust(trust: keyof typeof TRUST_WORDS | "result-only" | null): SafeText {
  if (trust === null) return ours`unsigned`;
  return ours`${(TRUST_WORDS as Readonly<Record<string, string>>)[trust] ?? trust}`;
}

/** A mail's title, or words that say it has none. */
export function shownSubject(subject: string): SafeText {
  return subject === "" ? ours`(no subject)` : escapeText(subject);
}

/** What a table of works shows besides the works themselves. */
export interface TableFacts extends Pick<DeskFacts, "inBranch" | "tests" | "now"> {
  /** As of DeskOptions: the table shows dates instead of ages. */
  readonly still: boolean;
}

const TESTS: readonly (readonly [keyof TestCounts, SafeText, SafeText])[] = [
  ["fail", ours`FAIL`, ours`fail`],
  ["disputed", ours`disputed`, ours`fail`],
  ["pass", ours`pass`, ours`pass`],
  ["other", ours`no verdict`, ours`none`],
];

/** Counts of tests: `1 FAIL 12 pass`. */
function testCounts(counts: TestCounts | undefined): Html | null {
  if (counts === undefined) return null;
  const parts = TESTS.filter(([kind]) => counts[kind] > 0);
  return html`${parts.map(
    ([kind, word, mark]) => html`<span class="nobreak ${mark}">${counts[kind]} ${word}</span> `,
  )}`;
}

/** How much of a series is in the branch; null if that is nothing, or not known. */
export function shownInBranch(found: InBranch | undefined): Html | null {
  if (found === undefined || found.applied + found.alike === 0) return null;
  const { total, applied, alike } = found;
  if (applied === total) return html`<small>in the branch</small>`;
  const parts = [
    applied === 0 ? [] : [ours`${applied} of ${total}`],
    alike === 0 ? [] : [ours`${alike} of ${total} by title, with another diff`],
  ].flat();
  return html`<small>in the branch: ${joinSafe(parts, ours`, `)}</small>`;
}

/** A mark and its note: `waiting: asked for a test`. */
function shownMark({ state, note }: SeriesMark): Html | null {
  const words = [state === "new" ? "" : state, note].filter((word) => word !== "");
  return words.length === 0 ? null : html`<small>${escapeText(words.join(": "))}</small>`;
}

/** The alarms of a work, in words: the verdict alone does not say them. */
function shownAlarms(work: DeskWork): Html | null {
  const alarms = alarmsOf(work).map((words) => ours`${words}`);
  return alarms.length === 0
    ? null
    : html`<small class="fail">${joinSafe(alarms, ours`; `)}</small>`;
}

/** A table with a row for each work. */
export function workTable(
  works: readonly DeskWork[],
  { inBranch, tests, now, still }: TableFacts,
): Html {
  if (works.length === 0) return html`<p>There are none.</p>`;
  // by all works of the page, so that all its tables have the same columns
  const areTested = tests.size > 0;
  const rows = works.map((one) => {
    const { work, newest, latest, mark } = one;
    const { summary, verdict } = newest;
    const { commit } = summary.base;
    const base =
      commit === null
        ? html`<small>no base</small>`
        : html`<code>${ours`${commit.slice(0, 12)}`}</code>`;
    return html`<tr>
      <td>${verdictMark(verdict, summary.unsigned)}</td>
      <td>${ours`${summary.name}`}</td>
      <td class="number">${partsOf(newest)}</td>
      <td class="title"><a href="${toSeries(newest.messageIds[0] ?? "")}">${shownSubject(summary.subject)}</a>
        ${shownAlarms(one)}
        ${mark === null ? null : shownMark(mark)}
        ${shownInBranch(inBranch.get(work))}</td>
      <td class="who">${escapeText(summary.from || "unknown")}${summary.trust === null ? null : html` <small>${shownTrust(summary.trust)}</small>`}</td>
      <td class="base">${base}</td>
      <td>${trailerCounts(newest)}</td>
      ${areTested ? html`<td>${testCounts(tests.get(work))}</td>` : null}
      <td class="number">${still ? dayOf(latest) : age(latest, now)}</td>
    </tr>`;
  });
  return html`<table class="works">
    <thead><tr><th scope="col" class="w4">verdict</th><th scope="col" class="w4">version</th>
      <th scope="col" class="w4">patches</th><th scope="col">title</th><th scope="col" class="w16">from</th>
      <th scope="col" class="w8">base</th><th scope="col" class="w5">trailers</th>
      ${areTested ? html`<th scope="col" class="w9">tests</th>` : null}<th scope="col" class="w6">last mail</th></tr></thead>
    <tbody>${rows}</tbody>
  </table>`;
}

/** The findings on a patch or a series, the worst first. */
export function findingList(findings: readonly Finding[]): Html {
  const order = { fail: 0, warn: 1, info: 2 };
  const sorted = [...findings].sort((a, b) => order[a.severity] - order[b.severity]);
  if (sorted.length === 0) return html``;
  const items = sorted.map(
    ({ severity, message, hint, code }) =>
      html`<li class="${ours`${severity}`}"><b>${ours`${severity}`}</b> ${escapeText(message)}${
        hint === "" ? null : html` <small>${escapeText(hint)}</small>`
      } <code>${ours`${code}`}</code></li>`,
  );
  return html`<ul class="findings">${items}</ul>`;
}
