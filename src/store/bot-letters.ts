/** Letters to authors, planned and sent; what authors want, and what they said. */

import type Database from "better-sqlite3";

export type WishKind = "stop" | "undeliverable" | "pause";

export interface LetterRow {
  readonly messageId: string;
  readonly author: Buffer;
  /** The Message-ID of the series. */
  readonly answers: string;
  readonly topics: string;
  readonly answered: boolean;
}

/** Statements to be prepared with a store's others. */
export function letterStatements(db: Database.Database) {
  const pluck = <A extends unknown[], R>(sql: string): Database.Statement<A, R> =>
    db.prepare<A, R>(sql).pluck();
  return {
    addLetter: db.prepare(
      `insert into letters (message_id, author, answers, topics, rehearsal, planned_at)
       values (@messageId, @author, @answers, @topics, @rehearsal, @at) on conflict do nothing`,
    ),
    letter: db.prepare<[string], Omit<LetterRow, "answered"> & { answered: number }>(
      `select message_id as messageId, author, answers, topics, answered
         from letters where message_id = ? and rehearsal = 0`,
    ),
    markAnswered: db.prepare<[string]>(
      "update letters set answered = 1 where message_id = ? and answered = 0",
    ),
    lettersTo: pluck<[Buffer, number], number>(
      "select at from dated_letters where author = ? and rehearsal = ? order by at",
    ),
    leftTo: pluck<[Buffer], number>(
      `select at from dated_letters where author = ? and state in ('sent', 'in-doubt') order by at`,
    ),
    lettersSince: pluck<[number, number], number>(
      "select at from dated_letters where planned_at > ? and rehearsal = ? order by at",
    ),
    failed: db.prepare<[Buffer]>("select 1 from dated_letters where author = ? and bounced = 1"),
    addEcho: db.prepare<[string]>(
      `insert into echoes select message_id from outbox where message_id = ? on conflict do nothing`,
    ),
    isEcho: db.prepare<[string]>("select 1 from echoes where message_id = ?"),
    wish: pluck<[Buffer, string], number>("select until from wishes where author = ? and kind = ?"),
    addWish: db.prepare(
      `insert into wishes values (@author, @kind, @at, @until)
       on conflict do update set until = max(until, excluded.until)`,
    ),
    addBase: db.prepare<[string, string, number]>(
      "insert into bases values (?, ?, ?) on conflict do update set commit_name = excluded.commit_name",
    ),
    namedBase: pluck<[Buffer, Buffer], string>(
      `select commit_name from bases join series on message_id = bases.series
        where author = ? and work = ? order by bases.at desc limit 1`,
    ),
    forgetBases: db.prepare<[Buffer]>(
      "delete from bases where series in (select answers from letters where author = ?)",
    ),
    forgetLetters: db.prepare<[Buffer]>("update letters set answers = '' where author = ?"),
    forgetOutbox: db.prepare<[string]>(
      `update outbox set recipients = '[]', said = '', bytes = x''
        where about = ? and state not in ('queued', 'in-doubt')`,
    ),
    forget: db.prepare<[Buffer]>(
      `update series set identity = '', subject = '', message_id = ''
        where author = ? and identity <> ''`,
    ),
  };
}
