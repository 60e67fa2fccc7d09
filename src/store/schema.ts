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

/** What a database file must be, to be opened as one of ours. */
export interface Schema {
  /** For messages: "trust database". */
  readonly what: string;
  readonly applicationId: number;
  /** SQL that leads from version n to n + 1. Never edited once released; only added to. */
  readonly migrations: readonly string[];
}

export const TRUST_SCHEMA: Schema = {
  what: "trust database",
  applicationId: APPLICATION_ID,
  migrations: [VERSION_1],
};
