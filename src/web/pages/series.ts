/** The page of a series: its versions, what is known of each patch, trailers, the thread, and how to apply it. */

import type { InBranch } from "../../app/desk/applied.ts";
import type { VersionDetail, WorkDetail } from "../../app/desk/detail.ts";
import type { FindingCode } from "../../findings.ts";
import { isMadeName } from "../../mail/message-id.ts";
import { shellCommand } from "../../primitives/shell.ts";
import { escapeText, ours, type SafeText } from "../../report/escape.ts";
import { vouchedWords } from "../../report/columns.ts";
import { proofWords, reasonWords } from "../../report/replies.ts";
import { spoken } from "../../report/text.ts";
import type { MailRow } from "../../store/index-sql.ts";
import { isOnlyUnsigned, type RepliesResult } from "../../verify/result.ts";
import { type Html, html } from "../html.ts";
import { page } from "../layout.ts";
import { testPart } from "./test-matrix.ts";
import { toDiff, toPatch, toPerson, toThread } from "../names.ts";
import {
  dayOf,
  findingList,
  partsOf,
  shownInBranch,
  shownSubject,
  shownTrust,
  verdictMark,
} from "../words.ts";

/** @param marking the form to mark the series; null for none */
export function seriesPage(
  { work, versions, mails, tests }: WorkDetail,
  inBranch: InBranch | null,
  marking: Html | null,
): Html {
  const { summary } = work.newest;
  const newest = versions.find(({ series }) => series.id === work.newest.id);
  const older = versions.filter((one) => one !== newest).toReversed();
  const title = ours`${summary.name} ${shownSubject(summary.subject)}`;
  const body = html`
    ${newest === undefined ? html`<p class="warn">its mails cannot be read any more</p>` : versionPart(newest, amPart(newest, older[0]))}
    ${inBranch === null || inBranch.applied + inBranch.alike === 0 ? null : html`<p>${shownInBranch(inBranch)}</p>`}
    ${tests === null ? null : testPart(tests)}
    ${marking}
    ${older.length === 0 ? null : html`<h2>older versions</h2>${older.map((one, i) => olderPart(one, newest, older[i + 1]))}`}
    <h2>thread <small>${mails.length}</small></h2>
    <p><a href="${toThread(work.newest.messageIds[0] ?? "")}">t.mbox.gz</a></p>
    ${threadList(mails)}`;
  return page(title, "", body);
}

/**
 * The command that applies a version, and a link to what changed.
 *
 * @param before the version before; undefined for none
 */
function amPart(one: VersionDetail, before: VersionDetail | undefined): Html {
  const { summary, messageIds } = one.series;
  const [first = ""] = messageIds;
  const line = shellCommand("git patchsig am", first.replaceAll(/[<>]/g, ""));
  return html`${summary.applicable && !isMadeName(first) ? html`<pre class="wrap">${escapeText(line)}</pre>` : null}
    ${before === undefined ? null : html`<p>${changesLink(one, before)}</p>`}`;
}

/** @param before the version before this one; undefined for none */
function olderPart(
  one: VersionDetail,
  newest: VersionDetail | undefined,
  before: VersionDetail | undefined,
): Html {
  const { summary, date, messageIds, verdict } = one.series;
  const since = newest?.series.messageIds[0];
  const changes = [
    before === undefined ? [] : [changesLink(one, before)],
    since === undefined
      ? []
      : [html`<a href="${toDiff(since, messageIds[0] ?? "")}">what changed since this one</a>`],
  ].flat();
  const title = summary.subject === newest?.series.summary.subject ? null : summary.subject;
  return html`<details><summary>${ours`${summary.name}`}: ${partsOf(one.series)}, ${dayOf(date)}
    ${summary.unsigned ? null : verdictMark(verdict, false)} ${title === null ? null : shownSubject(title)}</summary>
    <p>${changes.map((link) => html`${link} `)}</p>
    ${versionPart(one, null)}</details>`;
}

function changesLink({ series: newer }: VersionDetail, { series: older }: VersionDetail): Html {
  const [from, to] = [older, newer].map(({ messageIds }) => messageIds[0] ?? "") as [
    string,
    string,
  ];
  const { name } = older.summary;
  // a version that was sent twice has the same name twice
  const of = name === newer.summary.name ? html` of ${dayOf(older.date)}` : null;
  return html`<a href="${toDiff(to, from)}">what changed since ${ours`${name}`}${of}</a>`;
}

/** Findings that the page does not repeat: the line above says them. */
const SAID: ReadonlySet<FindingCode> = new Set(["base-missing"]);

