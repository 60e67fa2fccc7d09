/**
 * Whether a series gets a letter. Pure: facts in, one decision and its reason out, so that `bot
 * preview` can show it. The first rule that holds a letter back is the reason.
 */

import type { MailFacts, SeriesFacts } from "./facts.ts";
import { afterQuiet, isQuiet } from "./quiet.ts";
import { canArrive, isAmong } from "./reach.ts";
import type { Limits, Rules, Topic } from "./settings.ts";
import { DAY } from "../primitives/time.ts";

/** What is known of the sender, this series included. */
export interface AuthorFacts {
  /** Works, not counting new versions of a series. */
  readonly works: number;
  /** When the first of them was sent. */
  readonly since: number | null;
  /** When letters to them were planned, ascending. */
  readonly letters: readonly number[];
  readonly refused: boolean;
  /** Mail to them came back. */
  readonly undeliverable: boolean;
  /** They asked for silence until then; 0 if not. */
  readonly pausedUntil: number;
}

interface ListFacts {
  /** Other authors who sign the way a letter would recommend. */
  readonly signers: number;
  /** When letters to anybody were planned in the last days, ascending. */
  readonly letters: readonly number[];
}

export interface Situation {
  /** Seconds since the epoch. */
  readonly now: number;
  readonly series: SeriesFacts;
  readonly author: AuthorFacts;
  readonly list: ListFacts;
  /** The repository's guess of the base; asked for only if all else favours a letter. */
  readonly guess: "unasked" | "certain" | "uncertain";
}

/** Why there is no letter, in words for people. */
export const REASONS = {
  refused: "patchsig refuses one of its mails",
  headless: "neither cover letter nor first patch arrived",
  automatic: "sent automatically",
  bot: "sent by a bot",
  "list-generated": "the list replaced the From address",
  "no-address": "no single From address, or no Message-ID",
  unreachable: "the address cannot get mail",
  never: "the address is excluded",
  maintainer: "by a maintainer of the list",
  "other-list": "on a list that the bot does not serve",
  reply: "a reply",
  rfc: "an RFC",
  pull: "a pull request",
  unmarked: "no [PATCH] in the Subject",
  forwarded: "forwarded by somebody else",
  old: "too old for a letter",
  "opted-out": "the author asked to stop",
  undeliverable: "mail to the author bounced",
  paused: "the author replied not now",
  enough: "the author had the maximum of letters",
  recent: "the author had a letter recently",
  newcomer: "the author is new to the list",
  complete: "signed, with a base",
  "few-sign": "few others here sign",
  "base-certain": "the base is certain without asking",
  ceiling: "the day's maximum of letters is reached",
} as const;

export type LetterReason = keyof typeof REASONS;

export type LetterDecision =
  | { readonly kind: "hold"; readonly reason: LetterReason }
  /** The base has to be guessed first. */
  | { readonly kind: "guess" }
  | { readonly kind: "suggest"; readonly topics: readonly Topic[]; readonly at: number };

type Test = (situation: Situation, first: MailFacts, rules: Rules) => boolean;

/** In the order of their checks. */
const HOLDS: readonly (readonly [LetterReason, Test])[] = [
  ["automatic", (_, first) => first.automatic !== null],
  ["bot", (_, first) => first.bot],
  ["list-generated", (_, first) => first.replaced],
  ["no-address", (_, { sender, messageId }) => sender === null || messageId === ""],
  ["unreachable", (_, { sender }) => !canArrive(sender!.identity)],
  ["never", (_, { sender }, { never }) => never.includes(sender!.identity)],
  ["maintainer", (_, { sender }, { excluded }) => isAmong(sender!.identity, excluded)],
  ["other-list", (_, { lists }, rules) => !isServed(lists, rules.lists)],
  ["reply", (_, first) => first.reply || answersAnother(first)],
  ["rfc", (_, first) => first.rfc],
  ["pull", (_, first) => first.pull],
  ["unmarked", (_, first) => !first.marked],
  ["forwarded", (_, first) => first.forwarded],
  ["refused", ({ series }) => series.refused],
  ["old", ({ now, series }, _, { maxAge }) => now - series.sentAt > maxAge],
  ["opted-out", ({ author }) => author.refused],
  ["undeliverable", ({ author }) => author.undeliverable],
  ["newcomer", ({ now, author }, _, rules) => isNew(author, now, rules)],
  ["complete", ({ series }, _, { topics }) => topics.every((topic) => has(series, topic))],
  ["paused", ({ now, author }) => now < author.pausedUntil],
  ["enough", ({ author }, _, { most }) => author.letters.length >= most],
  ["recent", ({ now, author }, _, rules) => isRecent(author, plannedAt(now, rules), rules)],
];

/** Decides about a series. Times in the answer are seconds since the epoch. */
export function decideLetter(situation: Situation, rules: Rules): LetterDecision {
  const { now, series, list, guess } = situation;
  const { first } = series;
  const hold = (reason: LetterReason): LetterDecision => ({ kind: "hold", reason });
  if (first === null) return hold("headless");
  for (const [reason, test] of HOLDS) if (test(situation, first, rules)) return hold(reason);

  const wanted = rules.topics.filter((topic) => !has(series, topic));
  const others = list.signers >= rules.othersSign;
  const topics = wanted.filter((topic) => (topic === "sign" ? others : guess !== "certain"));
  if (topics.length === 0) return hold(wanted.includes("base") ? "base-certain" : "few-sign");
  const at = plannedAt(now, rules);
  if (onDay(list.letters, at) >= rules.perDay) return hold("ceiling");
  if (wanted.includes("base") && guess === "unasked") return { kind: "guess" };
  return { kind: "suggest", topics, at };
}

/** The earliest time at which a letter may go out. */
function plannedAt(now: number, { quiet }: Limits): number {
  return afterQuiet(quiet, now);
}

function has(series: SeriesFacts, topic: Topic): boolean {
  return topic === "sign" ? series.signed : series.based;
}

function isServed(lists: readonly string[], served: readonly string[]): boolean {
  return served.length === 0 || lists.some((list) => served.includes(list));
}

/** A patch in reply to a mail is part of a discussion, unless it is a new version. */
function answersAnother({ inReplyTo, number }: MailFacts): boolean {
  return inReplyTo !== "" && number.version < 2;
}

function isNew(
  { works, since }: AuthorFacts,
  now: number,
  { minSeries, minTime }: Limits,
): boolean {
  return works < minSeries || since === null || now - since < minTime;
}

function isRecent({ letters }: AuthorFacts, at: number, { period }: Limits): boolean {
  const last = letters.at(-1);
  return last !== undefined && at - last < period;
}

/** Letters in the 24 hours before `time`, and later ones. */
function onDay(letters: readonly number[], time: number): number {
  return letters.filter((at) => at > time - DAY).length;
}

/**
 * Checks again before a letter leaves: it may have waited for a server while another one left.
 *
 * @param sent when letters left in the last days, ascending
 * @param own when letters to this author left
 */
export function mayLeave(
  now: number,
  sent: readonly number[],
  own: readonly number[],
  { quiet, perDay, period, most }: Limits,
): "now" | "later" | "never" {
  if (own.length >= most || own.some((at) => now - at < period)) return "never";
  return isQuiet(quiet, now) || onDay(sent, now) >= perDay ? "later" : "now";
}
