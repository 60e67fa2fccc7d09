/**
 * The tables of a team's trust database: those of schema.ts, under the same version numbers, in PostgreSQL's
 * types. Not there are how far sources are read, which each machine knows for itself; and `generation` also
 * has the version, which SQLite keeps in the file's header.
 */

/** The first version that PostgreSQL had. */
const FIRST_VERSION = 12;

export const SCHEMA_NAME = "patchsig";

const VERSION_12 = `
  create table generation (
    id       bigint primary key check (id = 1),
    kind     text   not null,
    previous bytea  not null check (length(previous) = 8),
    current  bytea  not null check (length(current) = 8),
    version  bigint not null
  );
  insert into generation values (1, 'patchsig-trust', '\\x0000000000000000', '\\x0000000000000000', 0);

  create table keys (
    identity         text collate "C" not null,
    public_key       text collate "C" not null check (length(public_key) = 56),
    state            text collate "C" not null check (state in
                       ('first-use', 'known', 'endorsed', 'pinned', 'replaced', 'revoked')),
    origin           text collate "C" not null,
    first_seen       bigint not null,
    last_seen        bigint not null,
    first_message_id text collate "C" not null,
    first_list       text collate "C" not null,
    last_message_id  text collate "C" not null,
    patches          bigint not null check (patches >= 0),
    applied          bigint not null check (applied >= 0),
    endorsed_by      text collate "C" not null default '',
    rotated_from     text collate "C" not null default '',
    first_series     text collate "C" not null default '',
    again            bigint not null default 0 check (again in (0, 1)),
    primary key (identity, public_key)
  );
  create index keys_revoked on keys (public_key) where state = 'revoked';
  create index keys_endorsed on keys (endorsed_by) where endorsed_by <> '';
  create index keys_of on keys (public_key);

  create table events (
    id         bigint primary key,
    at         bigint not null,
    identity   text collate "C" not null,
    public_key text collate "C" not null check (length(public_key) = 56),
    kind       text collate "C" not null,
    from_state text collate "C",
    to_state   text collate "C",
    cause      text collate "C" not null,
    message_id text collate "C" not null,
    other_key  text collate "C" not null default '',
    source     text collate "C" not null default ''
  );
  create index events_of on events (identity, public_key);
  create index events_revoking on events (public_key) where to_state = 'revoked';
  create index events_changed on events (identity) where kind = 'changed';

  create table sightings (
    digest bytea primary key check (length(digest) = 8)
  );

  create table unsigned_patches (
    identity   text collate "C" primary key,
    first_seen bigint not null,
    last_seen  bigint not null,
    patches    bigint not null
  );

  create table statements (
    digest     bytea primary key check (length(digest) = 32),
    kind       text collate "C" not null check (kind in ('rotate', 'add', 'endorse', 'revoke')),
    signer     text collate "C" not null check (length(signer) = 56),
    said_by    text collate "C" not null,
    said_of    text collate "C" not null,
    public_key text collate "C" not null check (length(public_key) = 56),
    said_at    bigint not null,
    text       text collate "C" not null,
    applied    bigint not null check (applied in (0, 1)),
    at         bigint not null,
    message_id text collate "C" not null,
    source     text collate "C" not null
  );
  create index statements_of on statements (said_of, public_key);
  create index statements_revoking on statements (public_key) where kind = 'revoke' and applied = 1;
  create index statements_unheard on statements (signer) where applied = 0 and source = '';

  create table arrivals (
    id         bigint primary key,
    digest     bytea  not null unique check (length(digest) = 8),
    work       bytea  not null check (length(work) = 8),
    version    bigint not null,
    signed_at  bigint not null,
    at         bigint not null,
    message_id text collate "C" not null
  );
  create index arrivals_of on arrivals (work, version);

  create table dkim_records (
    name       text collate "C" not null,
    record     text collate "C" not null,
    first_seen bigint not null,
    last_seen  bigint not null
  );
  -- a record may be longer than what an index can hold
  create unique index dkim_records_are on dkim_records (name, md5(record));

  create table vouched (
    identity   text collate "C" not null,
    domain     text collate "C" not null,
    first_seen bigint not null,
    last_seen  bigint not null,
    patches    bigint not null,
    primary key (identity, domain)
  );

  create table developer_keys (
    identity   text collate "C" not null primary key,
    key        text collate "C" not null,
    first_seen bigint not null,
    last_seen  bigint not null,
    patches    bigint not null
  );

  create table series_links (
    a        text collate "C" not null,
    b        text collate "C" not null check (a < b),
    together bigint not null check (together in (0, 1)),
    at       bigint not null,
    primary key (a, b)
  );

  create table result_keys (
    identity   text collate "C" not null,
    public_key text collate "C" not null check (length(public_key) = 56),
    since      bigint not null,
    replaced   bigint,
    primary key (identity, public_key)
  );
  create index result_keys_of on result_keys (public_key);

  create table series_marks (
    message_id text collate "C" not null primary key,
    state      text collate "C" not null check (state in
                 ('new', 'waiting', 'snoozed', 'applied', 'dropped')),
    note       text collate "C" not null,
    at         bigint not null,
    until      bigint not null
  );
`;

/** SQL that leads from each version to the next; the first from nothing. Never edited once released. */
const MIGRATIONS: readonly string[] = [VERSION_12];

/** The version that this program reads and writes: as `TRUST_SCHEMA` has it. */
export const TEAM_VERSION = FIRST_VERSION + MIGRATIONS.length - 1;

/** @param version 0: there is nothing yet */
export function migrationsFrom(version: number): readonly string[] {
  return MIGRATIONS.slice(version === 0 ? 0 : version - FIRST_VERSION + 1);
}
