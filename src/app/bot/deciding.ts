/** From a complete series to the decision on it, with everything for a letter. */

import { decideLetter, type LetterDecision, type Situation } from "../../bot/decide.ts";
import { type SeriesFacts, seriesFacts } from "../../bot/facts.ts";
import { authorDigest } from "../../bot/identity.ts";
import type { BotSettings } from "../../bot/settings.ts";
import type { SeriesRow } from "../../store/bot-intake.ts";
import type { BotStore } from "../../store/bot-store.ts";
import { workDigest } from "../../trust/replay.ts";
import type { Guessed } from "../base/guesser.ts";
import type { OutlinedSeries } from "../../verify/outline.ts";
import { type SeriesBase, seriesBaseOf } from "../base/series-base.ts";
import type { OpenMail } from "./open-series.ts";

/** Null if the repository cannot be asked. */
export type GuessBase = (series: SeriesBase) => Promise<Guessed | null>;

export interface DecidedSeries {
  readonly series: SeriesFacts;
  /** Names of its author and of the work that it is a version of. */
  readonly author: Buffer;
  readonly work: Buffer;
  readonly version: number;
  readonly total: number;
  readonly cover: boolean;
  readonly decision: Exclude<LetterDecision, { kind: "guess" }>;
  readonly situation: Situation;
  readonly guessed: Guessed | null;
}

interface DecidingOptions {
  readonly store: BotStore;
  readonly settings: BotSettings;
  /** Null where there is no repository. */
  readonly guess: GuessBase | null;
}

/** @param now seconds since the epoch */
export async function decideSeries(
  { outline, members }: OutlinedSeries<OpenMail>,
  now: number,
  { store, settings, guess }: DecidingOptions,
): Promise<DecidedSeries> {
  const series = seriesFacts(
    members.map(({ facts }) => facts),
    now,
  );
  const identity = series.first?.sender?.identity ?? "";
  const author = identity === "" ? Buffer.alloc(0) : authorDigest(identity);
  const work = workDigest(identity, series.first?.title ?? "");
  const known = situationOf(store, { series, author, work }, now);
  const situation = { ...known, guess: guess === null ? "uncertain" : "unasked" } as const;
  const asked = seriesBaseOf(
    outline,
    members.map(({ summary }) => summary),
  );
  const { version, index, total } = series.first?.number ?? { version: 1, index: 1, total: 1 };
  const decided = await decideWith(situation, settings, asked, guess);
  return { ...decided, series, author, work, version, total, cover: index === 0 };
}

/** What is known about a series' author and the list, without the base. */
function situationOf(
  store: BotStore,
  { series, author, work }: Pick<DecidedSeries, "series" | "author" | "work">,
  now: number,
): Omit<Situation, "guess"> {
  const known = store.authorFacts(author);
  // authors who named the base of this work are not asked again
  const named = store.namedBase(author, work) !== null;
  return {
    now,
    series: named ? { ...series, based: true } : series,
    author: {
      ...known,
      works: known.works + (store.hasWork(author, work) ? 0 : 1),
      since: Math.min(known.since ?? series.sentAt, series.sentAt),
    },
    list: { signers: store.signers(author, now), letters: store.recentLetters(now) },
  };
}

/** Decides; guesses the base only if everything else favours a letter. */
async function decideWith(
  situation: Situation,
  { rules }: BotSettings,
  series: SeriesBase,
  guess: GuessBase | null,
): Promise<Pick<DecidedSeries, "decision" | "situation" | "guessed">> {
  const decision = decideLetter(situation, rules);
  if (decision.kind !== "guess") return { decision, situation, guessed: null };
  const guessed = await guess!(series);
  const isCertain = guessed?.confidence === "high" && guessed.guess.unique;
  const asked: Situation = { ...situation, guess: isCertain ? "certain" : "uncertain" };
  const second = decideLetter(asked, rules);
  if (second.kind === "guess") throw new Error("a guess is asked for twice");
  return { decision: second, situation: asked, guessed };
}

/** What is remembered of it. */
export function seriesRowOf({
  series,
  author,
  work,
  decision,
  situation,
}: DecidedSeries): SeriesRow {
  const { first, sentAt, signed, patchsig, based } = series;
  const suggests = decision.kind === "suggest";
  return {
    author,
    identity: first?.sender?.identity ?? "",
    subject: first?.subject ?? "",
    messageId: first?.messageId ?? "",
    work,
    sentAt,
    decidedAt: situation.now,
    signed,
    patchsig,
    based,
    outcome: suggests ? "suggest" : decision.reason,
    topics: suggests ? decision.topics : [],
  };
}
