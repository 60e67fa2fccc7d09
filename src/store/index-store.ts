/**
 * The index of mails: index.db in the cache folder. It is derived data, and can be made again from the mails. A portion
 * of mails and its cursors are stored in one transaction, so that a run which was killed goes on where it was.
 */

import { hash } from "node:crypto";
import type Database from "better-sqlite3";
import { pathMatcher } from "../search/maintainers.ts";
import { TEXT_FIELDS } from "../search/query.ts";
import type { Condition } from "../search/sql.ts";
import { explainingSqlite, openDatabase } from "./database.ts";
import { INDEX_SCHEMA } from "./index-schema.ts";
import {
  type MailRow,
  type JudgedAgain,
  type NewIndexedSeries,
  type NewMail,
  type PatchMonth,
  type PlacedRow,
  prepareIndex,
  SELECT_MAILS,
  type SignerOfThread,
  type StoredResult,
  type StoredSeries,
} from "./index-sql.ts";

/** What one portion of mails changes. */
export interface IndexPortion {
  /** Ids of mails to delete: they are no longer in their places. */
  readonly gone: readonly number[];
  /** Ids of mails whose results their feed has taken back; they stay, marked as withdrawn. */
  readonly withdrawn: readonly number[];
  readonly mails: readonly NewMail[];
  readonly again: readonly JudgedAgain[];
  /** Threads whose series are replaced by `series`. */
  readonly threads: readonly number[];
  readonly series: readonly NewIndexedSeries[];
  /** New values of cursors, by name; null to forget one. */
  readonly cursors: ReadonlyMap<string, string | null>;
}

/** Most mails of a thread; further mails that belong to it make a new thread. */
const MAX_THREAD_MAILS = 5_000;
/** Most series of one name that are looked at; the latest. */
const MAX_NAMESAKES = 16;

/** The open database. Methods throw PatchsigErrors that say what is wrong with the file. */
export class IndexStore {
  readonly file: string;
  readonly db: Database.Database;
  readonly #sql: ReturnType<typeof prepareIndex>;

  /**
   * @param dryRun true to write nothing; a file that does not exist is then an empty index
   * @throws PatchsigError as `openDatabase`
   */
  constructor(file: string, dryRun = false) {
    this.file = file;
    this.db = openDatabase(INDEX_SCHEMA, { file, dryRun }).db;
    // derived data: after a power cut the last portions are read again
    if (!dryRun) this.db.pragma("synchronous = normal");
    this.db.function("path_matches", { deterministic: true }, pathMatcher() as () => number);
    this.db.function("lower_case", { deterministic: true }, (text) => String(text).toLowerCase());
    this.#sql = prepareIndex(this.db);
  }

  close(): void {
    this.db.close();
  }

  /** How far a source was read; null if there is no cursor of this name. */
  cursor(name: string): string | null {
    return this.#explained(() => this.#sql.cursor.get(name) ?? null);
  }

  /** The names of the cursors that begin with a prefix. */
  cursorsBelow(prefix: string): string[] {
    return this.#explained(() => this.#sql.cursorsBelow.all(prefix, prefix));
  }

  /** What was kept by `setFact`; null if nothing was. */
  fact(name: string): string | null {
    return this.#explained(() => this.#sql.fact.get(name) ?? null);
  }

  setFact(name: string, value: string): void {
    this.#explained(() => this.#sql.setFact.run(name, value));
  }

  /** The mail at a place of a source, as of when the source was read; null if there was none. */
  mailAt(source: string, place: string): Pick<MailRow, "id" | "thread" | "messageId"> | null {
    return this.#explained(() => this.#sql.placed.get(source, place) ?? null);
  }

  /** The names of all sources. */
  sources(): string[] {
    return this.#explained(() => this.#sql.sources.all());
  }

  /** All mails of a source, withdrawn results too. */
  mailsOfSource(source: string): PlacedRow[] {
    return this.#explained(() => this.#sql.ofSource.all(source));
  }

  /** Results that a source took back, and whose mails it has again at another place. */
  replacedResults(source: string): PlacedRow[] {
    return this.#explained(() => this.#sql.replaced.all(source));
  }

