/** Statistics of the bot's database: of a list as a whole, and of what letters led to. */

import type Database from "better-sqlite3";
import type { LettersEffect } from "../bot/effect.ts";
import type { Topic } from "../bot/settings.ts";

export interface Suggestion {
  readonly identity: string;
  readonly subject: string;
  readonly messageId: string;
  readonly topics: string;
  readonly at: number;
}

export interface NamedBase {
  /** Message-ID. */
  readonly series: string;
  readonly commit: string;
  readonly at: number;
}

type NamedCount = { name: string; n: number };

/** Statements to be prepared with a store's others. */
export function statisticStatements(db: Database.Database) {
  const pluck = <A extends unknown[], R>(sql: string): Database.Statement<A, R> =>
    db.prepare<A, R>(sql).pluck();
  return {
    signers: pluck<[number, Buffer], number>(
      `select count(distinct author) from series
        where patchsig = 1 and sent_at > ? and author <> ? and author <> x''`,
    ),
    counters: db.prepare<[], NamedCount>("select name, n from counters order by name"),
    outcomes: db.prepare<[number, number], NamedCount>(
      `select outcome as name, count(*) as n from series
        where decided_at >= ? and decided_at < ? group by outcome
        order by n desc, name`,
    ),
    suggestions: db.prepare<[number, number], Suggestion>(
      `select identity, subject, message_id as messageId, topics, decided_at as at from series
        where outcome = 'suggest' and decided_at >= ? and decided_at < ? order by id`,
    ),
    letterCount: db.prepare<[], { letters: number; authors: number }>(
      `select count(*) as letters, count(distinct author) as authors from dated_letters
        where state = 'sent'`,
    ),
    followed: pluck<[{ topic: Topic }], number>(
      `select count(distinct author) from dated_letters as letter
        where state = 'sent' and instr(topics, @topic) > 0 and exists (
          select 1 from (
            select signed, based from series
              where author = letter.author and sent_at > letter.at order by sent_at limit 2)
          where case @topic when 'sign' then signed else based end = 1)`,
    ),
    wishCount: db.prepare<[], NamedCount>(
      "select kind as name, count(*) as n from wishes group by kind",
    ),
    baseCount: pluck<[], number>("select count(*) from bases"),
    bases: db.prepare<[], NamedBase>(
      "select series, commit_name as 'commit', at from bases order by at",
    ),
  };
}

/** How many letters were sent, and what came of them. */
export function effectOf(sql: ReturnType<typeof statisticStatements>): LettersEffect {
  const { letters, authors } = sql.letterCount.get()!;
  const wishes = new Map(sql.wishCount.all().map(({ name, n }) => [name, n]));
  return {
    letters,
    authors,
    signed: sql.followed.get({ topic: "sign" })!,
    based: sql.followed.get({ topic: "base" })!,
    named: sql.baseCount.get()!,
    stopped: wishes.get("stop") ?? 0,
    paused: wishes.get("pause") ?? 0,
    undeliverable: wishes.get("undeliverable") ?? 0,
  };
}
