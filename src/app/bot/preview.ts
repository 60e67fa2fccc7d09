/**
 * What the bot would have done with mails of the past: the same work as a round's, in memory, by the
 * mails' own clock. Nothing is written anywhere.
 */

import type { LetterReason } from "../../bot/decide.ts";
import type { Text } from "../../bot/letter.ts";
import { byDate } from "../../bot/by-date.ts";
import { headerFieldsOf } from "../../bot/header.ts";
import type { BotSettings } from "../../bot/settings.ts";
import { parseDate } from "../../mail/date.ts";
import { isReadFailure, type SourceMail } from "../../source/item.ts";
import type { Planned, Preview } from "../../report/bot.ts";
import { BotStore } from "../../store/bot-store.ts";
import { openSource } from "../sources/sources.ts";
import { mailProgress, type Reporter } from "../reporter.ts";
import { guesserOf } from "./common.ts";
import type { DecidedSeries } from "./deciding.ts";
import { rehearsal, suggestionView } from "./letters.ts";
import { BotSession, type Suggest } from "./session.ts";
import { openTemplates } from "./templates.ts";

/** What has been read so far. */
export interface PreviewTally {
  mails: number;
  /** What could not be read. */
  unread: number;
  /** Between which times the mails came, seconds; null where there was none. */
  from: number | null;
  to: number | null;
}

export interface PreviewOptions {
  readonly sources: readonly string[];
  readonly settings: BotSettings;
  /** As `openSource` takes it. */
  readonly since: string | undefined;
  /** No mail came later, seconds since the epoch. */
  readonly latest: number;
  readonly reporter: Pick<Reporter, "sayError" | "progress">;
}

/** Mails that are taken in at a time. */
const AT_A_TIME = 32;
/** Bytes of mails that are put into the order of their dates. */
const MAX_SORTED = 128 << 20;

/** Who is told while a preview runs. */
export interface PreviewListener {
  readonly decided: (decided: DecidedSeries) => void;
  /** Null if nobody reads the letters. */
  readonly letter: ((letter: Planned, text: Text) => void) | null;
}

/** A whole preview: what was decided, counted, and the letters. */
export async function previewRun(
  options: PreviewOptions,
  listener: PreviewListener,
): Promise<Preview & Pick<PreviewTally, "unread">> {
  const { settings } = options;
  const render = openTemplates(settings.templates);
  const tally: PreviewTally = { mails: 0, unread: 0, from: null, to: null };
  const held = new Map<LetterReason, number>();
  const letters: Planned[] = [];
  let series = 0;
  for await (const decided of previewSeries(options, tally)) {
    series++;
    const { decision } = decided;
    listener.decided(decided);
    if (decision.kind === "hold") {
      held.set(decision.reason, (held.get(decision.reason) ?? 0) + 1);
      continue;
    }
    const letter = plannedLetter(decided, decision);
    letters.push(letter);
    listener.letter?.(letter, render("suggest", suggestionView(decided, settings)));
  }
  return { ...tally, series, held, letters };
}

/** Every series of the sources, with what would have been decided about it. */
async function* previewSeries(
  options: PreviewOptions,
  tally: PreviewTally,
): AsyncGenerator<DecidedSeries> {
  const { settings, latest } = options;
  const store = new BotStore(null, true);
  const guesser = guesserOf(settings, options.reporter.sayError);
  const session = new BotSession({
    store,
    settings,
    guess: guesser.guess,
    write: async (decided, suggest) => rehearsal(decided, suggest),
    listen: async () => null,
  });
  let waiting: SourceMail[] = [];
  let time = 0;

  async function flush(until: number): Promise<DecidedSeries[]> {
    const mails = waiting;
    waiting = [];
    await session.take(mails, time);
    return await session.settle(until);
  }

  try {
    for await (const mail of sortedMails(options, tally)) {
      const date = dateOf(mail, latest) ?? time;
      // whatever came before is whole by then, and is decided at its own time
      if (time > 0 && date - time > settings.settle) yield* await flush(time + settings.settle);
      else if (waiting.length >= AT_A_TIME) yield* await flush(time);
      time = Math.max(time, date);
      tally.from ??= time;
      tally.to = time;
      waiting.push(mail);
    }
    yield* await flush(time + settings.settle);
  } finally {
    guesser.close();
    store.close();
  }
}

/** The mails in the order of their dates, as far as memory goes. */
async function* sortedMails(
  { sources, since, latest, reporter }: PreviewOptions,
  tally: PreviewTally,
): AsyncGenerator<SourceMail> {
  const order = byDate<SourceMail>(MAX_SORTED);
  const onRead = mailProgress(reporter.progress, sources.length, () => tally.mails);
  for (const source of sources) {
    for await (const items of openSource(source, { since }, onRead)) {
      for (const item of items) {
        if (isReadFailure(item)) {
          tally.unread++;
          reporter.sayError(item.error);
          continue;
        }
        tally.mails++;
        yield* order.add(item, dateOf(item, latest), item.bytes?.length ?? 0);
      }
    }
  }
  yield* order.end();
}

/** Its Date; null if there is none, or it has not come yet. */
function dateOf({ bytes }: SourceMail, latest: number): number | null {
  const date = parseDate(headerFieldsOf(bytes ?? Buffer.alloc(0))("date")[0] ?? "");
  return date === null || date > latest ? null : date;
}

/** The letter, as it would be announced. */
function plannedLetter({ series }: DecidedSeries, { at, topics }: Suggest): Planned {
  const { subject, sender } = series.first!;
  return { at, identity: sender!.identity, topics, subject };
}

/** `bot-series` (docs/schema/bot.md), without its type. */
export function decidedRecord({ decision, series: { first, sentAt } }: DecidedSeries): object {
  const suggests = decision.kind === "suggest";
  return {
    messageId: first?.messageId ?? "",
    subject: first?.subject ?? "",
    author: first?.sender?.identity ?? null,
    sentAt,
    outcome: suggests ? "suggest" : decision.reason,
    topics: suggests ? decision.topics : [],
    sendAt: suggests ? decision.at : null,
  };
}

/** `bot-preview`, without its type. */
export function previewRecord({ held, letters, ...counts }: Preview): object {
  const authors = new Set(letters.map(({ identity }) => identity)).size;
  return { ...counts, letters: letters.length, authors, held: Object.fromEntries(held) };
}
