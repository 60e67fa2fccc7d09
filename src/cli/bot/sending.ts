/** Lets letters leave, as far as the limits and their readers allow it. */

import { mayLeave } from "../../bot/decide.ts";
import type { BotSettings } from "../../bot/settings.ts";
import type { Config } from "../../git/config.ts";
import type { BotStore } from "../../store/bot-store.ts";
import type { OutboxRow } from "../../store/outbox.ts";
import { connectMail, drain, type DrainOptions } from "../outbox.ts";
import { say } from "../terminal.ts";

const DAY = 86_400;

/** @param now seconds since the epoch, asked for each letter */
export async function sendDue(
  store: BotStore,
  settings: BotSettings,
  words: Config,
  now: () => number,
): Promise<{ readonly failed: boolean; readonly next: number | null }> {
  const { outbox } = store;
  const options: DrainOptions = {
    now,
    may: (row, time) => may(store, settings, row, time),
    hasLeft: ({ messageId, doubtAt }, time) => {
      if (settings.copyTo === null) return null;
      if (store.isEcho(messageId)) return true;
      return time - (doubtAt ?? 0) < settings.copyGrace ? "wait" : false;
    },
  };
  const { outage, failed } = await drain(outbox, connectMail([words]), options);
  if (outage !== null) say(`cannot send: ${outage}`);
  if (failed > 0) say(`${failed} refused`);
  return { failed: outage !== null, next: outbox.nextAt() };
}

function may(
  store: BotStore,
  { mode, rules }: BotSettings,
  { kind, about }: OutboxRow,
  time: number,
): "now" | "later" | { readonly cancel: string } {
  if (kind !== "suggest") return "now";
  // it was decided when the mode was another one
  if (mode !== "private" && mode !== "list") return "later";
  const author = store.authorFacts(Buffer.from(about, "hex"));
  if (author.refused) return { cancel: "they said stop" };
  if (author.undeliverable) return { cancel: "mail to them came back" };
  if (time < author.pausedUntil) return { cancel: "they said not now" };
  const sent = store.outbox.leftSince(kind, time - 2 * DAY);
  const own = store.outbox.leftTo(kind, about);
  const allowed = mayLeave(time, sent, own, rules);
  return allowed === "never" ? { cancel: "another letter has left meanwhile" } : allowed;
}
