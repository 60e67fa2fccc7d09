/** The page of one mail: what is known of it, its text, and its diff. */

import type { MailDetail } from "../../app/desk/mail.ts";
import { escapeLines, escapeText, ours } from "../../report/escape.ts";
import { type Html, html } from "../html.ts";
import { page } from "../layout.ts";
import { toPatch, toRaw, toSeries } from "../names.ts";
import { findingList, shownSubject, shownTrust, verdictMark } from "../words.ts";
import { vouchedWords } from "../../report/columns.ts";
import { spoken } from "../../report/text.ts";
import { isOnlyUnsigned, type PatchResult } from "../../verify/result.ts";

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
  const raw = toRaw(row.messageId, copy);
  const recipients = header.filter(([name]) => FOLDED.has(name));
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
        : html`<p>${shownVerdict(result)}</p>${findingList(spoken(result.findings))}`
    }
    ${copies.length > 1 ? copyList(row.messageId, copies, copy) : null}
    ${fieldTable(header.filter(([name]) => !FOLDED.has(name) && name !== "Subject"))}
    ${recipients.length === 0 ? null : html`<details><summary>${ours`${recipients.map(([name]) => name).join(", ")}`}</summary>${fieldTable(recipients)}</details>`}
    <pre class="wrap">${escapeLines(text)}</pre>
    ${diff === "" ? null : html`<pre tabindex="0" role="region" aria-label="diff">${diffLines(diff)}</pre>`}
    ${cut ? html`<p class="warn">the rest is too long for a page: see <a href="${raw}">raw</a></p>` : null}`;
  return page(shownSubject(row.subject), "", body);
}

/** Folded away: they are long, and of little use to a reader. */
const FOLDED: ReadonlySet<string> = new Set(["To", "Cc"]);

function fieldTable(fields: MailDetail["header"]): Html {
  const rows = fields.map(
    ([name, value]) =>
      html`<tr><th scope="row">${ours`${name}`}</th><td>${escapeText(value)}</td></tr>`,
  );
  return html`<table class="fields">${rows}</table>`;
}

/** The mails with the same Message-ID, each with its verdict. */
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

function shownVerdict(result: PatchResult): Html {
  const unsigned = escapeText(vouchedWords([result]));
  if (isOnlyUnsigned(result)) return html`${unsigned}`;
  const mark = verdictMark(result.verdict, false);
  return result.signer === null
    ? html`${mark} ${unsigned}`
    : html`${mark} signed by ${escapeText(result.signer)} (${shownTrust(result.trust)})`;
}

/** Where the diff's files begin: above stand the changes since the last version, and the diffstat. */
const FIRST_FILE = /^(?:diff --git |--- .*\r?\n\+\+\+ )/m;

function diffLines(diff: string): readonly Html[] {
  const start = diff.search(FIRST_FILE);
  const [above, files] = start < 0 ? [diff, ""] : [diff.slice(0, start), diff.slice(start)];
  return [html`${escapeLines(above)}`, ...(files === "" ? [] : files.split("\n").map(diffLine))];
}

function diffLine(line: string): Html {
  const text = escapeLines(line);
  if (/^(?:\+\+\+|---) /.test(line) || line.startsWith("diff --git "))
    return html`<b>${text}</b>\n`;
  // the line after which a mailer's signature stands: it removes nothing
  if (line === "-- ")
    return html`${text}
`;
  if (line.startsWith("+")) return html`<ins>${text}</ins>\n`;
  if (line.startsWith("-")) return html`<del>${text}</del>\n`;
  if (line.startsWith("@@")) return html`<span class="hunk">${text}</span>\n`;
  return html`${text}\n`;
}
