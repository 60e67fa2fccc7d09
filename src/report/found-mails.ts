/** What `search` prints for people: a line a mail. */

import { day } from "../primitives/time.ts";
import { displayWidth, escapeText, ours, padTo, type SafeText, truncateTo } from "./escape.ts";
import type { Style } from "./text.ts";

/** A mail in the index. */
export interface ListedMail {
  readonly date: number;
  readonly kind: string;
  readonly sender: string;
  readonly subject: string;
  readonly verdict: string;
}

/** Wider senders are cut: a share of the line. */
const SENDER_SHARE = 4;
const WORDS: Readonly<Record<string, string>> = { pass: "ok", fail: "FAIL" };

export function renderFound(mails: readonly ListedMail[], { columns }: Style): SafeText[] {
  const widest = mails.reduce(
    (most, one) => Math.max(most, displayWidth(escapeText(one.sender))),
    0,
  );
  const sender = Math.min(Math.floor(columns / SENDER_SHARE), widest);
  return mails.map((one) => {
    const start = `${day(one.date)}  ${one.kind.padEnd(7)}  ${(WORDS[one.verdict] ?? one.verdict).padEnd(4)}`;
    const who = padTo(truncateTo(escapeText(one.sender), sender), sender);
    return truncateTo(ours`${start}  ${who}  ${one.subject || "(no subject)"}`, columns);
  });
}
