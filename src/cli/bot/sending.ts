/** Lets letters leave, as far as the limits and their readers allow it. */

import { mayLeave } from "../../bot/decide.ts";
import type { BotSettings } from "../../bot/settings.ts";
import type { Lookup } from "../../send/settings.ts";
import type { BotStore } from "../../store/bot-store.ts";
import type { OutboxRow } from "../../store/outbox.ts";
import { openTransport } from "../mail-transport.ts";
import { drain } from "../outbox-run.ts";
import { say } from "../terminal.ts";

const DAY = 86_400;

export interface SendOptions {
  /** Where `sendemail.*` is looked for. */
  readonly words: Lookup;
  /** Seconds since the epoch, asked for each letter. */
  readonly now: () => number;
  readonly stop: AbortSignal;
}

/** @returns when there is something to send next, seconds since the epoch, or null */
export async function sendDue(
  store: BotStore,
  settings: BotSettings,
  { words, now, stop }: SendOptions,
): Promise<{ readonly failed: boolean; readonly next: number | null }> {
  const { outbox } = store;
  const { outage } = await drain(outbox, () => openTransport(words), {
    now,
    allowed: (row, time) => allowed(store, settings, row, time),
    wasSent: async (messageId, doubtAt) => {
      if (settings.copyTo === null) return null;
      if (store.isEcho(messageId)) return true;
      return now() - doubtAt < settings.copyGrace ? "wait" : false;
    },
    onOutcome: ({ recipients }, { kind, said }) => {
      if (kind === "refused") say(`${recipients[0]} gets no letter: ${said}`);
    },
    stop,
  });
  if (outage !== null) say(`cannot send: ${outage}`);
  return { failed: outage !== null, next: outbox.nextDue(now()) };
}

function allowed(
  store: BotStore,
  { mode, rules }: BotSettings,
  { kind, about }: OutboxRow,
  time: number,
): "send" | "wait" | { readonly cancel: string } {
  if (kind !== "suggest") return "send";
  // it was decided when the mode was another one
  if (mode !== "private" && mode !== "list") return "wait";
  const author = store.authorFacts(Buffer.from(about, "hex"));
  if (author.refused) return { cancel: "they said stop" };
  if (author.undeliverable) return { cancel: "mail to them came back" };
  if (time < author.pausedUntil) return { cancel: "they said not now" };
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
