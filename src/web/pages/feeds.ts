/** The page of followed feeds: when each was fetched, how large it is, and what was withdrawn from it. */

import type { FeedState } from "../../app/desk/feeds.ts";
import { instant } from "../../primitives/time.ts";
import { escapeText, ours, type SafeText } from "../../report/escape.ts";
import { type Html, html } from "../html.ts";
import { page } from "../layout.ts";
import { dayOf, shownSubject } from "../words.ts";

/** Most withdrawn mails of a feed that are shown. */
const MAX_NAMED = 20;

export function feedsPage(feeds: readonly FeedState[]): Html {
  const none = html`<p>No feed is followed: <code>git patchsig feed follow</code> follows one.</p>`;
  const table = html`<table><thead><tr><th scope="col">feed</th><th scope="col">fetched</th>
    <th scope="col">state</th><th scope="col">size</th><th scope="col">epochs</th>
    <th scope="col">owner's key</th></tr></thead><tbody>${feeds.map(feedRow)}</tbody></table>`;
  const withdrawn = feeds.filter((feed) => feed.withdrawn.length > 0).map(withdrawnPart);
  return page(ours`feeds`, "/feeds", html`${feeds.length === 0 ? none : table}${withdrawn}`);
}

function feedRow(feed: FeedState): Html {
  const { name, url, query, updated, size, max, epochs, owner } = feed;
  return html`<tr>
    <td class="title">${escapeText(name)} <small>${escapeText(url)}${
      query === null ? null : html`, <code>${escapeText(query)}</code>`
    }</small></td>
    <td class="number">${updated === 0 ? ours`never` : ours`${instant(updated)}`}</td>
    <td>${stateOf(feed)}</td>
    <td class="number">${megabytes(size)} of ${megabytes(max)}</td>
    <td>${query === null ? epochs : null}</td>
    <td class="key">${owner === null ? ours`unknown` : html`<code>${escapeText(owner)}</code>`}</td>
  </tr>`;
}

function stateOf({ withdrawn, asleep, described, updated }: FeedState): Html {
  if (withdrawn.length > 0)
    return html`<b class="fail">its history was rewritten: ${withdrawn.length} withdrawn</b>`;
  if (asleep)
    return html`<span class="warn">its owner last described it ${dayOf(described)}</span>`;
  return updated === 0 ? html`<span class="warn">not fetched yet</span>` : html`ok`;
}

function withdrawnPart({ name, withdrawn }: FeedState): Html {
  const items = withdrawn
    .slice(0, MAX_NAMED)
    .map(
      ({ messageId, subject, record, at }) =>
        html`<li>${dayOf(at)} ${shownSubject(subject)} <code>${escapeText(messageId)}</code>${
          record ? html` <small>signed</small>` : null
        }</li>`,
    );
  const more = withdrawn.length - items.length;
  return html`<h2>withdrawn from ${escapeText(name)}</h2><ul>${items}</ul>
    ${more > 0 ? html`<p>and ${more} more</p>` : null}`;
}

function megabytes(bytes: number): SafeText {
  return ours`${(bytes / 1e6).toFixed(1)} MB`;
}
