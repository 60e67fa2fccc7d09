/** What `diff` prints for people: what holds of both versions, then patch by patch. */

import { count } from "../primitives/words.ts";
import { numberList, rangesOf } from "../verify/numbers.ts";
import type { ComparedVersion, PatchChange, VersionDiff } from "../verify/version-diff.ts";
import { escapeLines, escapeText, joinSafe, ours, type SafeText, wrapTo } from "./escape.ts";
import type { Style } from "./text.ts";

export function renderDiff(diff: VersionDiff, style: Style): SafeText[] {
  const { old, new: newer, patches } = diff;
  const heads = [
    `${old.name}, ${count(old.total, "patch")} → ${newer.name}, ${count(newer.total, "patch")}: ${newer.subject}`,
    ...failedLines([old, newer]),
    keyLine(diff),
    baseLine(diff),
    ...unchangedLine(patches),
    ...(diff.why === "" ? [] : [`compared as text: ${diff.why}`]),
  ];
  const lines = heads.flatMap((line) => wrapTo(escapeText(line), style.columns));
  const changed = patches.filter(({ change }) => change !== "unchanged");
  return [...lines, ...changed.flatMap((patch) => [ours``, ...patchLines(patch)])];
}

function failedLines(versions: readonly ComparedVersion[]): string[] {
  return versions.flatMap(({ verdict, name }) =>
    verdict === "fail"
      ? [`${name} FAILED: git patchsig verify --version ${name.slice(1)} says why`]
      : [],
  );
}

function keyLine({ old, new: newer, sameKey }: VersionDiff): string {
  const who = (one: ComparedVersion): string => one.signers.join(", ");
  if (sameKey === null) return "neither is signed";
  if (sameKey) return `signed with the same key, by ${who(newer)}`;
  const of = (one: ComparedVersion): string =>
    one.publicKeys.length === 0
      ? `${one.name} is not signed`
      : `${one.name} is signed with ${one.publicKeys.join(", ")}, by ${who(one)}`;
  return [of(old), of(newer)].join("; ");
}

function baseLine({ old, new: newer, sameBase }: VersionDiff): string {
  const short = ({ base }: ComparedVersion): string => base?.slice(0, 12) ?? "none";
  if (sameBase === null) return "neither names a base";
  return sameBase ? `the same base ${short(newer)}` : `base ${short(old)} → ${short(newer)}`;
}

function unchangedLine(patches: readonly PatchChange[]): string[] {
  const same = patches.filter(({ change }) => change === "unchanged");
  if (same.length === 0) return [];
  const numbers = same.flatMap((patch) => patch.new ?? []).sort((a, b) => a - b);
  const moved = same.filter((patch) => patch.old !== patch.new);
  const were = moved.map((patch) => `${patch.new} was ${patch.old}`);
  const note = were.length === 0 ? "" : ` (${were.slice(0, MAX_NAMED).join(", ")})`;
  return [`unchanged: ${numberList(rangesOf(numbers))}${note}`];
}

const MAX_NAMED = 12;

const WORDS: Record<Exclude<PatchChange["change"], "unchanged">, string> = {
  moved: "the same, elsewhere",
  message: "the same diff, another author or message",
  diff: "changed",
  added: "new",
  removed: "gone",
};

/** `2: changed (was 3): net: count retries` */
function patchLines({ old, new: number, change, subject, text }: PatchChange): SafeText[] {
  const was = old !== null && number !== null && old !== number ? ` (was ${old})` : "";
  const word = change === "unchanged" ? "" : WORDS[change];
  const head = ours`${number ?? old ?? ""}: ${word}${was}: ${subject}`;
  return text === "" ? [head] : [head, ...indented(text)];
}

function indented(text: string): SafeText[] {
  // `ours` would escape tabs
  return text.split("\n").map((line) => joinSafe([ours`    `, escapeLines(line)]));
}
