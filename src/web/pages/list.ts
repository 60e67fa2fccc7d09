/** For a list's owner: month by month, as a picture and as its numbers. */

import type { ListMonth } from "../../app/desk/statistics.ts";
import type { LettersEffect } from "../../bot/effect.ts";
import { effectLines } from "../../report/bot.ts";
import { ours } from "../../report/escape.ts";
import { type Html, html } from "../html.ts";
import { page } from "../layout.ts";

/** @param letters null without a bot on this machine */
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

function monthsPart(months: readonly ListMonth[]): Html {
  const rows = months.toReversed().map(
    ({ month, patches, signed, series, withBase }) =>
      html`<tr><th scope="row">${ours`${month}`}</th><td>${patches}</td>
          <td>${signed} <small>${share(signed, patches)}</small></td><td>${series}</td>
          <td>${withBase} <small>${share(withBase, series)}</small></td></tr>`,
  );
  return html`
    <figure>${bars(months)}<figcaption>patches a month; the lower part is signed</figcaption></figure>
    <table><thead><tr><th scope="col">month</th><th scope="col">patches</th><th scope="col">signed</th>
      <th scope="col">series</th><th scope="col">with a base</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function share(part: number, whole: number): Html {
  return whole === 0 ? html`` : html`${Math.round((100 * part) / whole)} %`;
}

const HEIGHT = 160;
const BAR = 22;
const GAP = 6;

function bars(months: readonly ListMonth[]): Html {
  const most = Math.max(1, ...months.map(({ patches }) => patches));
  const heightOf = (n: number): number => Math.round((HEIGHT * n) / most);
  const width = months.length * (BAR + GAP);
  const all = months.map(({ month, patches, signed }, i) => {
    const x = i * (BAR + GAP);
    const [tall, low] = [heightOf(patches), heightOf(signed)];
    return html`<g><title>${ours`${month}: ${patches} patches, ${signed} signed`}</title>
      <rect x="${x}" y="${HEIGHT - tall}" width="${BAR}" height="${tall}" fill="currentColor" opacity="0.35"/>
      <rect x="${x}" y="${HEIGHT - low}" width="${BAR}" height="${low}" fill="currentColor"/></g>`;
  });
  return html`<svg viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" role="img"
    aria-label="patches a month">${all}</svg>`;
}
