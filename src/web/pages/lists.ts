/** The page of all series, in the order of their latest mails, and the page of a search. */

import type { FoundMails } from "../../app/search/find.ts";
import type { DeskWork } from "../../app/desk/works.ts";
import { escapeText, ours, type SafeText } from "../../report/escape.ts";
import type { MailRow } from "../../store/index-sql.ts";
import { type Html, html } from "../html.ts";
import { page } from "../layout.ts";
import { toPatch, toSearch } from "../names.ts";
import { dayOf, shownSubject, type TableFacts, verdictMark, workTable } from "../words.ts";

/** Works on a page. */
export const PAGE_WORKS = 100;
/** Mails on a page of results. */
export const PAGE_MAILS = 100;

export function seriesListPage(works: readonly DeskWork[], facts: TableFacts): Html {
  const last = works.at(-1);
  const next =
    works.length < PAGE_WORKS || last === undefined
      ? null
      : html`<p><a rel="next" href="${ours`/series?after=${last.latest}-${last.work}`}">older series</a></p>`;
  return page(ours`series`, "/series", html`${workTable(works, facts)}${next}`);
}

function searchForm(query: string): Html {
  return html`<form class="search" action="/search" role="search">
    <label for="q">words, as for lei: <code>s:title f:author d:2.weeks.ago.. kind:patch</code></label>
    <input id="q" name="q" type="search" value="${escapeText(query)}" autocomplete="off">
    <button>search</button>
  </form>`;
}

/**
 * @param found null before a search
 * @param wrong what is wrong with the query; null if nothing is
 */
export function searchPage(query: string, found: FoundMails | null, wrong: SafeText | null): Html {
  const last = found?.mails.at(-1);
  const next =
    found?.more === true && last !== undefined
      ? html`<p><a rel="next" href="${ours`${toSearch(query)}&after=${last.date}-${last.id}`}">older mails</a></p>`
      : null;
  const results =
    wrong !== null
      ? html`<p class="fail">${wrong}</p>`
      : found === null
        ? null
        : html`${mailTable(found.mails)}${next}`;
  return page(ours`search`, "/search", html`${searchForm(query)}${results}`);
}

function mailTable(mails: readonly MailRow[]): Html {
  if (mails.length === 0) return html`<p>nothing found</p>`;
  const rows = mails.map(
    (mail) => html`<tr>
      <td class="number">${dayOf(mail.date)}</td>
      <td>${ours`${mail.kind}`}</td>
      <td>${mailMark(mail)}</td>
      <td class="who">${escapeText(mail.sender)}</td>
      <td class="title"><a href="${toPatch(mail.messageId)}">${shownSubject(mail.subject)}</a></td>
    </tr>`,
  );
  return html`<table>
    <thead><tr><th scope="col">day</th><th scope="col">what</th><th scope="col">verdict</th>
      <th scope="col">from</th><th scope="col">title</th></tr></thead>
    <tbody>${rows}</tbody>
  </table>`;
}

function mailMark({ verdict }: MailRow): Html | null {
  if (verdict === "none") return verdictMark("warn", true);
  return verdict === "pass" || verdict === "warn" || verdict === "fail"
    ? verdictMark(verdict, false)
    : null;
}
