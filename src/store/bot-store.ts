/**
 * The bot's database: a list's authors, decisions, and letters to send. Kept apart from the trust
 * database, which is its owner's and not the list's.
 *
 * Handling a mail and moving the cursor past it are one transaction, and so are a decision and the
 * letter that follows from it.
 */

import type Database from "better-sqlite3";
import type { AuthorFacts } from "../bot/decide.ts";
import type { LettersEffect } from "../bot/effect.ts";
import { authorDigest, letterId } from "../bot/identity.ts";
import type { Topic } from "../bot/settings.ts";
import { type HeldMail, intakeStatements, type SeriesRow } from "./bot-intake.ts";
import { type LetterRow, letterStatements, type WishKind } from "./bot-letters.ts";
import { BOT_SCHEMA } from "./bot-schema.ts";
import {
  effectOf,
  type NamedBase,
  statisticStatements,
  type Suggestion,
} from "./bot-statistics.ts";
import { cursorStatements } from "./cursors.ts";
import { explainingSqlite, openDatabase, openMemory } from "./database.ts";
import { openOutbox, type Outbox } from "./outbox.ts";
import { DAY } from "../primitives/time.ts";

/** How long an author counts as a signer after signing. */
const SIGNS = 180 * DAY;
/** Older letters cannot count against a daily limit. */
const RECENT = 10 * DAY;

export class BotStore {
  readonly #db: Database.Database;
  readonly outbox: Outbox;
  readonly #file: string;
  readonly #sql: ReturnType<typeof prepare>;
  /** 1 if letters are only rehearsed: they count among themselves, not with real ones. */
  readonly #rehearsal: 0 | 1;

  /**
   * @param file null for one in memory
   * @throws PatchsigError as `openDatabase`
   */
  constructor(file: string | null, rehearsal: boolean) {
    this.#file = file ?? ":memory:";
    this.#db = file === null ? openMemory(BOT_SCHEMA) : openDatabase(BOT_SCHEMA, { file }).db;
    // forgotten data and mails no longer held must be gone from the file too
    this.#db.pragma("secure_delete = on");
    this.outbox = openOutbox(this.#db, {
      ordered: false,
      explained: (work) => explainingSqlite(BOT_SCHEMA, this.#file, work),
    });
    this.#rehearsal = rehearsal ? 1 : 0;
    this.#sql = prepare(this.#db);
  }

  close(): void {
    this.#db.close();
  }

