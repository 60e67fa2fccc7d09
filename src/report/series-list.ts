/** What `series list` prints for people: a line a series, and why its mails are in it. */

import type { MembershipReason } from "../series/item.ts";
import type { WorkReason } from "../series/works.ts";
import { day } from "../primitives/time.ts";
import { numberCount, numberList, rangesOf } from "../verify/numbers.ts";
import type { ListedSeries } from "../verify/versions.ts";
import { displayWidth, escapeText, ours, padTo, type SafeText, truncateTo } from "./escape.ts";
import type { Style } from "./text.ts";

/** Wider addresses are cut: a share of the line. A line with less room for both than this has the title alone. */
const FROM_SHARE = 4;
const ROOM_FOR_BOTH = 32;

/** A line each. @param why also the reasons */
export function renderList(all: readonly ListedSeries[], why: boolean, style: Style): SafeText[] {
  const widest = (pick: (one: ListedSeries) => string): number =>
    all.reduce((width, one) => Math.max(width, displayWidth(escapeText(pick(one)))), 0);
  const number = widest((one) => `${one.number}`);
  const name = widest(({ name }) => name);
  const parts = widest(partsOf);
  const from = Math.min(
    Math.floor(style.columns / FROM_SHARE),
    widest((one) => one.from),
  );
  return all.flatMap((one) => {
    const columns = [
      `${one.number}`.padStart(number),
      one.name.padEnd(name),
      partsOf(one).padStart(parts),
      wordOf(one).padEnd(4),
      (one.date === null ? "no date" : day(one.date)).padEnd(10),
    ].join("  ");
    const subject = `${one.subject || "(no subject)"}${partly(one)}`;
    const isNarrow = style.columns - columns.length < ROOM_FOR_BOTH;
    const who = padTo(truncateTo(escapeText(one.from), from), from);
    const line = isNarrow ? ours`${columns}  ${subject}` : ours`${columns}  ${who}  ${subject}`;
    return [truncateTo(line, style.columns), ...(why ? whyLines(one, number + 2) : [])];
  });
}

/** `2/3`: how many of its patches are there. */
function partsOf({ total, missing }: ListedSeries): string {
  return `${total - numberCount(missing)}/${total}`;
}

function wordOf({ verdict, unsigned, applicable }: ListedSeries): string {
  if (!applicable) return "–";
  if (unsigned) return "none";
  return { pass: "ok", warn: "warn", fail: "FAIL" }[verdict];
}

function partly({ applicable, replaces }: ListedSeries): string {
  if (!applicable) return " (no patches to apply)";
  if (replaces === null) return "";
  return ` (replaces ${numberList(rangesOf(replaces.numbers))} of v${replaces.version})`;
}

const WORK_REASONS: Record<WorkReason, string> = {
  "by-hand": "you said so",
  "change-id": "the same change-id",
  named: "its text links to it",
  content: "the same titles or diffs",
  thread: "it is in reply to it",
};

/** With the Message-ID through which the mail came there. */
const REASONS: Record<MembershipReason, (through: SafeText) => SafeText> = {
  first: () => ours`the first one`,
  "signed-id": () => ours`signed together`,
  references: (through) => ours`refers to ${through}`,
  "labelled-by-cover": (through) => ours`the first mail, ${through}, gives the version`,
  thread: (through) => ours`like the others, in the thread of ${through}`,
  "message-id": (through) => ours`${through} once more`,
  label: () => ours`the same sender, label and hour`,
};

function whyLines(one: ListedSeries, indent: number): SafeText[] {
  const margin = " ".repeat(indent);
  const works = one.versionOf.map(
    ({ number, reason }) => ours`${margin}one work with ${number}: ${WORK_REASONS[reason]}`,
  );
  const mails = one.members.map(({ index, messageId, source, reason, through }) => {
    const mail = messageId === "" ? source : messageId;
    return ours`${margin}${index}/${one.total}  ${mail}: ${REASONS[reason](escapeText(through))}`;
  });
  return [...works, ...mails];
}
