/**
 * Brings the index up to date with its sources, portion by portion. Each portion is judged together with the earlier
 * mails of its threads, and as for `verify`, keys are remembered. While one portion is stored, the next ones are read,
 * in other threads if there are many mails.
 */

import type { SearchableMail } from "../../search/mail-text.ts";
import { DAY } from "../../primitives/time.ts";
import { count } from "../../primitives/words.ts";
import { followed } from "../../series/item.ts";
import type { ReadFailure } from "../../source/item.ts";
import type { MailRow, PlacedRow } from "../../store/index-sql.ts";
import type { IndexStore } from "../../store/index-store.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import type { Pins } from "../../trust/pins.ts";
import type { Policies } from "../../verify/policy.ts";
import { mailProgress, type Reporter } from "../reporter.ts";
import { isFeedSource, openSource } from "../sources/sources.ts";
import { claimsIn } from "../verify/checking.ts";
import type { DkimRun } from "../verify/dkim.ts";
import { toJudgeAgain } from "./again.ts";
import { CheckedMails } from "./checked-mails.ts";
import { type FactMail, type FactReader, openFactReader } from "./facts.ts";
import { contentsOf, type Gone, goneFrom, isUnfollowed } from "./gone.ts";
import { type JudgedPortion, judgeFacts } from "./judge.ts";
import { dateOf, type FreshMail, newMail, verdictOn } from "./new-mail.ts";
import { type NewPortion, PORTION_MAILS, portionsOf } from "./portions.ts";
import { indexedSeries, regrouped } from "./series.ts";

export interface UpdateIndexOptions {
  /** Public-inboxes, maildirs and mboxes, by absolute names. */
  readonly sources: readonly string[];
  readonly policies: Policies;
  readonly pins: Pins;
  readonly devKeyrings: readonly string[];
  readonly trailers: readonly string[];
  /** Keys for DKIM; null if DKIM is not looked at. */
  readonly dkim: DkimRun | null;
  /** Seconds since the epoch: a mail dated later counts as of now. */
  readonly now: number;
  /** Most mails of a portion. Default: `PORTION_MAILS`. */
  readonly portion?: number;
  /** Threads that read mails beside this one, once there are many. Default: 0. */
  readonly threads?: number;
}

export interface IndexCounts {
  /** Mails that are new in the index. */
  mails: number;
  /** Mails, or parts of sources, that could not be read; each has been said. */
  unread: number;
  /** Mails that could not be read at an earlier update, and still cannot; they are not said again. */
  lost: number;
}

/** Portions that are read while one is stored: two, so that some is left for this thread when it would wait. */
const PORTIONS_AHEAD = 2;
/** Threads to judge again at a time. */
const THREADS_AT_ONCE = 100;

/**
 * @param onPortion called after each portion: what was found so far can be searched
 * @throws PatchsigError "usage" for a source whose new mails cannot be told from the old ones; others if the index or
 *   a source cannot be read
 */
export async function updateIndex(
  index: IndexStore,
  options: UpdateIndexOptions,
  trust: TrustStore,
  reporter: Reporter,
  onPortion: (counts: IndexCounts) => void = () => {},
): Promise<IndexCounts> {
  const counts: IndexCounts = { mails: 0, unread: 0, lost: 0 };
  const { devKeyrings, trailers, threads = 0 } = options;
  const dkim = options.dkim?.check ?? null;
  const reader = openFactReader({ devKeyrings, trailers, dkim }, threads);
  const work = new IndexWork(index, options, trust, reader);
  const onRead = mailProgress(reporter.progress, options.sources.length, () => counts.mails);
  const store = async (source: string, { failures, read }: PendingPortion): Promise<void> => {
    const fresh = failures.filter(({ known }) => known === undefined);
    for (const { error } of fresh) reporter.sayError(error);
    counts.unread += fresh.length;
    counts.lost += failures.length - fresh.length;
    counts.mails += await work.take(source, await reader.help(read));
    onPortion(counts);
  };
  try {
    await work.judgeAgain();
    for (const source of index.sources().filter(isUnfollowed))
      await work.leave(source, await goneFrom(index, source));
    for (const source of options.sources) {
      const gone = await goneFrom(index, source);
      await work.leave(source, gone);
      const contents = contentsOf(source);
      const cursorOf = (name: string): string | null => (gone.refilled ? null : index.cursor(name));
      const cursorsBelow = (prefix: string): string[] => index.cursorsBelow(prefix);
      const items = openSource(source, { cursorOf, cursorsBelow, say: reporter.say }, onRead);
      const begun: PendingPortion[] = [];
      for await (const portion of portionsOf(items, options.portion ?? PORTION_MAILS)) {
        begun.push(work.read(portion));
        if (begun.length > PORTIONS_AHEAD) await store(source, begun.shift()!);
      }
      for (const portion of begun) await store(source, portion);
      if (contents !== null) index.setFact(contents.name, contents.value);
      // a rewritten history has most of its mails again, as other commits: those were not withdrawn
      await work.forget(index.replacedResults(source));
      const has = (messageId: string): boolean =>
        index.mailsCalled(messageId).some((one) => one.source === source);
      const lost = gone.rewritten ? gone.mails.filter(({ messageId }) => !has(messageId)) : [];
      if (lost.length > 0)
        reporter.say(
          `${source}: its history was rewritten, without ${count(lost.length, "mail")} that it had`,
        );
    }
  } finally {
    reader.close();
  }
  return counts;
}