  /** Commits all that `work` does, or nothing. */
  transaction<T>(work: () => T): T {
    return explainingSqlite(BOT_SCHEMA, this.#file, () => this.#db.transaction(work).immediate());
  }

  cursor(name: string): string | null {
    return this.#sql.cursor.get(name) ?? null;
  }

  moveCursor(name: string, value: string): void {
    this.#sql.moveCursor.run(name, value);
  }

  dropCursors(names: readonly string[]): void {
    if (names.length === 0) return;
    this.transaction(() => {
      for (const name of names) this.#sql.dropCursor.run(name);
    });
  }

  cursorsBelow(prefix: string): string[] {
    return this.#sql.cursorsBelow.all(prefix.length, prefix);
  }

  /** False if it was seen before. */
  see(digest: Uint8Array): boolean {
    return this.#sql.see.run(digest).changes === 1;
  }

  hold(mail: Omit<HeldMail, "id">): number {
    return Number(this.#sql.hold.run({ ...mail, whole: Number(mail.whole) }).lastInsertRowid);
  }

  /** How many are held. */
  get open(): number {
    return this.#sql.open.get()!;
  }

  *held(): Generator<HeldMail> {
    for (const row of this.#sql.held.iterate()) yield { ...row, whole: row.whole === 1 };
  }

  release(ids: readonly number[]): void {
    for (const id of ids) this.#sql.release.run(id);
  }

  authorFacts(author: Buffer): AuthorFacts {
    const { works, since } = this.#sql.works.get(author)!;
    const wish = (kind: WishKind): number => this.#sql.wish.get(author, kind) ?? 0;
    return {
      works,
      since,
      letters: this.#sql.lettersTo.all(author, this.#rehearsal),
      refused: wish("stop") > 0,
      undeliverable: wish("undeliverable") > 0 || this.#sql.failed.get(author) !== undefined,
      pausedUntil: wish("pause"),
    };
  }

  hasWork(author: Buffer, work: Buffer): boolean {
    return this.#sql.hasWork.get(author, work) !== undefined;
  }

  /** When letters to them left or may have left, ascending. */
  leftTo(author: Buffer): number[] {
    return this.#sql.leftTo.all(author);
  }

  /** How many other authors sign with patchsig. */
  signers(author: Buffer, now: number): number {
    return this.#sql.signers.get(now - SIGNS, author)!;
  }

  /** When the last letters to anybody were planned, or sent. */
  recentLetters(now: number): number[] {
    return this.#sql.lettersSince.all(now - RECENT, this.#rehearsal);
  }

  addSeries(row: SeriesRow): void {
    this.#sql.addSeries.run({
      ...row,
      signed: Number(row.signed),
      patchsig: Number(row.patchsig),
      based: Number(row.based),
      topics: row.topics.join(" "),
    });
  }

  /** False if it is there already. */
  addLetter(letter: Omit<LetterRow, "answered"> & { readonly at: number }): boolean {
    return this.#sql.addLetter.run({ ...letter, rehearsal: this.#rehearsal }).changes === 1;
  }

  /** Records a letter that is only planned: it counts against a rehearsal's limits. */
  rehearse(identity: string, answers: string, topics: readonly Topic[], at: number): void {
    const messageId = letterId("rehearsed", answers, "");
    this.addLetter({
      messageId,
      author: authorDigest(identity),
      answers,
      topics: topics.join(" "),
      at,
    });
  }

  letter(messageId: string): LetterRow | null {
    const row = this.#sql.letter.get(messageId);
    return row === undefined ? null : { ...row, answered: row.answered === 1 };
  }

  /** False if it was answered before: nobody gets a second word of thanks. */
  markAnswered(messageId: string): boolean {
    return this.#sql.markAnswered.run(messageId).changes === 1;
  }

  /** Keeps the longer wish. */
  wish(author: Buffer, kind: WishKind, at: number, until: number): void {
    this.#sql.addWish.run({ author, kind, at, until });
  }

  /** The base that the author named for this work in reply to a letter; null if none. */
  namedBase(author: Buffer, work: Buffer): string | null {
    return this.#sql.namedBase.get(author, work) ?? null;
  }

  /** Bases that authors named for their series, newest last. */
  bases(): NamedBase[] {
    return this.#sql.bases.all();
  }

  addBase(series: string, commit: string, at: number): void {
    this.#sql.addBase.run(series, commit, at);
  }

  addEcho(messageId: string): void {
    this.#sql.addEcho.run(messageId);
  }

  isEcho(messageId: string): boolean {
    return this.#sql.isEcho.get(messageId) !== undefined;
  }

  count(name: string, n = 1): void {
    this.#sql.count.run(name, n);
  }

  counters(): Map<string, number> {
    return new Map(this.#sql.counters.all().map(({ name, n }) => [name, n]));
  }

  /** Number of series by decision, commonest first. */
  outcomes(from = 0, to = Number.MAX_SAFE_INTEGER): Map<string, number> {
    return new Map(this.#sql.outcomes.all(from, to).map(({ name, n }) => [name, n]));
  }

  /** Suggestions in a time span, oldest first. */
  suggestions(from: number, to: number): Suggestion[] {
    return this.#sql.suggestions.all(from, to);
  }

  /** How many letters were sent, and what came of them. */
  effect(): LettersEffect {
    return effectOf(this.#sql);
  }

  /**
   * Deletes what names somebody. Digests stay: when they had a letter, and that they want none.
   *
   * @returns how many series were theirs
   */
  forget(author: Buffer, now: number): number {
    const series = this.transaction(() => {
      const about = author.toString("hex");
      this.outbox.cancel(about, now, "forgotten");
      if (this.authorFacts(author).undeliverable)
        this.wish(author, "undeliverable", now, Number.MAX_SAFE_INTEGER);
      this.#sql.forgetBases.run(author);
      this.#sql.forgetLetters.run(author);
      this.#sql.forgetOutbox.run(about);
      return this.#sql.forget.run(author).changes;
    });
    // the WAL has the old pages
    this.#db.pragma("wal_checkpoint(truncate)");
    return series;
  }
}

/** Every statement, prepared once. */
function prepare(db: Database.Database) {
  return {
    ...cursorStatements(db),
    ...intakeStatements(db),
    ...letterStatements(db),
    ...statisticStatements(db),
  };
}
