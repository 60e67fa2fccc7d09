/** Puts letters into the outbox, within the transaction of what led to them. */

import type { BotStore } from "../../store/bot-store.ts";
import type { Letter } from "./letters.ts";
import { DAY } from "../../primitives/time.ts";

/** A letter that could not leave for so long, in seconds, is not worth sending any more. */
const EXPIRES = 3 * DAY;

/** @param at,notBefore seconds since the epoch */
export function queue(
  store: BotStore,
  kind: "suggest" | "thanks" | "digest",
  about: Buffer,
  { messageId, sender, recipients, bytes }: Letter,
  at: number,
  notBefore: number,
): void {
  store.outbox.add(
    { messageId, kind, about: about.toString("hex"), sender, recipients, bytes },
    { now: at, notBefore, expiresAt: notBefore + EXPIRES },
  );
}
