/**
 * The letters to send. The transaction that decides on a letter also inserts its row, so that neither exists
 * without the other; docs/outbox.md has the states. Every change names the state that it expects, and is
 * refused if the row is no longer in it: two processes cannot both send a letter.
 */

import type Database from "better-sqlite3";

/** To be part of a migration. Times are seconds since the epoch. */
export const OUTBOX_SQL = `
  create table outbox (
    id         integer primary key,
    message_id text    not null unique,
    kind       text    not null,
    -- whom or what it is about, in words of whoever put it here
    about      text    not null,
    sender     text    not null,
    -- a JSON array
    recipients text    not null check (json_valid(recipients)),
    -- empty once nothing more will be done with it
    bytes      blob    not null,
    created_at integer not null,
    not_before integer not null,
    expires_at integer not null,
    state      text    not null default 'queued' check (state in
                 ('queued', 'in-doubt', 'sent', 'failed', 'cancelled', 'expired')),
    -- how often it was tried in vain, and when to try again
    attempts   integer not null default 0,
    next_at    integer not null,
    -- since when it may have been sent
    doubt_at   integer check (doubt_at is not null or state <> 'in-doubt'),
    ended_at   integer check ((ended_at is null) = (state in ('queued', 'in-doubt'))),
    -- what a server said last
    said       text    not null default ''
  ) strict;
  create index outbox_open on outbox (state) where state in ('queued', 'in-doubt');
  create index outbox_sent on outbox (kind, coalesce(doubt_at, ended_at))
    where state in ('sent', 'in-doubt');
  create index outbox_about on outbox (about);
`;

const STATES = ["queued", "in-doubt", "sent", "failed", "cancelled", "expired"] as const;
type OutboxState = (typeof STATES)[number];

/** A letter with all that is needed to send it. */
export interface NewLetter {
  /** As in the letter: there is one row for each, ever. */
  readonly messageId: string;
  /** What sort of letter, for counting. */
  readonly kind: string;
  /** Whom or what it is about, for finding it. */
  readonly about: string;
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly bytes: Buffer;
}

export interface OutboxRow extends NewLetter {
  readonly id: number;
  readonly createdAt: number;
  readonly notBefore: number;
  readonly expiresAt: number;
  readonly attempts: number;
  /** Since when it may have been sent; null if it certainly was not. */
  readonly doubtAt: number | null;
}

/** What is known of a letter, without the letter itself. */
export interface OutboxEntry {
  readonly id: number;
  readonly messageId: string;
  readonly recipients: readonly string[];
  readonly state: OutboxState;
  readonly attempts: number;
  /** When it is tried next, if it is queued. */
  readonly nextAt: number;
  readonly doubtAt: number | null;
  readonly endedAt: number | null;
  /** What the server said last; "" if nothing. */
  readonly said: string;
}

export interface OutboxOptions {
  /** Runs work with the database, and explains what SQLite throws. */
  readonly explained: <T>(work: () => T) => T;
  /**
   * Letters about one thing leave in the order in which they were added: one that does not leave keeps
   * back those after it. A failed one is kept whole, so that it can be tried again, and so is one that was
   * sent, until `empty` drops it.
   */
  readonly ordered: boolean;
}

