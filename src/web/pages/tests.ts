/** The page of the latest test results: what was tested, by whom, and whether that counts. */

import type { DeskResult } from "../../app/desk/results.ts";
import { day } from "../../primitives/time.ts";
import { escapeText, joinSafe, ours } from "../../report/escape.ts";
import { type Html, html } from "../html.ts";
import { page } from "../layout.ts";
import { logLink } from "./test-matrix.ts";
import { toPatch, toPerson, toSearch } from "../names.ts";

export function testsPage(results: readonly DeskResult[]): Html {
  const body =
    results.length === 0
      ? html`<p>There are no test results in these mails.</p>`
      : html`<table><thead><tr><th scope="col">result</th><th scope="col">test</th><th scope="col">where</th>
          <th scope="col">tree</th><th scope="col">by</th><th scope="col">day</th></tr></thead>
          <tbody>${results.map(resultRow)}</tbody></table>`;
  return page(ours`tests`, "/tests", body);
}

function resultRow({ said, worth, messageId }: DeskResult): Html {
  const { result, test, env, tree, by, time, log } = said;
  const mark = result === "pass" ? ours`pass` : result === "fail" ? ours`fail` : ours`none`;
  const name = ours`${result}`;
  const shown =
    worth === "withdrawn"
      ? html`<span class="mark none">${name}</span>`
      : html`<a class="mark ${worth === "counts" ? mark : ours`none`}" href="${toPatch(messageId)}">${name}</a>`;
  return html`<tr>
    <td>${shown}
      <small>${ours`${worth}`}</small></td>
    <td><a href="${toSearch(`test:${test}`)}">${escapeText(test)}</a></td>
    <td>${joinSafe(
      env.map((entry) => escapeText(entry)),
      ours` `,
    )}</td>
    <td><code>${ours`${tree.slice(0, 12)}`}</code></td>
    <td class="who"><a href="${toPerson(by)}">${escapeText(by)}</a></td>
    <td class="number">${ours`${day(time)}`}${logLink(log)}</td>
  </tr>`;
}
