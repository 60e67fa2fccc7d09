/** Lets letters leave, as far as the limits and their readers allow it. */

import { mayLeave } from "../../bot/decide.ts";
import { isAmong } from "../../bot/reach.ts";
import { type BotSettings, writesLetters } from "../../bot/settings.ts";
import type { Lookup } from "../../send/settings.ts";
import type { BotStore } from "../../store/bot-store.ts";
import type { OutboxRow } from "../../store/outbox.ts";
import { openTransport } from "../send/mail-transport.ts";
import { drain, type DrainResult } from "../send/outbox-run.ts";
import { DAY } from "../../primitives/time.ts";
import type { Reporter } from "../reporter.ts";

export interface SendOptions {
  /** Where `sendemail.*` is looked for. */
  readonly words: Lookup;
  /** Seconds since the epoch, asked for each letter. */
  readonly now: () => number;
  readonly stop: AbortSignal;
  readonly reporter: Reporter;
}

/** What is known of what has come, when letters are to leave. */
export interface Reading {
  /** When all sources were last begun to be read that then could be; null if never yet. */
  readonly at: number | null;
  /** They could be read this time. */
  readonly whole: boolean;
}

/** A letter whose copies do not come is sent no more often than that: somebody misled us. */
const MOST_DOUBTS = 3;

/** What came of sending. */
interface Sent extends Pick<DrainResult, "sent" | "waiting"> {
  readonly failed: boolean;
  /** When there is something to send next, seconds since the epoch; null if there is nothing. */
  readonly next: number | null;
}

/** What comes of sending nothing. */
export const UNSENT: Sent = { failed: false, next: null, sent: 0, waiting: 0 };

/** Sends what may leave now. */
export async function sendDue(
  store: BotStore,
  settings: BotSettings,
  { words, now, stop, reporter }: SendOptions,
  reading: Reading,
): Promise<Sent> {
  const { outbox } = store;
  const { outage, sent, waiting } = await drain(outbox, () => openTransport(words), {
    now,
    allowed: (row, time) => allowed(store, settings, row, time, reading),
    wasSent: async (row) => wasSent(store, settings, row, reading),
    onOutcome: ({ recipients }, { kind, said }) => {
      if (kind === "refused") reporter.say(`${recipients[0]} gets no letter: ${said}`);
    },
    stop,
  });
  if (outage !== null) reporter.say(`cannot send: ${outage}`);
  const next = outbox.nextDue(now());
  // what may not leave yet is looked at again in the next round
  const later = next === null || next <= now() ? null : next;
  return { failed: outage !== null, next: later, sent, waiting };
}

function wasSent(
  store: BotStore,
  { copyTo, copyGrace }: BotSettings,
  { messageId, recipients, attempts, doubtAt }: OutboxRow,
  { at }: Reading,
): boolean | null | "wait" {
  if (store.isEcho(messageId)) return true;
  // nobody would have got a copy
  if (copyTo === null || !recipients.includes(copyTo) || attempts >= MOST_DOUBTS) return null;
  // the mailbox must have been looked at after that time
  return at === null || at - (doubtAt ?? 0) < copyGrace ? "wait" : false;
}

function allowed(
  store: BotStore,
  { mode, rules }: BotSettings,
  { kind, about, recipients }: OutboxRow,
  time: number,
  { whole }: Reading,
): "send" | "wait" | { readonly cancel: string } {
  if (kind !== "suggest") return "send";
  // it was decided when the mode was another one
  if (!writesLetters(mode)) return "wait";
  // a "stop" may be among what could not be read
  if (!whole) return "wait";
  const [author = ""] = recipients;
  if (rules.never.includes(author) || isAmong(author, rules.excluded))
    return { cancel: "the address is excluded" };
  const known = store.authorFacts(Buffer.from(about, "hex"));
  if (known.refused) return { cancel: "they said stop" };
  if (known.undeliverable) return { cancel: "mail to them bounced" };
  if (time < known.pausedUntil) return { cancel: "they replied not now" };
  const sent = store.outbox.sentSince(kind, time - 2 * DAY);
  switch (mayLeave(time, sent, store.leftTo(Buffer.from(about, "hex")), rules)) {
    case "now":
      return "send";
    case "later":
      return "wait";
    case "never":
      return { cancel: "another letter has left meanwhile" };
  }
}