/** Times are seconds since the epoch. What returns a boolean says whether the row was changed. */
export interface Outbox {
  /** Adds a letter; false if there is or was one with its Message-ID. */
  readonly add: (
    letter: NewLetter,
    when: { readonly now: number; readonly notBefore: number; readonly expiresAt: number },
  ) => boolean;
  /** The oldest letter that may be sent now, of those with a greater id than `after`. */
  readonly due: (now: number, after?: number) => OutboxRow | null;
  /** From here on it may have been sent. On the disk when this returns, unless in a transaction. */
  readonly doubt: (id: number, now: number) => boolean;
  /** The server accepted it, or it counts as sent. */
  readonly sent: (id: number, now: number, said: string) => boolean;
  /** It certainly was not accepted: try again from `nextAt` on. */
  readonly later: (id: number, nextAt: number, said: string) => boolean;
  /** It certainly was not sent in the run that left it in doubt: send again, one more attempt. */
  readonly requeue: (id: number) => boolean;
  readonly failed: (id: number, now: number, said: string) => boolean;
  /** Nothing that waits is tried before `until`; no attempt is counted. */
  readonly hold: (until: number) => void;
  /** Those about this that are queued or failed are due at once. Only of an ordered outbox. */
  readonly retry: (about: string, now: number) => void;
  /** One that has not certainly been sent goes to these from now on. Only of an ordered outbox. */
  readonly readdress: (id: number, recipients: readonly string[]) => boolean;
  /** All letters about this, oldest first. */
  readonly entries: (about: string) => readonly OutboxEntry[];
  /** Those about this that were sent and are still kept whole, oldest first. Only of an ordered outbox. */
  readonly kept: (about: string) => readonly OutboxRow[];
  /** Drops the letters about this that nothing more is done with; what is known of them stays. */
  readonly empty: (about: string) => void;
  /** Takes back all letters about this that are still queued; says how many. */
  readonly cancel: (about: string, now: number, why: string) => number;
  /** Takes back one. */
  readonly cancelOne: (id: number, now: number, why: string) => boolean;
  /** Ends the queued letters whose time is over; says how many. */
  readonly expire: (now: number) => number;
  /** Letters that may have been sent, oldest first. */
  readonly inDoubt: () => readonly OutboxRow[];
  /** When letters of the kind were sent, or may have been, from `time` on; ascending. */
  readonly sentSince: (kind: string, time: number) => readonly number[];
  /** When a letter about this was last sent, or may have been; null if there is none. */
  readonly lastTo: (about: string) => number | null;
  readonly counts: () => Readonly<Record<OutboxState, number>>;
  /**
   * When there will be something to do, `now` at the earliest; null if nothing is queued or in
   * doubt. What is in doubt is worth a look a minute later.
   */
  readonly nextDue: (now: number) => number | null;
}

type Stored<Row> = Omit<Row, "recipients"> & { readonly recipients: string };

const COLUMNS = `id, message_id messageId, kind, about, sender, recipients, bytes,
  created_at createdAt, not_before notBefore, expires_at expiresAt, attempts, doubt_at doubtAt`;
const ENTRY_COLUMNS = `id, message_id messageId, recipients, state, attempts, next_at nextAt,
  doubt_at doubtAt, ended_at endedAt, said`;
/** Seconds. */
const LOOK_AGAIN = 60;
const SENT_AT = "coalesce(doubt_at, ended_at)";
const ENDED = "ended_at = :now, said = :said";
const EMPTY = "bytes = x''";
const END = `${ENDED}, ${EMPTY}`;
const IN_TURN = `and not exists (
    select 1 from outbox earlier where earlier.about = outbox.about and earlier.id < outbox.id
      and earlier.state in ('queued', 'in-doubt', 'failed'))`;

