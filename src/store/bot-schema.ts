/**
 * The tables of bot.db. Times are seconds since 1970. What must be remembered for ever names
 * authors by digest; their addresses stand only where `bot forget` deletes them.
 */

import { OUTBOX_SQL } from "./outbox.ts";
import type { Schema } from "./schema.ts";

/** "psbt" */
const APPLICATION_ID = 0x70736274;

const VERSION_1 = `
  ${OUTBOX_SQL}

  create table cursors (
    name  text primary key,
    value text not null
  ) strict, without rowid;

  -- mails that were taken in
  create table seen (
    digest blob primary key check (length(digest) = 8)
  ) strict, without rowid;

  -- mails of series that are not decided yet
  create table held (
    id     integer primary key,
    at     integer not null,
    source text    not null,
    bytes  blob    not null,
    size   integer not null,
    whole  integer not null check (whole in (0, 1))
  ) strict;

  -- every series, and what was decided
  create table series (
    id         integer primary key,
    author     blob    not null,
    identity   text    not null,
    subject    text    not null,
    message_id text    not null,
    work       blob    not null,
    sent_at    integer not null,
    decided_at integer not null,
    signed     integer not null check (signed in (0, 1)),
    based      integer not null check (based in (0, 1)),
    outcome    text    not null,
    topics     text    not null
  ) strict;
  create index series_of on series (author, sent_at);
  create index series_signed on series (sent_at) where signed = 1;
  create index series_outcome on series (decided_at) where outcome = 'suggest';

  -- letters to authors, for the limits; those of a rehearsal never became mail
  create table letters (
    message_id text    primary key,
    author     blob    not null,
    answers    text    not null,
    topics     text    not null,
    rehearsal  integer not null check (rehearsal in (0, 1)),
    planned_at integer not null,
    answered   integer not null default 0 check (answered in (0, 1))
  ) strict, without rowid;
  create index letters_to on letters (author, planned_at);
  create index letters_planned on letters (planned_at);

  -- when they left, or will; what became of them is the outbox's to say
  create view dated_letters as
    select letters.*, coalesce(outbox.doubt_at, outbox.ended_at, planned_at) as at,
           coalesce(outbox.state, '') as state,
           -- not a copy, nor what the letter says: there is no such person
           state = 'failed' and instr(said, json_extract(recipients, '$[0]') || ': ') = 1 as bounced
      from letters left join outbox using (message_id)
      where coalesce(outbox.state, '') not in ('cancelled', 'expired');

  -- what authors want: for ever, or until a time
  create table wishes (
    author blob    not null check (length(author) = 16),
    kind   text    not null check (kind in ('stop', 'undeliverable', 'pause')),
    at     integer not null,
    until  integer not null,
    primary key (author, kind)
  ) strict, without rowid;

  -- bases that authors named
  create table bases (
    series      text    primary key,
    commit_name text    not null,
    at          integer not null
  ) strict, without rowid;

  -- letters of our own that were met in a source: they have left
  create table echoes (
    message_id text primary key
  ) strict, without rowid;

  create table counters (
    name text    primary key,
    n    integer not null
  ) strict, without rowid;
`;

/** How earlier series were signed is unknown. */
const VERSION_2 = `
  alter table series add column patchsig integer not null default 0 check (patchsig in (0, 1));
  drop index series_signed;
  create index series_signed on series (sent_at) where patchsig = 1;
  create index series_messages on series (message_id);
`;

export const BOT_SCHEMA: Schema = {
  what: "bot's database",
  applicationId: APPLICATION_ID,
  migrations: [VERSION_1, VERSION_2],
};
