/** What `series show` prints of a branch's series. */

import { coverOf } from "../outgoing/reroll.ts";
import type { SeriesState } from "../outgoing/state.ts";
import { count } from "../primitives/words.ts";
import { day } from "../primitives/time.ts";
import { factLines } from "./base.ts";
import { testLines } from "./tests.ts";
import type { TreeTests } from "../result/about.ts";
import { ours, type SafeText, truncateTo } from "./escape.ts";
import type { Style } from "./text.ts";

/** Versions that are named one by one: the newest. */
const MAX_LISTED = 20;

export function renderOutgoing(
  branch: string,
  state: SeriesState & { readonly tests: TreeTests | null },
  style: Style,
): SafeText[] {
  const { settings, changes, sent, tests } = state;
  const { version, prefix, base, to, cc, thread, changeId } = settings;
  const title = coverOf(state.cover)?.title ?? "no cover letter";
  const facts: readonly (readonly [string, string])[] = [
    ["next", `v${version}${prefix.length === 0 ? "" : `, ${prefix.join(" ")} PATCH`}`],
    ...(changes === "" ? [] : [["changes", firstLine(changes)] as const]),
    ...to.map((address) => ["to", address] as const),
    ...cc.map((address) => ["cc", address] as const),
    ...(base === null ? [] : [["base", base] as const]),
    ...(thread === null ? [] : [["thread", thread] as const]),
    ["change-id", changeId],
    ...sent.slice(-MAX_LISTED).map(({ version: n, time, mails }) => {
      const patches = mails.filter(({ patch }) => patch !== null).length;
      const first = mails[0]?.messageId ?? "";
      const what = patches === 0 ? "" : `, ${count(patches, "patch")}`;
      return [`v${n} sent`, `${day(time)}${what}, ${first}`] as const;
    }),
    ...(tests === null ? [] : testLines(tests, style.columns)),
  ];
  return [
    truncateTo(ours`${branch}: ${title}`, style.columns),
    ...facts.flatMap(([label, text]) => factLines(label, text, style)),
  ];
}

function firstLine(text: string): string {
  const [first = "", ...more] = text.trim().split("\n");
  return more.length === 0 ? first : `${first} …`;
}
