/** A patch as text to compare with another version's, in the way of git range-diff. Pure. */

import type { Checked } from "./result.ts";

/** `@@ -12,7 +12,9 @@ function`: the numbers say only where it applies. */
const HUNK = /^@@ -[\d,]+ \+[\d,]+ @@/gm;
const INDEX = /^index .*\n/gm;

/** Author, message and diff, without what another base changes. */
export function shownPatch({ view, diff, author }: Checked): Buffer {
  if (view === null || diff === null) return Buffer.alloc(0);
  const { subject } = view.info;
  const who = author === null ? "" : `${author.name} <${author.email}>`;
  const lines = diff.canonical.toString("latin1").replaceAll(HUNK, "@@").replaceAll(INDEX, "");
  return Buffer.concat([
    Buffer.from(`Author: ${who}\n\n`),
    subject,
    Buffer.from("\n\n"),
    view.message,
    Buffer.from("\n"),
    Buffer.from(lines, "latin1"),
  ]);
}
