/**
 * The tables of index.db: what mails say, so that they can be found, and the series that they make. All of it can be
 * made again from the mails. Times are seconds since the epoch; "" stands for text that a mail does not have.
 */

import type { Schema } from "./schema.ts";

/** "psix" */
const APPLICATION_ID = 0x70736978;

/** Raise this when you change the tables: an index of another version is made again. */
const VERSION = 9;

/** Drops the tables of every earlier version: an old index is not migrated, but made again from the mails. */
const DROP = `
  drop view if exists live_mails;
  drop table if exists withdrawn;
  drop table if exists results_env;
  drop table if exists results;
  drop table if exists series_mails;
  drop table if exists series_names;
  drop table if exists works;
  drop table if exists series;
  drop table if exists paths;
  drop table if exists words;
  drop table if exists lists;
  drop table if exists mails;
  drop table if exists names;
  drop table if exists facts;
  drop table if exists cursors;
  drop table if exists sources;
`;

const TABLES = `
  create table sources (
    id   integer primary key,
    name text    not null unique
  ) strict;

  -- how far each source was read; the source chooses the names
  create table cursors (
    name  text primary key,
    value text not null
  ) strict, without rowid;

  -- other state: the last thread's number, the keys and settings by which the index was judged
  create table facts (
    name  text primary key,
    value text not null
  ) strict, without rowid;

  -- what connects mails to threads: digests of names, such as Message-IDs and series' labels
  create table names (
    name   blob    primary key check (length(name) = 16),
    thread integer not null
  ) strict, without rowid;
  create index names_of on names (thread);

  create table mails (
    id         integer primary key,
    source     integer not null references sources,
    place      text    not null,
    message_id text    not null,
    thread     integer not null,
    date       integer not null,
    received   integer not null,
    kind       text    not null check (kind in
                 ('patch', 'cover', 'answer', 'reply', 'note', 'result', 'mail', 'refused')),
    subject    text    not null,
    sender     text    not null,
    -- of a signed patch, review or result: the signer's address, and the key's state; of an unsigned patch that
    -- a domain vouches for: trust is 'vouched'
    signer     text    not null,
    trust      text    not null,
    verdict    text    not null,
    unique (source, place)
  ) strict;
  create index mails_called on mails (message_id);
  create index mails_in on mails (thread);
  create index mails_dated on mails (date);
  -- for the months of a list, and how many patches domains vouch for
  create index mails_patches on mails (date, signer, trust) where kind = 'patch';

  create table lists (
    list text    not null,
    mail integer not null,
    primary key (list, mail)
  ) strict, without rowid;
  create index lists_of on lists (mail);

  create virtual table words using fts5 (
    subject, sender, recipient, copied, body, quoted, files,
    removed, added, hunks, context, preimage, postimage,
    content = '', contentless_delete = 1,
    -- so that pm_runtime_put is one word
    tokenize = 'porter unicode61 remove_diacritics 2 tokenchars _'
  );

  -- the files of a diff, for the patterns of MAINTAINERS
  create table paths (
    path text    not null,
    mail integer not null,
    primary key (path, mail)
  ) strict, without rowid;
  create index paths_of on paths (mail);

  create table series (
    -- autoincrement: a series that is stored again keeps its id, which no other may have got meanwhile
    id       integer primary key autoincrement,
    thread   integer not null,
    -- the lowest id among its versions
    work     integer not null,
    -- Message-ID of its first mail, and a number if several begin with that mail: by it, the series keeps its id
    name     text    not null,
    -- the earliest date of its mails, and the latest of them and of the replies
    date     integer not null,
    latest   integer not null,
    signer   text    not null,
    verdict  text    not null check (verdict in ('pass', 'warn', 'fail')),
    version  integer not null,
    -- whether it has patches to apply
    applicable integer not null check (applicable in (0, 1)),
    record   text    not null check (json_valid(record)),
    versions text    not null check (json_valid(versions)),
    based    integer generated always as (json_extract(record, '$.base.commit') is not null) virtual
  ) strict;
  create index series_in on series (thread);
  -- has all that finds the newest version of a work
  create index series_of on series (work, applicable, version, date, latest);
  create index series_dated on series (date, based);

  -- what lists show of each work, so that versions cost them nothing, however many somebody sends
  create table works (
    work   integer primary key,
    -- the latest of all its series
    latest integer not null,
    -- the id of the newest version that has patches to apply; else of the newest
    newest integer not null
  ) strict;
  create index works_latest on works (latest);

  create table series_names (
    name   blob    not null check (length(name) = 16),
    series integer not null,
    primary key (name, series)
  ) strict, without rowid;
  create index series_named on series_names (series);

  create table series_mails (
    series integer not null,
    mail   integer not null,
    number integer not null,
    primary key (series, mail)
  ) strict, without rowid;
  create index series_with on series_mails (mail);

  -- test results with good signatures; whether they count is decided when they are shown
  create table results (
    id         integer primary key,
    mail       integer not null references mails,
    tree       text    not null,
    patches    text    not null,
    test       text    not null,
    outcome    text    not null,
    public_key text    not null check (length(public_key) = 56),
    said       text    not null check (json_valid(said)),
    text       text    not null,
    minisig    text    not null
  ) strict;
  create index results_of on results (tree, test);
  create index results_in on results (mail);
  create index results_for on results (test);
  create index results_patched on results (patches);

  create table results_env (
    entry  text    not null,
    result integer not null references results,
    primary key (entry, result)
  ) strict, without rowid;

  -- results that a feed took back: no longer found or counted, and kept to say that the feed has withdrawn them
  create table withdrawn (
    mail integer primary key references mails
  ) strict;
  create view live_mails as select * from mails where id not in (select mail from withdrawn);
`;

export const INDEX_SCHEMA: Schema = {
  what: "index",
  applicationId: APPLICATION_ID,
  without: "keep it elsewhere: XDG_CACHE_HOME",
  upgradedBy: "git patchsig search --update",
  migrations: [...Array.from({ length: VERSION - 1 }, () => ""), DROP + TABLES],
};
