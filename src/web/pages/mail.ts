/** One mail: what it says, and its diff. */

import type { MailDetail } from "../../app/desk/mail.ts";
import { escapeLines, escapeText, ours } from "../../report/escape.ts";
import { type Html, html } from "../html.ts";
import { page } from "../layout.ts";
import { toPatch, toRaw, toSeries } from "../names.ts";
import { findingList, shownSubject, shownTrust, verdictMark } from "../words.ts";
import { isOnlyUnsigned } from "../../verify/result.ts";

export function mailPage({
  row,
  copies,
  copy,
  result,
  header,
  text,
  diff,
  series,
  cut,
}: MailDetail): Html {
  const fields = header.map(
    ([name, value]) =>
      html`<tr><th scope="row">${ours`${name}`}</th><td>${escapeText(value)}</td></tr>`,
  );
  const raw = toRaw(row.messageId, copy);
  const neighbours = [
    series.before === null
      ? null
      : html`<a rel="prev" accesskey="b" href="${toPatch(series.before)}">previous</a> `,
    series.first === null
      ? null
      : html`<a accesskey="u" href="${toSeries(series.first)}">series</a> `,
    series.after === null
      ? null
      : html`<a rel="next" accesskey="n" href="${toPatch(series.after)}">next</a> `,
    html`<a href="${raw}">raw</a>`,
  ].filter((one) => one !== null);
  const body = html`
    <p>${neighbours}</p>
    ${
      result === null
        ? null
        : html`<p>${verdictMark(result.verdict, isOnlyUnsigned(result))} ${
            result.signer === null ? ours`not signed` : ours`signed by ${result.signer}`
          } (${shownTrust(result.trust)})</p>${findingList(result.findings)}`
    }
    ${copies.length > 1 ? copyList(row.messageId, copies, copy) : null}
    <table>${fields}</table>
    <pre class="wrap">${escapeLines(text)}</pre>
    ${diff === "" ? null : html`<pre tabindex="0" role="region" aria-label="diff">${diffLines(diff)}</pre>`}
    ${cut ? html`<p class="warn">the rest is too long for a page: see <a href="${raw}">raw</a></p>` : null}`;
  return page(shownSubject(row.subject), "", body);
}

/** The mails that have one Message-ID, each with its verdict. */
function copyList(messageId: string, copies: MailDetail["copies"], shown: number): Html {
  const items = copies.map(({ result, isSame }, i) => {
    const mark =
      result === null ? html`no patch` : verdictMark(result.verdict, isOnlyUnsigned(result));
    const name =
      i === shown ? html`this one` : html`<a href="${toPatch(messageId, i)}">copy ${i + 1}</a>`;
    return html`<li>${name}: ${mark}${isSame ? html`, the same bytes as another` : null}</li>`;
  });
  const differ = copies.filter(({ isSame }) => !isSame).length > 1;
  const words = ours`${copies.length} mails have this Message-ID${differ ? ", and they differ" : ""}`;
  return html`<details${differ ? html` open` : null}><summary${differ ? html` class="warn"` : null}>${words}</summary><ol>${items}</ol></details>`;
}

function diffLines(diff: string): readonly Html[] {
  return diff.split("\n").map((line) => {
    const text = escapeLines(line);
    if (/^(?:\+\+\+|---) /.test(line) || line.startsWith("diff --git "))
      return html`<b>${text}</b>\n`;
    // the end of the diff, and of the mail's text
    if (line === "---" || line === "-- ")
      return html`${text}
`;
    if (line.startsWith("+")) return html`<ins>${text}</ins>\n`;
    if (line.startsWith("-")) return html`<del>${text}</del>\n`;
    if (line.startsWith("@@")) return html`<span class="hunk">${text}</span>\n`;
    return html`${text}\n`;
  });
}