/** @param db has the table of `OUTBOX_SQL` */
// oxlint-disable-next-line max-lines-per-function -- two tables: statements, and what they are called
export function openOutbox(db: Database.Database, { ordered, explained }: OutboxOptions): Outbox {
  const change = (set: string, where: string): ((values: object) => number) => {
    const statement = db.prepare<[object]>(`update outbox set ${set} where ${where}`);
    return (values) => statement.run(values).changes;
  };
  const toState = (set: string, from: string): ((id: number, values: object) => boolean) => {
    const run = change(set, `id = :id and state in (${from})`);
    return (id, values) => run({ id, ...values }) > 0;
  };
  const OPEN = "'queued', 'in-doubt'";
  const add = db.prepare<[object]>(`
    insert into outbox (message_id, kind, about, sender, recipients, bytes, created_at, not_before,
                        expires_at, next_at)
    values (:messageId, :kind, :about, :sender, :recipients, :bytes, :now, :notBefore, :expiresAt,
            :notBefore)
    on conflict (message_id) do nothing`);
  const due = db.prepare<[object], Stored<OutboxRow>>(`
    select ${COLUMNS} from outbox
    where state = 'queued' and id > :after and not_before <= :now and next_at <= :now
      and expires_at > :now ${ordered ? IN_TURN : ""}
    order by id limit 1`);
  const inDoubt = db.prepare<[], Stored<OutboxRow>>(
    `select ${COLUMNS} from outbox where state = 'in-doubt' order by id`,
  );
  const entries = db.prepare<[string], Stored<OutboxEntry>>(
    `select ${ENTRY_COLUMNS} from outbox where about = ? order by id`,
  );
  const kept = db.prepare<[string], Stored<OutboxRow>>(
    `select ${COLUMNS} from outbox
     where about = ? and state = 'sent' and bytes <> x'' order by id`,
  );
  const sentSince = db
    .prepare<[string, number], number>(`
      select ${SENT_AT} at from outbox
      where state in ('sent', 'in-doubt') and kind = ? and ${SENT_AT} >= ? order by at`)
    .pluck();
  const lastTo = db
    .prepare<[string], number | null>(`
      select max(${SENT_AT}) from outbox where state in ('sent', 'in-doubt') and about = ?`)
    .pluck();
  const counts = db
    .prepare<[], [OutboxState, number]>("select state, count(*) from outbox group by state")
    .raw();
  const nextDue = db
    .prepare<[object], number | null>(`
      select min(case state when 'queued' then max(not_before, next_at) else :later end)
      from outbox where state in (${OPEN})`)
    .pluck();
  const again = "state = 'queued', doubt_at = null";

  const doubt = toState("state = 'in-doubt', doubt_at = :now", "'queued'");
  const sent = toState(`state = 'sent', ${ordered ? ENDED : END}`, OPEN);
  const later = toState(`${again}, attempts = attempts + 1, next_at = :nextAt, said = :said`, OPEN);
  const requeue = toState(`${again}, attempts = attempts + 1`, "'in-doubt'");
  const failed = toState(`state = 'failed', doubt_at = null, ${ordered ? ENDED : END}`, OPEN);
  const retry = change(
    "state = 'queued', ended_at = null, next_at = :now",
    "about = :about and state in ('queued', 'failed')",
  );
  const readdress = toState("recipients = :recipients", `${OPEN}, 'failed'`);
  const empty = change(EMPTY, `about = :about and state not in (${OPEN})`);
  const cancelOne = toState(`state = 'cancelled', ${END}`, "'queued'");
  const hold = change("next_at = max(next_at, :until)", "state = 'queued'");
  const cancel = change(`state = 'cancelled', ${END}`, "state = 'queued' and about = :about");
  const expire = change(
    `state = 'expired', ended_at = :now, bytes = x''`,
    "state = 'queued' and expires_at <= :now",
  );
  const outbox: Outbox = {
    add: (letter, when) => {
      const recipients = JSON.stringify(letter.recipients);
      return add.run({ ...letter, ...when, recipients }).changes > 0;
    },
    due: (now, after = 0) => rows(due.all({ now, after }))[0] ?? null,
    doubt: (id, now) => doubt(id, { now }),
    sent: (id, now, said) => sent(id, { now, said }),
    later: (id, nextAt, said) => later(id, { nextAt, said }),
    requeue: (id) => requeue(id, {}),
    failed: (id, now, said) => failed(id, { now, said }),
    hold: (until) => void hold({ until }),
    retry: (about, now) => void retry({ about, now }),
    readdress: (id, recipients) => readdress(id, { recipients: JSON.stringify(recipients) }),
    entries: (about) => rows(entries.all(about)),
    kept: (about) => rows(kept.all(about)),
    empty: (about) => void empty({ about }),
    cancel: (about, now, said) => cancel({ about, now, said }),
    cancelOne: (id, now, said) => cancelOne(id, { now, said }),
    expire: (now) => expire({ now }),
    inDoubt: () => rows(inDoubt.all()),
    sentSince: (kind, time) => sentSince.all(kind, time),
    lastTo: (about) => lastTo.get(about) ?? null,
    counts: () => {
      const found = new Map(counts.all());
      const all = STATES.map((state) => [state, found.get(state) ?? 0]);
      return Object.fromEntries(all) as Record<OutboxState, number>;
    },
    nextDue: (now) => {
      const at = nextDue.get({ later: now + LOOK_AGAIN }) ?? null;
      return at === null ? null : Math.max(at, now);
    },
  };
  return explainedBy(explained, outbox);
}

/** The same functions, run by `explained`. */
function explainedBy(explained: OutboxOptions["explained"], outbox: Outbox): Outbox {
  const functions = Object.entries(outbox) as [string, (...args: unknown[]) => unknown][];
  const wrapped = functions.map(([name, work]) => [
    name,
    (...args: unknown[]) => explained(() => work(...args)),
  ]);
  return Object.fromEntries(wrapped);
}

function rows<Row extends { readonly recipients: readonly string[] }>(
  stored: readonly Stored<Row>[],
): Row[] {
  return stored.map(
    (row) => ({ ...row, recipients: JSON.parse(row.recipients) as string[] }) as unknown as Row,
  );
}
