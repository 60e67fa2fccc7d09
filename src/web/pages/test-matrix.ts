/** The tests of a series: a table by results that count; what other keys claim stands apart. */

import type { TreeTest, TreeTests } from "../../result/about.ts";
import { escapeText, ours, type SafeText } from "../../report/escape.ts";
import { claimLine, TEST_WORDS } from "../../report/tests.ts";
import { type Html, html } from "../html.ts";
import { toPerson } from "../names.ts";
import { dayOf } from "../words.ts";

export function testPart({ tree, counting, claims, elsewhere }: TreeTests): Html {
  const claimed = claimLine(claims);
  const where =
    tree === null
      ? ours`the same patches, on whatever base`
      : ours`the same patches on another base`;
  return html`<h2>tests</h2>
    ${counting.length === 0 || tree === null ? null : html`<p>on its own tree <code>${ours`${tree.slice(0, 12)}`}</code></p>${matrix(counting, ours`tests on its own tree`)}`}
    ${claimed === "" ? null : html`<p>claims: ${escapeText(claimed)}</p>`}
    ${elsewhere.length === 0 ? null : html`<h3>${where}</h3>${matrix(elsewhere, where)}`}`;
}

/** A table of tests: a row for each test, a column for each environment. */
function matrix(tests: readonly TreeTest[], label: SafeText): Html {
  const places = [...new Set(tests.map(placeOf))].toSorted();
  const rows = new Map<string, TreeTest[]>();
  for (const one of tests) {
    const name = one.rev === null ? one.test : `${one.test} ${one.rev}`;
    const row = rows.get(name);
    if (row === undefined) rows.set(name, [one]);
    else row.push(one);
  }
  const head = places.map(
    (place) => html`<th scope="col">${place === "" ? ours`anywhere` : escapeText(place)}</th>`,
  );
  const body = [...rows].map(([name, its]) => {
    const cells = places.map(
      (place) => html`<td>${its.filter((one) => placeOf(one) === place).map(cell)}</td>`,
    );
    return html`<tr><th scope="row">${escapeText(name)}</th>${cells}</tr>`;
  });
  return html`<div class="wide" tabindex="0" role="region" aria-label="${label}"><table class="matrix">
    <thead><tr><th scope="col">test</th>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function placeOf({ env }: TreeTest): string {
  return env.join(" ");
}

const MARKS: Readonly<Record<TreeTest["answer"], SafeText>> = {
  fail: ours`fail`,
  disputed: ours`fail`,
  error: ours`warn`,
  miss: ours`warn`,
  pass: ours`pass`,
  done: ours`none`,
  skip: ours`none`,
};

function cell({ answer, flaky, by, time, log, env }: TreeTest): Html {
  const who = by.map((one) => html`<a href="${toPerson(one)}">${escapeText(one)}</a> `);
  return html`<div><small class="narrow">${escapeText(env.join(" "))} </small><span class="mark ${MARKS[answer]}">${ours`${TEST_WORDS[answer]}`}</span>${
    flaky && answer === "pass" ? html` <span class="warn">failed before</span>` : null
  } <small>${who}${dayOf(time)}</small>${logLink(log)}</div>`;
}

/** A link to a log. The format of results allows only http and https here. */
export function logLink(log: string | null): Html | null {
  return log === null
    ? null
    : html` <a rel="noreferrer noopener" href="${escapeText(log)}">log</a>`;
}