/** @param am the command that applies the version; null for older ones */
function versionPart({ series, result, patches, replies }: VersionDetail, am: Html | null): Html {
  const { summary, verdict, date } = series;
  const signer = result.signer ?? summary.signer;
  const who = signer ?? summary.from;
  const { commit, tree } = result.base;
  const base =
    commit === null
      ? html`no base is recorded`
      : html`base: <code>${ours`${commit}`}</code>${tree === null ? null : html`, tree <code>${ours`${tree}`}</code>`}`;
  const unsigned = escapeText(vouchedWords(patches.map((one) => one.result)));
  const findings = spoken(result.findings).filter(({ code }) => !SAID.has(code));
  return html`
    <p>${summary.unsigned ? null : verdictMark(verdict, false)} ${partsOf(series)} patches, ${dayOf(date)},
      ${signer === null ? ours`from` : ours`signed by`} <a href="${toPerson(who)}">${escapeText(who)}</a>${
        summary.trust === null ? html`, ${unsigned}` : html` (${shownTrust(summary.trust)})`
      }, ${base}</p>
    ${findingList(findings)}
    ${am}
    ${patchTable(patches, who, summary.unsigned)}
    ${replies === null ? null : replyParts(replies)}`;
}

/** A table of patches. What is the same for all of them stands above, and has no column. */
function patchTable(patches: VersionDetail["patches"], who: string, isUnsigned: boolean): Html {
  const results = patches.map(({ result }) => result);
  const hasAuthors = results.some(
    ({ author }) => author?.email.toLowerCase() !== who.toLowerCase(),
  );
  const hasKeys = new Set(results.map(({ trust }) => trust)).size > 1;
  const columns: readonly (readonly [SafeText, (one: (typeof patches)[number]) => Html])[] = [
    ...(isUnsigned ? [] : [[ours`verdict`, markCell] as const]),
    [ours`number`, numberCell],
    [ours`patch`, titleCell],
    ...(hasAuthors ? [[ours`author`, authorCell] as const] : []),
    ...(hasKeys ? [[ours`key`, keyCell] as const] : []),
  ];
  const head = columns.map(([name]) => html`<th scope="col">${name}</th>`);
  const rows = patches.map((one) => html`<tr>${columns.map(([, cell]) => cell(one))}</tr>`);
  return html`<table class="patches"><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table>`;
}

type PatchCell = (patch: VersionDetail["patches"][number]) => Html;

const markCell: PatchCell = ({ result }) =>
  html`<td>${verdictMark(result.verdict, isOnlyUnsigned(result))}</td>`;

const numberCell: PatchCell = ({ result: { series } }) =>
  html`<td class="number">${series === null ? null : ours`${series.index}/${series.total}`}</td>`;

const titleCell: PatchCell = ({ name, result: { subject, findings } }) =>
  html`<td class="title"><a href="${toPatch(name)}">${shownSubject(subject)}</a>
    ${findingList(spoken(findings).filter(({ severity }) => severity !== "info"))}</td>`;

const authorCell: PatchCell = ({ result: { author } }) =>
  html`<td class="who">${author === null ? null : ours`${author.name} <${author.email}>`}</td>`;

const keyCell: PatchCell = ({ result: { trust } }) => html`<td>${shownTrust(trust)}</td>`;

function replyParts({ trailers, leftOut }: RepliesResult): Html {
  const given = trailers.map((one) => {
    const { trailer, messageId } = one;
    return html`<li>${messageId === "" ? escapeText(trailer) : html`<a href="${toPatch(messageId)}">${escapeText(trailer)}</a>`}
        <small>${proofWords(one)}</small></li>`;
  });
  const others = leftOut.map(
    (one) => html`<li>${escapeText(one.trailer)} <small>${reasonWords(one)}</small></li>`,
  );
  return html`${given.length === 0 ? null : html`<h2>trailers in replies</h2><ul>${given}</ul>`}
    ${others.length === 0 ? null : html`<details><summary>left out</summary><ul>${others}</ul></details>`}`;
}

/** Kinds that are named, since a mail's title does not show them. */
const TOLD: ReadonlySet<MailRow["kind"]> = new Set(["result", "note", "refused"]);

function threadList(mails: readonly MailRow[]): Html {
  const items = mails.map(
    ({ messageId, subject, sender, date, kind }) =>
      html`<li>${dayOf(date)} ${escapeText(sender)}:
        <a href="${toPatch(messageId)}">${shownSubject(subject)}</a>${TOLD.has(kind) ? html` <small>${ours`${kind}`}</small>` : null}</li>`,
  );
  return html`<ol>${items}</ol>`;
}
