/** The form that marks a series. */

import type { DeskWork } from "../../app/desk/works.ts";
import { escapeText, ours, type SafeText } from "../../report/escape.ts";
import { MARK_STATES } from "../../store/series-marks.ts";
import { type Html, html } from "../html.ts";

/**
 * Enter in the note presses the form's first button, which is hidden: it saves the note, and keeps the state.
 *
 * @param token a secret that only our own pages know, so that no other site can send the form
 */
export function markForm({ newest, mark, latest }: DeskWork, token: string): Html {
  const states = MARK_STATES.map(
    (state) =>
      html`<button name="state" value="${ours`${state}`}"${
        mark?.state === state ? html` aria-pressed="true"` : null
      }>${state === "snoozed" ? ours`snoozed for a week` : ours`${state}`}</button> `,
  );
  const id: SafeText = escapeText(newest.messageIds[0] ?? "");
  return html`<form class="marking" method="post" action="/mark">
    <input type="hidden" name="token" value="${ours`${token}`}" />
    <input type="hidden" name="id" value="${id}" />
    <input type="hidden" name="seen" value="${latest}" />
    <label for="note">note</label>
    <input id="note" name="note" value="${escapeText(mark?.note ?? "")}" maxlength="500" />
    <button class="default" name="state" value="${ours`${mark?.state ?? "new"}`}" tabindex="-1" aria-hidden="true">save</button>
    ${states}
  </form>`;
}
