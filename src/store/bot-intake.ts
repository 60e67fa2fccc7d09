/** What the bot has taken in: mails seen, mails held, and series decided. */

import type Database from "better-sqlite3";
import type { Topic } from "../bot/settings.ts";

/** A mail of a series that is not decided yet. */
export interface HeldMail {
  readonly id: number;
  /** Time of arrival, seconds. */
  readonly at: number;
  readonly source: string;
  readonly bytes: Buffer;
  /** Bytes of the mail; and whether all of it is stored or only its header. */
  readonly size: number;
  readonly whole: boolean;
}

export interface SeriesRow {
  readonly author: Buffer;
  readonly identity: string;
  readonly subject: string;
  readonly messageId: string;
  readonly work: Buffer;
  readonly sentAt: number;
  readonly decidedAt: number;
  readonly signed: boolean;
  readonly patchsig: boolean;
  readonly based: boolean;
  /** A reason, or "suggest". */
  readonly outcome: string;
  readonly topics: readonly Topic[];
}

/** Statements to be prepared with a store's others. */
export function intakeStatements(db: Database.Database) {
  const pluck = <A extends unknown[], R>(sql: string): Database.Statement<A, R> =>
    db.prepare<A, R>(sql).pluck();
  return {
    see: db.prepare<[Uint8Array]>("insert into seen values (?) on conflict do nothing"),
    hold: db.prepare(
      `insert into held (at, source, bytes, size, whole)
       values (@at, @source, @bytes, @size, @whole)`,
    ),
    held: db.prepare<[], Omit<HeldMail, "whole"> & { whole: number }>(
      "select * from held order by id",
    ),
    open: pluck<[], number>("select count(*) from held"),
    release: db.prepare<[number]>("delete from held where id = ?"),
    count: db.prepare<[string, number]>(
      "insert into counters values (?, ?) on conflict do update set n = n + excluded.n",
    ),
    addSeries: db.prepare(
      `insert into series (author, identity, subject, message_id, work, sent_at, decided_at,
                           signed, patchsig, based, outcome, topics)
       values (@author, @identity, @subject, @messageId, @work, @sentAt, @decidedAt,
               @signed, @patchsig, @based, @outcome, @topics)`,
    ),
    hasWork: db.prepare<[Buffer, Buffer]>("select 1 from series where author = ? and work = ?"),
    works: db.prepare<[Buffer], { works: number; since: number | null }>(
      `select count(distinct work) as works, min(sent_at) as since from series where author = ?`,
    ),
  };
}
