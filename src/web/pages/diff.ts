/** What changed from one version of a series to another. */

import { joinSafe, ours } from "../../report/escape.ts";
import { renderDiff } from "../../report/version-diff.ts";
import type { WorkDiff } from "../../app/desk/diff.ts";
import { type Html, html } from "../html.ts";
import { page } from "../layout.ts";
import { toSeries } from "../names.ts";

export function diffPage({ diff, cut }: WorkDiff, messageId: string): Html {
  const lines = renderDiff(diff, { columns: 100, color: false });
  const body = html`<p><a href="${toSeries(messageId)}">series</a></p>
    <pre tabindex="0" role="region" aria-label="what changed">${joinSafe(lines, ours`\n`)}</pre>
    ${cut ? html`<p class="warn">the rest is too long for a page: git patchsig diff shows all</p>` : null}`;
  return page(ours`${diff.old.name} to ${diff.new.name}`, "", body);
}