/** A portion that is being read. */
interface PendingPortion {
  readonly failures: readonly ReadFailure[];
  readonly read: Promise<ReadMails>;
}

interface ReadMails {
  readonly mails: readonly FreshMail[];
  readonly cursors: NewPortion["cursors"];
}

/** What changed in a source, to be stored in one transaction. */
interface News {
  readonly source: string;
  readonly fresh: readonly FreshMail[];
  /** Ids, as of IndexPortion. */
  readonly gone: readonly number[];
  readonly withdrawn: readonly number[];
  readonly cursors: ReadonlyMap<string, string | null>;
}

const NOTHING_NEW: News = { source: "", fresh: [], gone: [], withdrawn: [], cursors: new Map() };

class IndexWork {
  readonly #index: IndexStore;
  readonly #options: UpdateIndexOptions;
  readonly #trust: TrustStore;
  readonly #reader: FactReader;
  readonly #checked: CheckedMails;

  constructor(
    index: IndexStore,
    options: UpdateIndexOptions,
    trust: TrustStore,
    reader: FactReader,
  ) {
    this.#index = index;
    this.#options = options;
    this.#trust = trust;
    this.#reader = reader;
    this.#checked = new CheckedMails(reader);
  }

  /** Judges the threads again whose verdicts may have changed. */
  async judgeAgain(): Promise<void> {
    const { threads, done } = toJudgeAgain(this.#index, this.#trust, this.#options);
    for (let at = 0; at < threads.length; at += THREADS_AT_ONCE)
      await this.#store(NOTHING_NEW, threads.slice(at, at + THREADS_AT_ONCE));
    done();
  }

  /** Takes out of the index what a source no longer has. A result stays, marked as withdrawn by its feed. */
  async leave(source: string, { mails, rewritten, back, cursors }: Gone): Promise<void> {
    const isKept = ({ kind }: PlacedRow): boolean =>
      rewritten && isFeedSource(source) && kind === "result";
    const withdrawn = mails.filter(isKept).map(({ id }) => id);
    this.#index.restore(back.map(({ id }) => id));
    if (withdrawn.length > 0) await this.#store({ ...NOTHING_NEW, withdrawn }, []);
    await this.forget(mails.filter((one) => !isKept(one)));
    // last: if this run is killed before, the next one still notices what is gone
    if (cursors.length > 0)
      await this.#store(
        { ...NOTHING_NEW, cursors: new Map(cursors.map((name) => [name, null])) },
        [],
      );
  }

  async forget(mails: readonly PlacedRow[]): Promise<void> {
    for (let at = 0; at < mails.length; at += PORTION_MAILS) {
      const some = mails.slice(at, at + PORTION_MAILS);
      const gone = some.map(({ id }) => id);
      const threads = new Set(some.map(({ thread }) => thread));
      await this.#store({ ...NOTHING_NEW, gone }, [...threads]);
    }
  }

  /** Begins to read the mails of a portion, and empties it. Mails that are too large are left out. */
  read({ mails, failures, cursors }: NewPortion): PendingPortion {
    const whole = mails.filter((mail): mail is FactMail => mail.bytes !== null);
    const places = whole.map(({ source, size }) => ({ place: source, size }));
    const facts = this.#reader.read(whole);
    // so that their bytes can be freed while the portion before this one is stored
    mails.length = 0;
    whole.length = 0;
    const read = facts.then((found) => ({
      cursors,
      mails: found.map((one, i) => ({ ...places[i]!, ...one, names: namesOf(one.text) })),
    }));
    // it is awaited later: a failure until then must not count as unhandled
    read.catch(() => undefined);
    return { failures, read };
  }