  /** Marks results as no longer withdrawn. @param mails ids */
  restore(mails: readonly number[]): void {
    this.#explained(() =>
      this.db.transaction(() => mails.forEach((id) => this.#sql.restore.run(id)))(),
    );
  }

  /** The threads to which these names connect a mail. */
  threadsNamed(names: readonly string[]): number[] {
    const threads = names.flatMap((name) => this.#sql.threadOf.get(digest(name)) ?? []);
    return [...new Set(threads)];
  }

  /** The mails of a thread, in the order in which they were stored; at most `MAX_THREAD_MAILS`. */
  thread(thread: number): MailRow[] {
    return this.#explained(() => this.#sql.threadMails.all(thread, MAX_THREAD_MAILS));
  }

  /** All copies of a mail. @param messageId with angle brackets, as `nameOfMail` */
  mailsCalled(messageId: string): MailRow[] {
    return this.#explained(() => this.#sql.called.all(messageId));
  }

  /**
   * The mails for which a condition holds, the newest first.
   *
   * @param sources only mails of these sources; null for all
   * @param after only mails that follow this one in the order; null to begin with the newest
   */
  find(
    { sql, values }: Condition,
    sources: readonly string[] | null,
    most: number,
    after: Pick<MailRow, "date" | "id"> | null,
  ): MailRow[] {
    const conditions = [`(${sql})`];
    const given: (string | number)[] = [...values];
    if (sources !== null) {
      // the plus keeps SQLite from collecting the mails of the sources first, which it would have to sort
      conditions.push("+s.name in (select value from json_each(?))");
      given.push(JSON.stringify(sources));
    }
    if (after !== null) {
      conditions.push("(m.date, m.id) < (?, ?)");
      given.push(after.date, after.id);
    }
    const text = `${SELECT_MAILS} where ${conditions.join(" and ")} order by m.date desc, m.id desc limit ?`;
    return this.rows(text, ...given, most);
  }

  /** The rows that a statement selects; the caller knows their type. */
  rows<Row>(text: string, ...values: readonly unknown[]): Row[] {
    return this.#explained(() => this.db.prepare<unknown[], Row>(text).all(...values));
  }

  /** Series that share one of these names, and with each the other series of its work. */
  namesakes(names: Iterable<string>): StoredSeries[] {
    return this.#explained(() => {
      const works = new Set<number>();
      for (const name of names)
        for (const work of this.#sql.namesakes.all(digest(name), MAX_NAMESAKES)) works.add(work);
      return [...works].flatMap((work) => this.#sql.ofWork.all(work));
    });
  }

  /** The Message-IDs of the mails of series, by the series' ids: first the cover letter, then the patches in order. */
  mailsOfSeries(series: readonly number[]): ReadonlyMap<number, readonly string[]> {
    const found = new Map<number, string[]>();
    for (const { series: id, messageId } of this.#explained(() =>
      this.#sql.firstMails.all(JSON.stringify(series)),
    )) {
      const ids = found.get(id);
      if (ids === undefined) found.set(id, [messageId]);
      else if (!ids.includes(messageId)) ids.push(messageId);
    }
    return found;
  }

  /** The ids of the series that a mail belongs to. */
  seriesWith(mail: number): number[] {
    return this.#explained(() => this.#sql.seriesWith.all(mail));
  }

  /** Patches by the months of their dates. */
  patchesByMonth(): PatchMonth[] {
    return this.#explained(() => this.#sql.patchesByMonth.all());
  }

  /** Series by the months of their dates, and how many name a base. */
  seriesByMonth(): { month: string; all: number; withBase: number }[] {
    return this.#explained(() => this.#sql.seriesByMonth.all());
  }

  /** The test results that were stored last, the newest first. */
  latestResults(most: number): StoredResult[] {
    return this.#explained(() => this.#sql.latestResults.all(most));
  }

  /** How many mails and series there are. */
  counts(): { readonly mails: number; readonly series: number } {
    return this.#explained(() => this.#sql.counts.get()!);
  }

  /** The series of a work, by id. */
  ofWork(work: number): StoredSeries[] {
    return this.#explained(() => this.#sql.ofWork.all(work));
  }

  /** Whether there is a test result about these patches; for "", one that names no patches. */
  hasResultsOf(patches: string): boolean {
    return this.#explained(() => this.#sql.hasResultsOf.get(patches) === 1);
  }

  /** Whether there is any test result. */
  hasResults(): boolean {
    return this.#explained(() => this.#sql.hasResults.get() === 1);
  }

  /** Results of a test on a tree: the last `most` of each key in `by`, and of all others together (`sharedResults`). */
  resultsOf(tree: string, test: string, by: readonly string[], most: number): StoredResult[] {
    const keys = JSON.stringify(by);
    return this.#explained(() => this.#sql.resultsOf.all({ tree, test, keys, most }));
  }

  /** Results of all tests on a tree, shared as by `resultsOf`. */
  resultsOn(tree: string, by: readonly string[], most: number): StoredResult[] {
    const keys = JSON.stringify(by);
    return this.#explained(() => this.#sql.resultsOn.all({ tree, keys, most }));
  }

  /** Results about patches (`TestResult.patches`) on any tree, shared as by `resultsOf`. */
  resultsOfPatches(patches: string, by: readonly string[], most: number): StoredResult[] {
    const keys = JSON.stringify(by);
    return this.#explained(() => this.#sql.resultsOfPatches.all({ patches, keys, most }));
  }

  /** Results by these keys alone, about any of these patches: at most so many for each pair of patches and key. */
  resultsByKeys(all: readonly string[], by: readonly string[], most: number): StoredResult[] {
    const [patches, keys] = [JSON.stringify(all), JSON.stringify(by)];
    return this.#explained(() => this.#sql.resultsByKeys.all({ patches, keys, most }));
  }

  /** The threads that have a series. */
  patchThreads(): number[] {
    return this.#explained(() => this.#sql.patchThreads.all());
  }

  /** Senders and authors of patches, by thread. */
  signers(): SignerOfThread[] {
    return this.#explained(() => this.#sql.signers.all());
  }

  /**
   * Stores a portion in one transaction.
   *
   * @param regroup gets the stored series; returns which work they, and others, belong to: pairs of id and work
   */
  put(
    portion: IndexPortion,
    regroup: (stored: readonly StoredSeries[]) => Iterable<readonly [id: number, work: number]>,
  ): void {
    this.#explained(() =>
      this.db
        .transaction(() => {
          for (const id of portion.gone) this.#forget(id);
          for (const id of portion.withdrawn) this.#sql.withdraw.run(id);
          for (const mail of portion.mails) this.#add(mail);
          for (const mail of portion.again) this.#sql.judge.run(mail);
          const ids = new Map<string, number>();
          const works = new Set<number>();
          for (const thread of portion.threads)
            for (const { id, name, work } of this.#sql.inThread.all(thread)) {
              ids.set(name, id);
              works.add(work);
              this.#dropSeries(id);
            }
          const stored = portion.series.map((one) => {
            const id = ids.get(one.name);
            ids.delete(one.name);
            return this.#addSeries(one, id);
          });
          for (const [id, work] of regroup(stored)) {
            const before = this.#sql.workOf.get(id)!;
            if (before === work) continue;
            works.add(before).add(work);
            this.#sql.setWork.run(work, id);
          }
          for (const work of works) {
            this.#sql.dropWork.run(work);
            this.#sql.addWork.run(work);
          }
          for (const [name, value] of portion.cursors)
            if (value === null) this.#sql.forgetCursor.run(name);
            else this.#sql.moveCursor.run(name, value);
        })
        .immediate(),
    );
  }

