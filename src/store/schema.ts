/**
 * The tables of trust.db. Times are seconds since 1970 by the verifier's own clock; text that came
 * with a mail is "" where the mail had none. Rows are kept small: an archive has millions of mails.
 */

/** "psig": tells this program's databases from everybody else's. */
const APPLICATION_ID = 0x70736967;

const VERSION_1 = `
  -- one key of one identity; the states are explained in src/trust/record.ts
  create table keys (
    identity         text    not null,
    public_key       text    not null check (length(public_key) = 56),
    state            text    not null check (state in
                       ('first-use', 'known', 'endorsed', 'pinned', 'replaced', 'revoked')),
    origin           text    not null,
    first_seen       integer not null,
    last_seen        integer not null,
    first_message_id text    not null,
    first_list       text    not null,
    last_message_id  text    not null,
    patches          integer not null check (patches >= 0),
    applied          integer not null check (applied >= 0),
    primary key (identity, public_key)
  ) strict, without rowid;

  -- a revoked key is revoked for every identity
  create index keys_revoked on keys (public_key) where state = 'revoked';

  -- every change of trust, for good; a key that was only ever "changed" stands nowhere else
  create table events (
    id         integer primary key,
    at         integer not null,
    identity   text    not null,
    public_key text    not null check (length(public_key) = 56),
    kind       text    not null,
    from_state text,
    to_state   text,
    cause      text    not null,
    message_id text    not null
  ) strict;
  create index events_of on events (identity, public_key);

  -- patches that were counted, signed or not, by sightingDigest: none counts twice
  create table sightings (
    digest blob primary key check (length(digest) = 8)
  ) strict, without rowid;

  create table unsigned_patches (
    identity   text primary key,
    first_seen integer not null,
    last_seen  integer not null,
    patches    integer not null
  ) strict, without rowid;
`;

const VERSION_2 = `
  alter table keys add column endorsed_by  text not null default '';
  alter table keys add column rotated_from text not null default '';
  create index keys_endorsed on keys (endorsed_by) where endorsed_by <> '';
  -- all identities of a key
  create index keys_of on keys (public_key);

  -- the other key of the event, and the keyring or file that caused it
  alter table events add column other_key text not null default '';
  alter table events add column source    text not null default '';

  -- statements whose signatures are good, whether they changed something or not; a key that revoked
  -- itself before any identity had it stands nowhere else
  create table statements (
    digest     blob    primary key check (length(digest) = 32),
    kind       text    not null check (kind in ('rotate', 'endorse', 'revoke')),
    signer     text    not null check (length(signer) = 56),
    said_by    text    not null,
    said_of    text    not null,
    public_key text    not null check (length(public_key) = 56),
    said_at    integer not null,
    text       text    not null,
    applied    integer not null check (applied in (0, 1)),
    at         integer not null,
    message_id text    not null,
    source     text    not null
  ) strict, without rowid;
  create index statements_of on statements (said_of);
  create index statements_revoking on statements (public_key) where kind = 'revoke' and applied = 1;

  -- signed patches in the order in which they came in, to tell a replay (src/trust/replay.ts)
  create table arrivals (
    id         integer primary key,
    digest     blob    not null unique check (length(digest) = 8),
    work       blob    not null check (length(work) = 8),
    version    integer not null,
    signed_at  integer not null,
    at         integer not null,
    message_id text    not null
  ) strict;
  create index arrivals_of on arrivals (work, version);
`;

const VERSION_3 = `
  -- how far sources are read that can be read on from there, whatever their values mean to them
  create table cursors (
    name  text primary key,
    value text not null
  ) strict, without rowid;
`;

const VERSION_4 = `
  -- what makes a key known: another series than the first, on another day
  alter table keys add column first_series text    not null default '';
  alter table keys add column again        integer not null default 0 check (again in (0, 1));
  update keys set first_series = 'before' where patches > 0;
  update keys set again = 1 where patches > 1;
`;

