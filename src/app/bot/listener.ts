/**
 * Deals with mail to the bot: wishes of authors, and reports of mail that did not arrive. A wish is
 * honoured whoever sends it, since all it can do is keep the bot silent; a word of thanks goes to
 * the author alone, once a letter, and never to a program.
 */

import { automaticBy, isBot, senderOf, subjectOf } from "../../bot/facts.ts";
import { type Fields, fieldsOf } from "../../bot/header.ts";
import { messageIds } from "../../mail/message-id.ts";
import { authorDigest, isLetterId, letterId, letterOfToken } from "../../bot/identity.ts";
import type { TemplateName, View } from "../../bot/letter.ts";
import type { Wish } from "../../bot/reply.ts";
import type { BotSettings } from "../../bot/settings.ts";
import { compose } from "../../send/compose.ts";
import type { BotStore, LetterRow } from "../../store/bot-store.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import { day } from "../../primitives/time.ts";
import { answered, isAddressedTo, readWish, type Returned, undelivered } from "./incoming.ts";
import { automaticHeaders, bareSubject, commonView, type Letter } from "./letters.ts";
import { queue } from "./queue.ts";
import type { Effect, Listener } from "./session.ts";
import type { Render } from "./templates.ts";

export interface ListenerOptions {
  readonly store: BotStore;
  readonly settings: BotSettings;
  readonly render: Render;
  /** Whether a repository has that commit; null if there is none to ask. */
  readonly hasCommit: (commit: string) => Promise<boolean | null>;
}

/** For ever, as SQLite counts. */
const EVER = Number.MAX_SAFE_INTEGER;

export function createListener(options: ListenerOptions): Listener {
  const { store, settings } = options;
  const { address } = settings;

  return async (mail, at) => {
    if (address === null) return null;
    const fields = fieldsOf(mail);
    const returned = undelivered(mail, fields);
    if (returned !== null) return bounce(store, returned, at);
    const token = letterOfToken(subjectOf(fields), address);
    const letter = letterOf(store, [...answered(fields), ...(token === null ? [] : [token])]);
    if (letter === null && !isAddressedTo(fields, address)) return null;
    const count = (name: string): Effect | null =>
      letter === null ? null : () => store.count(name);
    if (isBot(senderOf(fields))) return count("replies automatic");
    const wish = await readWish(mail, settings.stopWords);
    const isSure = wish.kind === "stop" && wish.sure;
    // somebody who wants silence gets it, whatever wrote that for them
    if (automaticBy(fields) !== null && !isSure) return count("replies automatic");
    // what is on the list speaks of other things that stop
    if (wish.kind === "stop" && !isSure && !isToBot(fields, address, letter)) return null;
    if (wish.kind === "none") return count("replies not understood");
    return await honour(options, address, { letter, wish, fields, at });
  };
}

/** An answer to a letter, or a mail to the bot alone; no patch, and none that the list sent on. */
function isToBot(fields: Fields, address: string, letter: LetterRow | null): boolean {
  if (/^\s*\[[^\]]*patch/i.test(subjectOf(fields))) return false;
  return (
    letter !== null || (isAddressedTo(fields, address, ["to"]) && fields("list-id").length === 0)
  );
}

function letterOf(store: BotStore, ids: readonly string[]): LetterRow | null {
  for (const id of ids.filter(isLetterId)) {
    const letter = store.letter(id);
    if (letter !== null) return letter;
  }
  return null;
}

/** Of a copy, or of a list in mode "list", nothing is to be learnt. */
function bounce(store: BotStore, { ids, addresses }: Returned, at: number): Effect | null {
  const letter = letterOf(store, ids);
  if (letter === null) return null;
  const isAuthors = addresses.some((address) => {
    const identity = normaliseIdentity(address);
    return identity !== null && authorDigest(identity).equals(letter.author);
  });
  if (!isAuthors) return () => store.count("replies automatic");
  return () => {
    store.count("replies undelivered");
    store.wish(letter.author, "undeliverable", at, EVER);
    store.outbox.cancel(letter.author.toString("hex"), at, "mail to them came back");
  };
}

interface Heard {
  readonly letter: LetterRow | null;
  readonly wish: Wish;
  readonly fields: Fields;
  readonly at: number;
}

async function honour(
  options: ListenerOptions,
  address: string,
  { letter, wish, fields, at }: Heard,
): Promise<Effect | null> {
  const { store, settings } = options;
  const sender = senderOf(fields);
  const own = sender === null ? null : authorDigest(sender.identity);
  const isAuthor = letter !== null && own !== null && own.equals(letter.author);
  const isPerson = automaticBy(fields) === null;
  const thanks = isAuthor && isPerson ? await thank(options, address, wish, fields, at) : null;
  const whom = [letter?.author, own].filter((author) => author !== null && author !== undefined);

  return () => {
    store.count(`replies ${wish.kind}`);
    if (wish.kind === "base") {
      // nobody else knows what the author had checked out
      if (isAuthor) store.addBase(letter.answers, wish.commit, at);
    } else {
      const until = wish.kind === "stop" ? EVER : at + settings.rules.pause;
      for (const author of whom) {
        store.wish(author, wish.kind === "stop" ? "stop" : "pause", at, until);
        store.outbox.cancel(author.toString("hex"), at, `they said ${wish.kind}`);
      }
    }
    if (thanks !== null && letter !== null && store.markAnswered(letter.messageId))
      queue(store, "thanks", own!, thanks, at, at);
  };
}

const TEMPLATE: Readonly<Record<Exclude<Wish["kind"], "none">, TemplateName>> = {
  stop: "stopped",
  pause: "paused",
  base: "base",
};

async function thank(
  { settings, render, hasCommit }: ListenerOptions,
  address: string,
  wish: Wish,
  fields: Fields,
  at: number,
): Promise<Letter | null> {
  const sender = senderOf(fields);
  const [messageId = ""] = messageIds(...fields("message-id"));
  if (wish.kind === "none" || sender === null || messageId === "") return null;
  const view: View = {
    ...commonView(settings),
    subject: bareSubject(subjectOf(fields)),
    until: day(at + settings.rules.pause),
    commit: wish.kind === "base" ? wish.commit : "",
    unknown: wish.kind === "base" && (await hasCommit(wish.commit)) === false,
  };
  const text = render(TEMPLATE[wish.kind], view);
  const id = letterId("thanks", messageId, address);
  const bytes = await compose({
    from: { name: settings.name, address },
    to: [{ name: sender.name, address: sender.identity }],
    subject: text.subject,
    text: text.body,
    date: at,
    messageId: id,
    inReplyTo: messageId,
    headers: automaticHeaders("replied", address),
  });
  // to the null sender nothing can be answered (RFC 3834, 3.3)
  return { messageId: id, sender: "", recipients: [sender.identity], bytes };
}
