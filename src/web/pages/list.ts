/** The page for a list's owner: patches and series by month, as a picture and in numbers. */

import type { ListMonth } from "../../app/desk/statistics.ts";
import type { LettersEffect } from "../../bot/effect.ts";
import { effectLines } from "../../report/bot.ts";
import { ours, type SafeText } from "../../report/escape.ts";
import { type Html, html } from "../html.ts";
import { page } from "../layout.ts";

/** @param letters null if no bot runs on this machine */
export function listPage(months: readonly ListMonth[], letters: LettersEffect | null): Html {
  const its = months.length === 0 ? html`<p>There are no patches yet.</p>` : monthsPart(months);
  return page(ours`list`, "/list", html`${its}${letters === null ? null : letterPart(letters)}`);
}

function letterPart(effect: LettersEffect): Html {
  const rows = effectLines(effect).map(
    ([n, what]) =>
      html`<tr><td class="number">${ours`${n}`}</td><th scope="row">${ours`${what}`}</th></tr>`,
  );
  return html`<h2>letters of the bot</h2><table class="plain"><tbody>${rows}</tbody></table>`;
}

/** A column of the table of months. Columns with zeroes only are left out. */
interface Column {
  readonly name: SafeText;
  readonly of: (month: ListMonth) => number;
  /** The number of which it is a part, to show a percentage. */
  readonly whole?: (month: ListMonth) => number;
}

const patchesOf = ({ patches }: ListMonth): number => patches;
const seriesOf = ({ series }: ListMonth): number => series;

function columnsOf(months: readonly ListMonth[]): Column[] {
  const all: readonly Column[] = [
    { name: ours`patches`, of: patchesOf },
    { name: ours`signed`, of: ({ signed }) => signed, whole: patchesOf },
    { name: ours`vouched for`, of: ({ vouched }) => vouched, whole: patchesOf },
    { name: ours`series`, of: seriesOf },
    { name: ours`with a base`, of: ({ withBase }) => withBase, whole: seriesOf },
  ];
  return all.filter(({ of }) => months.some((month) => of(month) > 0));
}

function monthsPart(months: readonly ListMonth[]): Html {
  const columns = columnsOf(months);
  const rows = months.toReversed().map((one) => {
    const cells = columns.map(
      ({ of, whole }) =>
        html`<td>${of(one)}${whole === undefined ? null : html` <small>${share(of(one), whole(one))}</small>`}</td>`,
    );
    return html`<tr><th scope="row">${ours`${one.month}`}</th>${cells}</tr>`;
  });
  const parts = PARTS.filter(({ of }) => months.some((month) => of(month) > 0));
  const legend = parts.map(({ name, opacity }) => html` ${swatch(opacity)} ${name}`);
  return html`
    <figure>${bars(months)}<figcaption>patches a month${legend}</figcaption></figure>
    <table class="plain"><thead><tr><th scope="col">month</th>${columns.map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
      <tbody>${rows}</tbody></table>`;
}

function share(part: number, whole: number): Html | null {
  return part === 0 || whole === 0 ? null : html`${Math.round((100 * part) / whole)} %`;
}

/** Parts of a bar, from the bottom. */
const PARTS: readonly { name: SafeText; of: (month: ListMonth) => number; opacity: SafeText }[] = [
  { name: ours`signed`, of: ({ signed }) => signed, opacity: ours`1` },
  { name: ours`vouched for`, of: ({ vouched }) => vouched, opacity: ours`0.6` },
];
const REST = ours`0.3`;

function swatch(opacity: SafeText): Html {
  return html`<svg viewBox="0 0 1 1" width="12" height="12" aria-hidden="true"><rect width="1" height="1" fill="currentColor" opacity="${opacity}"/></svg>`;
}

const HEIGHT = 160;
const BAR = 22;
const GAP = 6;
/** Room above and below the bars, for numbers. */
const TOP = 18;
const BOTTOM = 20;

function bars(months: readonly ListMonth[]): Html {
  const most = Math.max(1, ...months.map(patchesOf));
  const heightOf = (n: number): number => Math.round((HEIGHT * n) / most);
  const width = Math.max(6, months.length) * (BAR + GAP);
  const all = months.map((one, i) => {
    const { month, patches } = one;
    let [y, rest] = [TOP + HEIGHT, patches];
    const piece = (n: number, opacity: SafeText): Html => {
      y -= heightOf(n);
      rest -= n;
      return html`<rect x="${i * (BAR + GAP)}" y="${y}" width="${BAR}" height="${heightOf(n)}" fill="currentColor" opacity="${opacity}"/>`;
    };
    const its = PARTS.map(({ of, opacity }) => piece(Math.min(of(one), rest), opacity));
    const said = PARTS.map(({ name, of }) => ours`, ${of(one)} ${name}`);
    return html`<g><title>${ours`${month}: ${patches} patches`}${said.map((part) => html`${part}`)}</title>${its}${piece(rest, REST)}</g>`;
  });
  const top = months.findIndex((one) => one.patches === most);
  const label = (i: number, y: number, anchor: SafeText, words: SafeText): Html =>
    html`<text x="${i}" y="${y}" text-anchor="${anchor}" font-size="13" fill="currentColor">${words}</text>`;
  const [first, last] = [months[0]!, months.at(-1)!];
  const end = (months.length - 1) * (BAR + GAP) + BAR;
  return html`<svg viewBox="0 0 ${width} ${TOP + HEIGHT + BOTTOM}" width="${width}" height="${TOP + HEIGHT + BOTTOM}" role="img"
    aria-label="patches a month">${all}${label(Math.max(0, top) * (BAR + GAP), TOP - 5, ours`start`, ours`${most}`)}
    ${label(0, TOP + HEIGHT + 15, ours`start`, ours`${first.month}`)}${
      months.length < 6 ? null : label(end, TOP + HEIGHT + 15, ours`end`, ours`${last.month}`)
    }</svg>`;
}