const VERSION_5 = `
  -- a statement can announce a key that is used too: the check cannot be changed in place
  create table statements_5 (
    digest     blob    primary key check (length(digest) = 32),
    kind       text    not null check (kind in ('rotate', 'add', 'endorse', 'revoke')),
    signer     text    not null check (length(signer) = 56),
    said_by    text    not null,
    said_of    text    not null,
    public_key text    not null check (length(public_key) = 56),
    said_at    integer not null,
    text       text    not null,
    applied    integer not null check (applied in (0, 1)),
    at         integer not null,
    message_id text    not null,
    source     text    not null
  ) strict, without rowid;
  insert into statements_5 select * from statements;
  drop table statements;
  alter table statements_5 rename to statements;
  create index statements_of on statements (said_of);
  create index statements_revoking on statements (public_key) where kind = 'revoke' and applied = 1;
  -- when a key was revoked
  create index events_revoking on events (public_key) where to_state = 'revoked';
`;

const VERSION_6 = `
  -- what is looked for among things that others can make many of
  drop index statements_of;
  create index statements_of on statements (said_of, public_key);
  create index statements_unheard on statements (signer) where applied = 0 and source = '';
  create index events_changed on events (identity) where kind = 'changed';
`;

const VERSION_7 = `
  -- a stamp that every transaction makes anew: see log-check.ts
  create table generation (
    id       integer primary key check (id = 1),
    kind     text not null,
    previous blob not null check (length(previous) = 8),
    current  blob not null check (length(current) = 8)
  ) strict;
  insert into generation values (1, 'patchsig-stamp-1', zeroblob(8), randomblob(8));
`;

const VERSION_8 = `
  -- DKIM's key records as DNS had them (docs/dkim.md): mails of their time still rest on old ones
  create table dkim_records (
    name       text    not null,
    record     text    not null,
    first_seen integer not null,
    last_seen  integer not null,
    primary key (name, record)
  ) strict, without rowid;

  -- which domains have vouched for an address, and for how many patches
  create table vouched (
    identity   text    not null,
    domain     text    not null,
    first_seen integer not null,
    last_seen  integer not null,
    patches    integer not null,
    primary key (identity, domain)
  ) strict, without rowid;
`;

const VERSION_9 = `
  -- whose X-Developer-Signatures are made by which key (docs/devsig.md)
  create table developer_keys (
    identity   text    not null primary key,
    key        text    not null,
    first_seen integer not null,
    last_seen  integer not null,
    patches    integer not null
  ) strict, without rowid;
`;

const VERSION_10 = `
  -- pairs of Message-IDs of which the user said that their series are one work, or are not
  create table series_links (
    a        text    not null,
    b        text    not null check (a < b),
    together integer not null check (together in (0, 1)),
    at       integer not null,
    primary key (a, b)
  ) strict, without rowid;
`;

const VERSION_11 = `
  -- keys that a person accepted for test results: they sign no patches (docs/spec/result.md)
  create table result_keys (
    identity   text    not null,
    public_key text    not null check (length(public_key) = 56),
    since      integer not null,
    -- when another one took its place; null: it is in use
    replaced   integer,
    primary key (identity, public_key)
  ) strict, without rowid;
  create index result_keys_of on result_keys (public_key);
`;

const VERSION_12 = `
  -- what the user noted of series, by the first mail of one of their versions
  create table series_marks (
    message_id text    not null primary key,
    state      text    not null check (state in ('new', 'waiting', 'snoozed', 'applied', 'dropped')),
    note       text    not null,
    at         integer not null,
    until      integer not null
  ) strict, without rowid;
`;

/** What a database file must be, to be opened as one of ours. */
export interface Schema {
  /** For messages: "trust database". */
  readonly what: string;
  readonly applicationId: number;
  /** How to do without it: "add --dry-run …". */
  readonly without?: string;
  /** The command that brings an old file up to date; default: `git patchsig verify`. */
  readonly upgradedBy?: string;
  /** SQL that leads from version n to n + 1. Never edited once released; only added to. */
  readonly migrations: readonly string[];
  /** The version from which on every transaction stamps it (log-check.ts). */
  readonly stampedFrom?: number;
}

export const TRUST_SCHEMA: Schema = {
  what: "trust database",
  applicationId: APPLICATION_ID,
  without: "add --dry-run to record nothing",
  migrations: [
    VERSION_1,
    VERSION_2,
    VERSION_3,
    VERSION_4,
    VERSION_5,
    VERSION_6,
    VERSION_7,
    VERSION_8,
    VERSION_9,
    VERSION_10,
    VERSION_11,
    VERSION_12,
  ],
  stampedFrom: 7,
};
