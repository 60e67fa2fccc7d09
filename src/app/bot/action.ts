/**
 * The consequences of a mail or a decision, as data, and the one place that applies them. Finding them may
 * wait for a file or a program; applying them is one transaction with the cursor that moves past the
 * mail, or with the decision.
 */

import type { Topic } from "../../bot/settings.ts";
import { DAY } from "../../primitives/time.ts";
import type { BotStore } from "../../store/bot-store.ts";
import type { BotLetter } from "./letters.ts";

/** A confirmation to an author who replied to one of our letters. */
interface Thanks {
  readonly letter: BotLetter;
  readonly author: Buffer;
  /** The Message-ID of our letter: each gets only one confirmation. */
  readonly answered: string;
}

/** Authors are digests (src/bot/identity.ts), times seconds since the epoch. */
export type BotAction =
  /** A letter of ours came back to us. */
  | { readonly kind: "echo"; readonly messageId: string }
  /** A reply without any other consequence. */
  | { readonly kind: "reply"; readonly as: "automatic" | "not understood" }
  /** Mail to an author came back. */
  | { readonly kind: "bounce"; readonly author: Buffer }
  | {
      readonly kind: "wish";
      readonly wish: "stop" | "pause";
      readonly authors: readonly Buffer[];
      readonly until: number;
      readonly thanks: Thanks | null;
    }
  /** Somebody names a base; of the author's own series, else of null. */
  | {
      readonly kind: "base";
      readonly commit: string;
      readonly series: string | null;
      readonly thanks: Thanks | null;
    }
  | {
      readonly kind: "letter";
      readonly letter: BotLetter;
      readonly author: Buffer;
      /** The Message-ID of the series. */
      readonly answers: string;
      readonly topics: readonly Topic[];
      readonly notBefore: number;
    }
  /** A letter that is only planned: it counts against the limits. */
  | {
      readonly kind: "rehearsal";
      readonly identity: string;
      readonly answers: string;
      readonly topics: readonly Topic[];
      readonly notBefore: number;
    }
  /** A week is over; null if there is nothing to tell of it. */
  | { readonly kind: "digest"; readonly week: number; readonly letter: BotLetter | null };

/** For ever, in SQLite's integers. */
export const EVER = Number.MAX_SAFE_INTEGER;
/** Seconds after which a waiting letter expires. */
const EXPIRES = 3 * DAY;
/** The cursor that holds the week of the last digest. */
export const DIGEST_CURSOR = "digest";

/** Runs within the transaction of its cause. `now`: seconds since the epoch. */
export function apply(store: BotStore, action: BotAction, now: number): void {
  switch (action.kind) {
    case "echo":
      return store.addEcho(action.messageId);
    case "reply":
      return store.count(`replies ${action.as}`);
    case "bounce":
      store.count("replies undelivered");
      store.wish(action.author, "undeliverable", now, EVER);
      store.outbox.cancel(action.author.toString("hex"), now, "mail to them bounced");
      return;
    case "wish":
      store.count(`replies ${action.wish}`);
      for (const author of action.authors) {
        store.wish(author, action.wish, now, action.until);
        store.outbox.cancel(author.toString("hex"), now, `they said ${action.wish}`);
      }
      return thank(store, action.thanks, now);
    case "base":
      store.count("replies base");
      if (action.series !== null) store.addBase(action.series, action.commit, now);
      return thank(store, action.thanks, now);
    case "letter": {
      const { letter, author, answers, notBefore } = action;
      const { messageId } = letter;
      const topics = action.topics.join(" ");
      // a series that was sent twice already has its letter
      if (store.addLetter({ messageId, author, answers, topics, at: notBefore }))
        queue(store, "suggest", author, letter, now, notBefore);
      return;
    }
    case "rehearsal":
      return store.rehearse(action.identity, action.answers, action.topics, action.notBefore);
    case "digest":
      store.moveCursor(DIGEST_CURSOR, String(action.week));
      if (action.letter !== null) queue(store, "digest", Buffer.alloc(0), action.letter, now);
  }
}

function thank(store: BotStore, thanks: Thanks | null, now: number): void {
  if (thanks !== null && store.markAnswered(thanks.answered))
    queue(store, "thanks", thanks.author, thanks.letter, now);
}

function queue(
  store: BotStore,
  kind: "suggest" | "thanks" | "digest",
  about: Buffer,
  { messageId, sender, recipients, bytes }: BotLetter,
  now: number,
  notBefore = now,
): void {
  store.outbox.add(
    { messageId, kind, about: about.toString("hex"), sender, recipients, bytes },
    { now, notBefore, expiresAt: notBefore + EXPIRES },
  );
}
