/** The first page: series in sections, by what the maintainer has to do about them. */

import { type DeskFacts, SECTIONS, type Section, sectionOf } from "../../app/desk/sections.ts";
import type { FeedState } from "../../app/desk/feeds.ts";
import type { DeskWork } from "../../app/desk/works.ts";
import { count } from "../../primitives/words.ts";
import { instant } from "../../primitives/time.ts";
import { escapeText, ours, type SafeText } from "../../report/escape.ts";
import { type Html, html } from "../html.ts";
import { page } from "../layout.ts";
import { type TableFacts, workTable } from "../words.ts";

const TITLES: Readonly<Record<Section, SafeText>> = {
  alarm: ours`look into these first`,
  ready: ours`ready to apply`,
  "waiting-for-me": ours`something new since you looked`,
  "in-my-paths": ours`new in your paths`,
  failing: ours`tests fail`,
  reviewed: ours`reviewed or acked`,
  new: ours`new`,
  "waiting-for-author": ours`waiting for their authors`,
  done: ours`done`,
};

/** Folded away: the maintainer rarely needs them. */
const FOLDED: ReadonlySet<Section> = new Set(["waiting-for-author", "done"]);

/** Most series of a section; the others are on the page of all series. */
const MAX_ROWS = 50;

export interface MorningState {
  readonly works: readonly DeskWork[];
  readonly facts: DeskFacts & TableFacts;
  /** The followed feeds. */
  readonly feeds: readonly FeedState[];
  /** Mails and series in the index. */
  readonly counts: { readonly mails: number; readonly series: number };
  /** While the index is being updated: how many mails were read so far. Null afterwards. */
  readonly reading: { readonly mails: number } | null;
  /** How many mails, or parts of sources, could not be read. */
  readonly unread: number;
}

export function morningPage(morning: MorningState): Html {
  const { works, facts, feeds, counts, reading, unread } = morning;
  const sections = new Map<Section, DeskWork[]>(SECTIONS.map((name) => [name, []]));
  for (const work of works) sections.get(sectionOf(work, facts))!.push(work);
  const parts = [...sections].flatMap(([name, its]) => {
    if (its.length === 0) return [];
    const title = html`${TITLES[name]} <small>${its.length}</small>`;
    const rest = its.length - MAX_ROWS;
    const table = html`${workTable(its.slice(0, MAX_ROWS), facts)}
      ${rest > 0 ? html`<p>and ${rest} more among <a href="/series">all series</a></p>` : null}`;
    return FOLDED.has(name)
      ? [html`<details><summary><h2 class="inline">${title}</h2></summary>${table}</details>`]
      : [html`<section><h2>${title}</h2>${table}</section>`];
  });
  const state = html`<p>${counted(counts.mails, "mail")}, ${ours`${counts.series} series`}${
    reading === null
      ? null
      : html`; <b>reading: ${counted(reading.mails, "mail")} so far</b>, reload to see more`
  }${unread === 0 ? null : html`; ${ours`${unread} could not be read`}`}${facts.still ? html`; made ${ours`${instant(facts.now)}`}` : null}</p>
    ${feedAlarms(feeds)}`;
  const body = works.length === 0 ? html`<p>There are no series yet.</p>` : html`${parts}`;
  return page(ours`morning`, "/", html`${state}${body}`);
}

/** Feeds whose history was rewritten: an alarm, as a changed key is. */
function feedAlarms(feeds: readonly FeedState[]): Html | null {
  const rewritten = feeds.filter(({ withdrawn }) => withdrawn.length > 0);
  if (rewritten.length === 0) return null;
  const items = rewritten.map(
    ({ name, withdrawn }) =>
      html`<li class="fail"><b>feed</b> <a href="/feeds">${escapeText(name)}</a>: its history was rewritten,
        ${counted(withdrawn.length, "mail")} withdrawn</li>`,
  );
  return html`<section><h2>look into these feeds first</h2><ul class="findings">${items}</ul></section>`;
}

function counted(n: number, what: string): SafeText {
  return ours`${count(n, what)}`;
}
