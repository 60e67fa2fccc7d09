/** What `search` prints for people: a line a mail. */

import { day } from "../primitives/time.ts";
import {
  displayWidth,
  escapeText,
  joinSafe,
  ours,
  padTo,
  type SafeText,
  truncateTo,
} from "./escape.ts";
import type { Style } from "./text.ts";

/** A mail in the index. */
export interface ListedMail {
  readonly messageId: string;
  readonly date: number;
  readonly kind: string;
  readonly sender: string;
  readonly subject: string;
  readonly verdict: string;
}

/** Wider senders are cut: a share of the line. A line with less room for both than this has the title alone. */
const SENDER_SHARE = 4;
const ROOM_FOR_BOTH = 40;
const START = 25;
const WORDS: Readonly<Record<string, string>> = { pass: "ok", fail: "FAIL" };

/** Copies of a mail, from several sources, are one line if nothing in it differs. */
export function renderFound(all: readonly ListedMail[], { columns }: Style): SafeText[] {
  const seen = new Map(all.map((mail) => [lineOf(mail), mail]));
  const mails = [...seen.values()];
  const widest = mails.reduce(
    (most, one) => Math.max(most, displayWidth(escapeText(one.sender))),
    0,
  );
  const isNarrow = columns - START < ROOM_FOR_BOTH;
  const sender = Math.min(Math.floor(columns / SENDER_SHARE), widest);
  return mails.map((one) => {
    const start = ours`${day(one.date)}  ${one.kind.padEnd(7)}  ${(WORDS[one.verdict] ?? one.verdict).padEnd(4)}`;
    const who = padTo(truncateTo(escapeText(one.sender), sender), sender);
    const title = ours`${one.subject || "(no subject)"}`;
    return truncateTo(joinSafe([start, ...(isNarrow ? [] : [who]), title], ours`  `), columns);
  });
}

function lineOf({ messageId, date, kind, sender, subject, verdict }: ListedMail): string {
  return JSON.stringify([messageId, date, kind, sender, subject, verdict]);
}
