/** A work: its versions, what is known of each patch, the trailers, the thread, and how to apply it. */

import type { InBranch } from "../../app/desk/applied.ts";
import type { VersionDetail, WorkDetail } from "../../app/desk/detail.ts";
import { isMadeName } from "../../mail/message-id.ts";
import { shellCommand } from "../../primitives/shell.ts";
import { escapeText, ours, type SafeText } from "../../report/escape.ts";
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

/** @param marking the form that notes what was done with it; null where pages write nothing */
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
    ${newest === undefined ? html`<p class="warn">its mails cannot be read any more</p>` : versionPart(newest, true)}
    ${inBranch === null || inBranch.applied + inBranch.alike === 0 ? null : html`<p>${shownInBranch(inBranch)}</p>`}
    ${tests === null ? null : testPart(tests)}
    ${marking}
    ${older.length === 0 ? null : html`<h2>older versions</h2>${older.map((one) => olderPart(one, newest))}`}
    <h2>thread <small>${mails.length}</small></h2>
    <p><a href="${toThread(work.newest.messageIds[0] ?? "")}">t.mbox.gz</a></p>
    ${threadList(mails)}`;
  return page(title, "", body);
}

function olderPart(one: VersionDetail, newest: VersionDetail | undefined): Html {
  const { summary, date, messageIds, verdict } = one.series;
  const first = newest?.series.messageIds[0];
  const by =
    newest === undefined
      ? null
      : html`<small>superseded by ${ours`${newest.series.summary.name}`}</small> `;
  return html`<details><summary>${ours`${summary.name}`} ${by}${partsOf(one.series)}
    ${verdictMark(verdict, summary.unsigned)} ${dayOf(date)} ${shownSubject(summary.subject)}</summary>
    ${first === undefined ? null : html`<p><a href="${toDiff(first, messageIds[0] ?? "")}">what changed since</a></p>`}
    ${versionPart(one, false)}</details>`;
}

function versionPart({ series, result, patches, replies }: VersionDetail, isNewest: boolean): Html {
  const { summary, messageIds, verdict, date } = series;
  const signer = result.signer ?? summary.signer;
  const who = signer ?? summary.from;
  const { commit, tree } = result.base;
  const base =
    commit === null
      ? html`none is recorded`
      : html`<code>${ours`${commit}`}</code>${tree === null ? null : html`, tree <code>${ours`${tree}`}</code>`}`;
  const first = messageIds[0] ?? "";
  const line = shellCommand("git patchsig am", first.replaceAll(/[<>]/g, ""));
  return html`
    <p>${verdictMark(verdict, summary.unsigned)} ${partsOf(series)} patches, ${dayOf(date)},
      ${signer === null ? ours`from` : ours`signed by`} <a href="${toPerson(who)}">${escapeText(who)}</a>
      (${shownTrust(summary.trust)}), base: ${base}</p>
    ${findingList(result.findings)}
    ${isNewest && summary.applicable && !isMadeName(first) ? html`<pre class="wrap">${escapeText(line)}</pre>` : null}
    ${patchTable(patches)}
    ${replies === null ? null : replyParts(replies)}`;
}

function patchTable(patches: VersionDetail["patches"]): Html {
  const rows = patches.map(
    ({ name, result: patch }) => html`<tr>
      <td>${verdictMark(patch.verdict, isOnlyUnsigned(patch))}</td>
      <td class="title"><a href="${toPatch(name)}">${shownSubject(patch.subject)}</a>
        ${findingList(patch.findings.filter(({ severity }) => severity !== "info"))}</td>
      <td class="who">${patch.author === null ? null : ours`${patch.author.name} <${patch.author.email}>`}</td>
      <td>${shownTrust(patch.trust)}</td>
    </tr>`,
  );
  return html`<table><thead><tr><th scope="col">verdict</th><th scope="col">patch</th>
    <th scope="col">author</th><th scope="col">key</th></tr></thead><tbody>${rows}</tbody></table>`;
}

const PROOFS: Readonly<Record<string, SafeText>> = {
  proven: ours`proven`,
  diff: ours`proven for the diff`,
  vouched: ours`vouched for`,
  none: ours`not signed`,
};

function replyParts({ trailers, leftOut }: RepliesResult): Html {
  const given = trailers.map(
    ({ trailer, proof, messageId }) =>
      html`<li>${messageId === "" ? escapeText(trailer) : html`<a href="${toPatch(messageId)}">${escapeText(trailer)}</a>`}
        <small>${PROOFS[proof] ?? ours`${proof}`}</small></li>`,
  );
  const others = leftOut.map(
    ({ trailer, why, from }) =>
      html`<li>${escapeText(trailer)} <small>${ours`${why}, sent by ${from.email}`}</small></li>`,
  );
  return html`${given.length === 0 ? null : html`<h2>trailers in replies</h2><ul>${given}</ul>`}
    ${others.length === 0 ? null : html`<details><summary>left out</summary><ul>${others}</ul></details>`}`;
}

function threadList(mails: readonly MailRow[]): Html {
  const items = mails.map(
    ({ messageId, subject, sender, date, kind }) =>
      html`<li>${dayOf(date)} ${escapeText(sender)}:
        <a href="${toPatch(messageId)}">${shownSubject(subject)}</a> <small>${ours`${kind}`}</small></li>`,
  );
  return html`<ol>${items}</ol>`;
}
