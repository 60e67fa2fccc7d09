/**
 * Deals with mail to the bot: wishes of authors, and reports of mail that did not arrive. A wish is
 * honoured whoever sends it, since all it can do is keep the bot silent; a word of thanks goes to
 * the author alone, once a letter, and never to a program.
 */

import { automaticBy, isBot, senderOf, subjectOf } from "../../bot/facts.ts";
import { type Fields, headerFieldsOf } from "../../bot/header.ts";
import { messageIds } from "../../mail/message-id.ts";
import { authorDigest, isLetterId, letterId, letterOfToken } from "../../bot/identity.ts";
import type { TemplateName, View } from "../../bot/letter.ts";
import type { Wish } from "../../bot/reply.ts";
import type { BotSettings } from "../../bot/settings.ts";
import { compose } from "../../send/compose.ts";
import type { LetterRow } from "../../store/bot-letters.ts";
import type { BotStore } from "../../store/bot-store.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import { day } from "../../primitives/time.ts";
import { answered, isAddressedTo, readWish, type Returned, undelivered } from "./incoming.ts";
import { type BotAction, EVER } from "./action.ts";
import { automaticHeaders, bareSubject, type BotLetter, commonView } from "./letters.ts";
import type { Render } from "./templates.ts";

export interface ListenerOptions {
  readonly store: BotStore;
  readonly settings: BotSettings;
  readonly render: Render;
  /** Whether a repository has that commit; null if there is none to ask. */
  readonly hasCommit: (commit: string) => Promise<boolean | null>;
}

/**
 * What a mail leads to that is for the bot itself; null if it is none.
 *
 * @param at seconds since the epoch
 */
export async function listen(
  options: ListenerOptions,
  mail: Buffer,
  at: number,
): Promise<BotAction | null> {
  const { store, settings } = options;
  const { address } = settings;
  if (address === null) return null;
  const fields = headerFieldsOf(mail);
  const returned = undelivered(mail, fields);
  if (returned !== null) return bounce(store, returned);
  const letter = answeredLetter(store, fields, address);
  if (letter === null && !isAddressedTo(fields, address)) return null;
  const automatic = letter === null ? null : AUTOMATIC;
  if (isBot(senderOf(fields))) return automatic;
  const wish = await readWish(mail, settings.stopWords);
  const isSure = wish.kind === "stop" && wish.sure;
  // somebody who wants silence gets it, whatever wrote that for them
  if (automaticBy(fields) !== null && !isSure) return automatic;
  // what is on the list speaks of other things that stop
  if (wish.kind === "stop" && !isSure && !isToBot(fields, address, letter)) return null;
  if (wish.kind === "none") return letter === null ? null : { kind: "reply", as: "not understood" };
  return await honour(options, address, { letter, wish, fields, at });
}

const AUTOMATIC: BotAction = { kind: "reply", as: "automatic" };

/** An answer to a letter, or a mail to the bot alone; no patch, and none that the list sent on. */
function isToBot(fields: Fields, address: string, letter: LetterRow | null): boolean {
  if (/^\s*\[[^\]]*patch/i.test(subjectOf(fields))) return false;
  return (
    letter !== null || (isAddressedTo(fields, address, ["to"]) && fields("list-id").length === 0)
  );
}

function answeredLetter(store: BotStore, fields: Fields, address: string): LetterRow | null {
  const token = letterOfToken(subjectOf(fields), address);
  return letterOf(store, [...answered(fields), ...(token === null ? [] : [token])]);
}

function letterOf(store: BotStore, ids: readonly string[]): LetterRow | null {
  for (const id of ids.filter(isLetterId)) {
    const letter = store.letter(id);
    if (letter !== null) return letter;
  }
  return null;
}

/** Of a copy, or of a list in mode "list", nothing is to be learnt. */
function bounce(store: BotStore, { ids, addresses }: Returned): BotAction | null {
  const letter = letterOf(store, ids);
  if (letter === null) return null;
  const { author } = letter;
  const isAuthors = addresses.some((address) => {
    const identity = normaliseIdentity(address);
    return identity !== null && authorDigest(identity).equals(author);
  });
  return isAuthors ? { kind: "bounce", author } : AUTOMATIC;
}

interface Heard {
  readonly letter: LetterRow | null;
  readonly wish: Exclude<Wish, { kind: "none" }>;
  readonly fields: Fields;
  readonly at: number;
}

async function honour(
  options: ListenerOptions,
  address: string,
  { letter, wish, fields, at }: Heard,
): Promise<BotAction> {
  const sender = senderOf(fields);
  const own = sender === null ? null : authorDigest(sender.identity);
  // the letter, if it is its author who answers
  const theirs = letter !== null && own?.equals(letter.author) === true ? letter : null;
  const isPerson = automaticBy(fields) === null;
  const words =
    theirs !== null && isPerson ? await wordOfThanks(options, address, wish, fields, at) : null;
  const thanks =
    words === null ? null : { letter: words, author: theirs!.author, answered: theirs!.messageId };
  // nobody else knows what the author had checked out
  if (wish.kind === "base")
    return { kind: "base", commit: wish.commit, series: theirs?.answers ?? null, thanks };
  const until = wish.kind === "stop" ? EVER : at + options.settings.rules.pause;
  const authors = [letter?.author, own].filter((one) => one !== null && one !== undefined);
  return { kind: "wish", wish: wish.kind, authors, until, thanks };
}

const TEMPLATE: Readonly<Record<Heard["wish"]["kind"], TemplateName>> = {
  stop: "stopped",
  pause: "paused",
  base: "base",
};

async function wordOfThanks(
  { settings, render, hasCommit }: ListenerOptions,
  address: string,
  wish: Heard["wish"],
  fields: Fields,
  at: number,
): Promise<BotLetter | null> {
  const sender = senderOf(fields);
  const [messageId = ""] = messageIds(...fields("message-id"));
  if (sender === null || messageId === "") return null;
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
