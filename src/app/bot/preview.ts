/**
 * What the bot would have done with mails of the past: the same work as a round's, in memory, by the
 * mails' own clock. Nothing is written anywhere.
 */

import { byDate } from "../../bot/by-date.ts";
import { headerFieldsOf } from "../../bot/header.ts";
import type { BotSettings } from "../../bot/settings.ts";
import { parseDate } from "../../mail/date.ts";
import { isReadFailure, type SourceMail } from "../../source/item.ts";
import { BotStore } from "../../store/bot-store.ts";
import { openSource } from "../sources/sources.ts";
import { mailProgress, type Reporter } from "../reporter.ts";
import { guesserOf } from "./common.ts";
import type { DecidedSeries } from "./deciding.ts";
import { rehearsal } from "./letters.ts";
import { BotSession } from "./session.ts";

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

/** Every series of the sources, with what would have been decided about it. */
export async function* previewSeries(
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
