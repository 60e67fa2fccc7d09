/** The page of all people with keys, and the page of one. */

import { day } from "../../primitives/time.ts";
import { escapeText, ours } from "../../report/escape.ts";
import { TRUST_WORDS } from "../../report/columns.ts";
import type { IdentityHistory, KeyRecord } from "../../trust/record.ts";
import { type Html, html } from "../html.ts";
import { page } from "../layout.ts";
import { toPerson, toSearch } from "../names.ts";

/** @param more true if not all keys are in `keys` */
export function peoplePage(keys: readonly KeyRecord[], more: boolean): Html {
  const rows = keys.map(
    ({ identity, publicKey, state, lastSeen, patches }) => html`<tr>
      <td class="title"><a href="${toPerson(identity)}">${escapeText(identity)}</a></td>
      <td>${ours`${TRUST_WORDS[state]}`}</td>
      <td><code>${ours`${publicKey}`}</code></td>
      <td class="number">${patches}</td>
      <td class="number">${ours`${day(lastSeen)}`}</td>
    </tr>`,
  );
  const table = html`<table><thead><tr><th scope="col">who</th><th scope="col">state</th>
    <th scope="col">key</th><th scope="col">patches</th><th scope="col">last seen</th></tr></thead>
    <tbody>${rows}</tbody></table>`;
  const body = html`${keys.length === 0 ? html`<p>Nobody has signed a patch yet.</p>` : table}
    ${more ? html`<p>There are more: git patchsig trust list</p>` : null}`;
  return page(ours`people`, "/people", body);
}

/** Most keys and events of a person; the latest. Anybody can send mails in their name, so there may be many. */
const MAX_SHOWN = 500;

export function personPage(identity: string, history: IdentityHistory | null): Html {
  const { keys: allKeys = [], events: allEvents = [] } = history ?? {};
  const isCut = Math.max(allKeys.length, allEvents.length) > MAX_SHOWN;
  const keys = allKeys.slice(-MAX_SHOWN).map(
    ({ publicKey, state, firstSeen, lastSeen, patches, applied }) =>
      html`<li><code>${ours`${publicKey}`}</code> <b>${ours`${TRUST_WORDS[state]}`}</b>
        <small>${ours`${patches} patches, ${applied} applied, ${day(firstSeen)} to ${day(lastSeen)}`}</small></li>`,
  );
  const events = allEvents.slice(-MAX_SHOWN).map(
    ({ at, kind, from, to, publicKey, cause }) =>
      html`<li>${ours`${day(at)}`} ${ours`${kind}`}: <code>${ours`${publicKey}`}</code>
        ${ours`${from ?? "nothing"} → ${to ?? "nothing"}`} <small>${ours`${cause}`}</small></li>`,
  );
  const signed = html`<a href="${toSearch(`by:${identity}`)}">what they signed</a>, `;
  const body = html`
    ${keys.length === 0 ? html`<p>No key is known.</p>` : html`<h2>keys</h2><ul>${keys}</ul>`}
    ${events.length === 0 ? null : html`<h2>history</h2><ol>${events}</ol>`}
    ${isCut ? html`<p>There is more: <code>git patchsig trust show</code></p>` : null}
    <p>${keys.length === 0 ? null : signed}<a href="${toSearch(`f:${identity}`)}">what they wrote</a></p>`;
  return page(escapeText(identity), "/people", body);
}