  /** Stores those mails of a source that are new. @returns how many that were */
  async take(source: string, { mails, cursors }: ReadMails): Promise<number> {
    const gone: { readonly id: number; readonly thread: number }[] = [];
    const fresh = mails.filter(({ place, text }) => {
      const before = this.#index.mailAt(source, place);
      if (before !== null && before.messageId !== text.messageId) gone.push(before);
      return before?.messageId !== text.messageId;
    });
    const named = this.#index.threadsNamed([...new Set(fresh.flatMap(({ names }) => names))]);
    const threads = [...new Set([...named, ...gone.map(({ thread }) => thread)])];
    const ids = gone.map(({ id }) => id);
    await this.#store({ ...NOTHING_NEW, source, fresh, gone: ids, cursors }, threads);
    return fresh.length;
  }

  /**
   * Judges the new mails together with the mails of these threads, and stores all in one transaction.
   *
   * @param threads ids of those whose series are replaced
   */
  async #store(
    { source, fresh, gone, withdrawn, cursors }: News,
    threads: readonly number[],
  ): Promise<void> {
    const left = new Set(gone);
    const known = new Map<string, MailRow>();
    for (const thread of threads)
      for (const mail of this.#index.thread(thread))
        if (!left.has(mail.id)) known.set(mail.place, mail);
    const before = await this.#checked.of([...known.values()]);
    for (const one of fresh) this.#checked.keep(one, one.text.messageId);
    const all = [...before, ...fresh].map(({ place, examined, version }) => ({
      source: place,
      examined,
      payload: version,
    }));
    const { now, dkim } = this.#options;
    await dkim?.fetchKeys(fresh.flatMap(({ examined }) => claimsIn(examined)));
    const judged = judgeFacts(all, this.#options, this.#trust);
    const dates = new Map<string, number>();
    for (const { messageId, place, date } of known.values())
      for (const name of [messageId, place]) dates.set(name, date);
    for (const { place, text } of fresh)
      for (const name of [text.messageId, place]) dates.set(name, dateOf(text, now));
    const sources = (place: string): string => known.get(place)?.source ?? source;
    const together = namesBySeries(judged);
    this.#index.put(
      {
        gone,
        withdrawn,
        mails: fresh.map((one) => newMail(source, one, judged, together, now)),
        again: [...known.values()]
          .filter(({ place }) => judged.places.has(place))
          .map((mail) => ({ id: mail.id, ...verdictOn(mail, judged) })),
        threads,
        series: indexedSeries(judged.series, { dates, sources }),
        cursors,
      },
      (stored) => regrouped(stored, this.#index, this.#trust.seriesLinks()),
    );
  }
}

/**
 * Names that a mail shares with others of its thread, as the collector of series connects mails: Message-IDs that it
 * has or refers to; for a patch that refers to none, its author and label (`[PATCH v2 1/3]`) near its date.
 */
function namesOf(text: SearchableMail): string[] {
  const ids = [text.messageId, ...text.references.slice(0, 1), ...followed(text)];
  const names = [...new Set(ids)].filter((id) => id !== "").map((id) => `mail ${id}`);
  const [, label] = /^\[([^\]]*\b\d+\/\d+)\]/.exec(text.words.subject) ?? [];
  if (text.references.length > 0 || label === undefined || text.date === null) return names;
  const [version = "v1"] = /\bv\d+\b/.exec(label) ?? [];
  const [total = ""] = /\d+$/.exec(label) ?? [];
  // any two times within twelve hours fall on one day, either of the days from midnight or of those from noon
  const days = [0, DAY / 2].map((shift) => Math.floor((text.date! + shift) / DAY));
  const labels = days.map((day, i) => `label ${text.from.email} ${version} ${total} ${i} ${day}`);
  return [...names, ...labels];
}

/** By place, a name for the mails of each series: it connects those that no thread does. */
function namesBySeries({ series }: JudgedPortion): ReadonlyMap<string, string> {
  return new Map(
    series.flatMap(({ received: [first, ...rest] }) =>
      rest.map(({ source }): [string, string] => [source, `mail ${first!.payload.messageId}`]),
    ),
  );
}
