/**
 * Letters that are to be sent, in a table of the database that says why: so that a decision and its
 * letter are one transaction. A letter is sent once (docs/outbox.md):
 *
 *     queued ──▶ in-doubt ──▶ sent
 *        │           └──────▶ queued, if it turns out that it has not left
 *        └──▶ failed, cancelled, expired
 *
 * Every change names the state that it leads from. Times are seconds since the epoch.
 */

import type Database from "better-sqlite3";

export const OUTBOX_SQL = `
  create table outbox (
    id         integer primary key,
    message_id text    not null unique,
    kind       text    not null,
    -- whom it is about, in the words of whoever put it here
    about      text    not null,
    -- envelope: '' is the null sender; recipients are a JSON array
    sender     text    not null,
    recipients text    not null,
    -- empty once it has ended
    bytes      blob    not null,
    created_at integer not null,
    not_before integer not null,
    expires_at integer not null,
    state      text    not null default 'queued' check (state in
                 ('queued', 'in-doubt', 'sent', 'failed', 'cancelled', 'expired')),
    attempts   integer not null default 0,
    next_at    integer not null default 0,
    doubt_at   integer,
    ended_at   integer,
    -- what a server said last
    said       text    not null default ''
  ) strict;
  create index outbox_open on outbox (id) where state in ('queued', 'in-doubt');
  create index outbox_about on outbox (about);
`;

export type OutboxState = "queued" | "in-doubt" | "sent" | "failed" | "cancelled" | "expired";

export interface OutboxLetter {
  /** With angle brackets. */
  readonly messageId: string;
  readonly kind: string;
  readonly about: string;
  /** Envelope sender; "" is the null sender. */
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly bytes: Buffer;
}

export interface OutboxRow extends OutboxLetter {
  readonly id: number;
  readonly attempts: number;
  /** When it came into doubt whether it has left. */
  readonly doubtAt: number | null;
}

export interface When {
  readonly createdAt: number;
  readonly notBefore: number;
  readonly expiresAt: number;
}

type Raw = Omit<OutboxRow, "recipients"> & { recipients: string };

const COLUMNS = `id, message_id as messageId, kind, about, sender, recipients, bytes, attempts,
  doubt_at as doubtAt`;

export class Outbox {
  readonly #sql: ReturnType<typeof prepare>;

  /** @param db a database whose schema has OUTBOX_SQL */
  constructor(db: Database.Database) {
    this.#sql = prepare(db);
  }

  /** False if there is, or was, a letter with that Message-ID. */
  add(letter: OutboxLetter, when: When): boolean {
    const recipients = JSON.stringify(letter.recipients);
    return this.#sql.add.run({ ...letter, ...when, recipients }).changes === 1;
  }

  /** What may be tried now, the oldest first. */
  due(now: number): OutboxRow[] {
    return this.#sql.due.all(now, now).map(rowOf);
  }

  /** What may have left, or not: a process or a connection ended at the wrong moment. */
  inDoubt(): OutboxRow[] {
    return this.#sql.inDoubt.all().map(rowOf);
  }

  /** From here on it may have left. False if it is not queued any more. */
  doubt(id: number, now: number): boolean {
    return this.#sql.doubt.run(now, id).changes === 1;
  }

  sent(id: number, now: number, said: string): void {
    this.#sql.end.run("sent", now, said, id, "in-doubt");
  }

  /** It has not left after all. */
  again(id: number, nextAt: number, said: string): void {
    this.#sql.again.run(nextAt, said, id);
  }

  /** It was refused for good. */
  failed(id: number, now: number, said: string): void {
    this.#sql.end.run("failed", now, said, id, "queued");
    this.#sql.end.run("failed", now, said, id, "in-doubt");
  }

  cancelOne(id: number, now: number, why: string): void {
    this.#sql.end.run("cancelled", now, why, id, "queued");
  }

  /** Calls back what has not left yet. */
  cancel(about: string, now: number, why: string): number {
    return this.#sql.cancel.run(now, why, about).changes;
  }

  /** Ends what has waited too long; how many. */
  expire(now: number): number {
    return this.#sql.expire.run(now, now).changes;
  }

  /** When letters of a kind left, or may have left, after a time; ascending. */
  leftSince(kind: string, time: number): number[] {
    return this.#sql.leftSince.all(kind, time);
  }

  /** The same of one whom they were about. */
  leftTo(kind: string, about: string): number[] {
    return this.#sql.leftTo.all(kind, about);
  }

  /** Letters by their state. */
  counts(): Record<OutboxState, number> {
    const none = { queued: 0, "in-doubt": 0, sent: 0, failed: 0, cancelled: 0, expired: 0 };
    return {
      ...none,
      ...Object.fromEntries(this.#sql.counts.all().map(({ state, n }) => [state, n])),
    };
  }

  /** When there is something to try next; null if there is nothing. */
  nextAt(): number | null {
    return this.#sql.nextAt.get() ?? null;
  }
}

function rowOf(raw: Raw): OutboxRow {
  return { ...raw, recipients: JSON.parse(raw.recipients) as string[] };
}

/** Every statement, prepared once. */
function prepare(db: Database.Database) {
  const left = "coalesce(ended_at, doubt_at)";
  const pluck = <A extends unknown[], R>(sql: string): Database.Statement<A, R> =>
    db.prepare<A, R>(sql).pluck();
  return {
    add: db.prepare(
      `insert into outbox (message_id, kind, about, sender, recipients, bytes,
                           created_at, not_before, expires_at)
       values (@messageId, @kind, @about, @sender, @recipients, @bytes,
               @createdAt, @notBefore, @expiresAt) on conflict do nothing`,
    ),
    due: db.prepare<[number, number], Raw>(
      `select ${COLUMNS} from outbox
        where state = 'queued' and not_before <= ? and next_at <= ? order by id`,
    ),
    inDoubt: db.prepare<[], Raw>(
      `select ${COLUMNS} from outbox where state = 'in-doubt' order by id`,
    ),
    doubt: db.prepare<[number, number]>(
      `update outbox set state = 'in-doubt', doubt_at = ?, attempts = attempts + 1
        where id = ? and state = 'queued'`,
    ),
    end: db.prepare<[OutboxState, number, string, number, OutboxState]>(
      `update outbox set state = ?, ended_at = ?, said = ?, bytes = x'' where id = ? and state = ?`,
    ),
    again: db.prepare<[number, string, number]>(
      `update outbox set attempts = attempts + (state = 'queued'), state = 'queued',
                         doubt_at = null, next_at = ?, said = ?
        where id = ? and state in ('queued', 'in-doubt')`,
    ),
    cancel: db.prepare<[number, string, string]>(
      `update outbox set state = 'cancelled', ended_at = ?, said = ?, bytes = x''
        where about = ? and state = 'queued'`,
    ),
    expire: db.prepare<[number, number]>(
      `update outbox set state = 'expired', ended_at = ?, bytes = x''
        where state = 'queued' and expires_at <= ?`,
    ),
    leftSince: pluck<[string, number], number>(
      `select ${left} as at from outbox
        where kind = ? and state in ('sent', 'in-doubt') and at > ? order by at`,
    ),
    leftTo: pluck<[string, string], number>(
      `select ${left} as at from outbox
        where kind = ? and about = ? and state in ('sent', 'in-doubt') order by at`,
    ),
    counts: db.prepare<[], { state: string; n: number }>(
      "select state, count(*) as n from outbox group by state",
    ),
    nextAt: pluck<[], number | null>(
      "select min(max(not_before, next_at)) from outbox where state = 'queued'",
    ),
  };
}
