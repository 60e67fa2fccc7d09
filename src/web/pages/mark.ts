/** The form that notes what was done with a series. */

import type { DeskWork } from "../../app/desk/works.ts";
import { escapeText, ours, type SafeText } from "../../report/escape.ts";
import { MARK_STATES } from "../../store/series-marks.ts";
import { type Html, html } from "../html.ts";

/** @param token that only our own pages know */
export function markForm({ newest, mark, latest }: DeskWork, token: string): Html {
  const states = MARK_STATES.map(
    (state) =>
      html`<button name="state" value="${ours`${state}`}"${
        mark?.state === state ? html` aria-pressed="true"` : null
      }>${ours`${state}`}</button> `,
  );
  const id: SafeText = escapeText(newest.messageIds[0] ?? "");
  return html`<form class="search" method="post" action="/mark">
    <input type="hidden" name="token" value="${ours`${token}`}" />
    <input type="hidden" name="id" value="${id}" />
    <input type="hidden" name="seen" value="${latest}" />
    <label for="note">note</label>
    <input id="note" name="note" value="${escapeText(mark?.note ?? "")}" maxlength="500" />
    ${states}
  </form>`;
}