  #add({ names, lists, words, results, ...mail }: NewMail): void {
    const source = this.#sourceId(mail.source);
    const thread = this.#join(names);
    const { lastInsertRowid: id } = this.#sql.addMail.run({ ...mail, source, thread });
    this.#sql.addWords.run(id, ...TEXT_FIELDS.map((field) => words[field]));
    for (const list of lists) this.#sql.addList.run(list, id);
    if (words.files !== "")
      for (const path of words.files.split("\n")) this.#sql.addPath.run(path, id);
    for (const { env, ...result } of results) {
      const { lastInsertRowid } = this.#sql.addResult.run({ ...result, mail: id });
      for (const entry of env) this.#sql.addEnv.run(entry, lastInsertRowid);
    }
  }

  #forget(mail: number): void {
    for (const drop of this.#sql.dropMail) drop.run(mail);
  }

  #sourceId(name: string): number {
    const known = this.#sql.sourceId.get(name);
    return known ?? Number(this.#sql.addSource.run(name).lastInsertRowid);
  }

  /** Joins the threads that these names connect, up to `MAX_THREAD_MAILS`. @returns the thread of a mail with them */
  #join(names: readonly string[]): number {
    const digests = names.map(digest);
    const known = digests.map((name) => this.#sql.threadOf.get(name) ?? null);
    let thread: number | null = null;
    const joined = new Set<number | null>();
    for (const other of new Set(known)) {
      if (other === null) continue;
      if (thread === null) thread = other;
      else if (this.#sql.sizeOf.get(thread)! + this.#sql.sizeOf.get(other)! <= MAX_THREAD_MAILS) {
        this.#sql.moveMails.run(thread, other);
        this.#sql.moveSeries.run(thread, other);
        this.#sql.moveNames.run(thread, other);
      } else continue;
      joined.add(other);
    }
    if (thread !== null && this.#sql.sizeOf.get(thread)! >= MAX_THREAD_MAILS) thread = null;
    if (thread === null) {
      joined.clear();
      thread = this.#sql.lastThread.get()! + 1;
      this.#sql.setFact.run("thread", String(thread));
    }
    // most names have been seen before
    for (const [i, name] of digests.entries())
      if (!joined.has(known[i]!)) this.#sql.name.run(name, thread);
    return thread;
  }

  #addSeries(
    { names, mails, ...series }: NewIndexedSeries,
    known: number | undefined,
  ): StoredSeries {
    const found = mails.flatMap(({ source, place, number }) => {
      const mail = this.#sql.placed.get(source, place);
      return mail === undefined ? [] : [{ ...mail, number }];
    });
    const thread = found[0]?.thread ?? 0;
    // with its old id, so that addresses of pages stay valid
    const id = Number(
      this.#sql.addSeries.run({ ...series, thread, id: known ?? null }).lastInsertRowid,
    );
    for (const mail of found) this.#sql.addSeriesMail.run(id, mail.id, mail.number);
    for (const name of names) this.#sql.nameSeries.run(digest(name), id);
    return { ...series, id, work: id, thread };
  }

  #dropSeries(id: number): void {
    this.#sql.dropSeriesMails.run(id);
    this.#sql.dropSeriesNames.run(id);
    this.#sql.dropSeries.run(id);
  }

  #explained<T>(work: () => T): T {
    return explainingSqlite(INDEX_SCHEMA, this.file, work);
  }
}

/** Of SHA-256, 16 bytes: enough that nobody finds two names with the same digest. */
function digest(name: string): Buffer {
  return hash("sha256", name, "buffer").subarray(0, 16);
}
