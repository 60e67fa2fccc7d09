/**
 * What follows from a mail, or from a decision, as data; and the one place where it is done. Whoever
 * finds out what follows may wait for a file or a program; what is done about it is one transaction
 * with the cursor that moves past the mail, or with the decision.
 */

import type { Topic } from "../../bot/settings.ts";
import { DAY } from "../../primitives/time.ts";
import type { BotStore } from "../../store/bot-store.ts";
import type { BotLetter } from "./letters.ts";

/** A word to an author, who has answered one of our letters. */
interface Thanks {
  readonly letter: BotLetter;
  readonly author: Buffer;
  /** The Message-ID of our letter: nobody gets a second word of thanks for it. */
  readonly answered: string;
}

/** Authors are digests (src/bot/identity.ts), times seconds since the epoch. */
export type BotAction =
  /** A letter of ours came back to us. */
  | { readonly kind: "echo"; readonly messageId: string }
  /** An answer from which nothing else follows. */
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

/** For ever, as SQLite counts. */
export const EVER = Number.MAX_SAFE_INTEGER;
/** A letter that could not leave for so long, in seconds, is not worth sending any more. */
const EXPIRES = 3 * DAY;
/** The cursor that says of which week there was a digest. */
export const DIGEST_CURSOR = "digest";

/** Runs within the transaction of what the action follows from. `now`: seconds since the epoch. */
export function apply(store: BotStore, action: BotAction, now: number): void {
  switch (action.kind) {
    case "echo":
      return store.addEcho(action.messageId);
    case "reply":
      return store.count(`replies ${action.as}`);
    case "bounce":
      store.count("replies undelivered");
      store.wish(action.author, "undeliverable", now, EVER);
      store.outbox.cancel(action.author.toString("hex"), now, "mail to them came back");
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
      // a series that was sent twice over has its letter already
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
