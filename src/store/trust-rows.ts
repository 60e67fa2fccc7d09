/** The SQL of the trust database, and its rows as records. */

import { cursorStatements } from "./cursors.ts";
import { devKeyStatements } from "./dev-keys.ts";
import { seriesLinkStatements } from "./series-links.ts";
import { seriesMarkStatements } from "./series-marks.ts";
import { ALL, laterOf, nextId, replacing, type Sql } from "./sql.ts";
import { vouchingStatements } from "./vouching.ts";
import type {
  KeyRecord,
  ResultKeyRecord,
  Sighting,
  StatementRecord,
  TrustEvent,
  UnsignedRecord,
} from "../trust/record.ts";
import type { Arrival, Arrived } from "../trust/replay.ts";
import type { PublicKeyText } from "../types.ts";

/** A row of `keys`, in the order of its columns: arrays are read twice as fast as objects. */
type KeyRow = readonly [
  identity: string,
  publicKey: string,
  state: KeyRecord["state"],
  origin: KeyRecord["origin"],
  firstSeen: number,
  lastSeen: number,
  firstMessageId: string,
  firstList: string,
  lastMessageId: string,
  patches: number,
  applied: number,
  endorsedBy: string,
  rotatedFrom: string,
  firstSeries: string,
  again: number,
];

const RESULT_KEYS = `select identity, public_key as "publicKey", since, replaced from result_keys`;
const KEY_COLUMNS = `identity, public_key, state, origin, first_seen, last_seen, first_message_id,
  first_list, last_message_id, patches, applied, endorsed_by, rotated_from, first_series, again`;

/** What may become another in a row of `keys`. */
const CHANGING =
  "state last_seen last_message_id patches applied endorsed_by rotated_from first_series again".split(
    " ",
  );

const EVENT_COLUMNS = `id, at, identity, public_key as "publicKey", kind, from_state as "from",
  to_state as "to", cause, message_id as "messageId", other_key as other, source`;

const STATEMENT_COLUMNS = `kind, signer, said_by as "by", said_of as "of", public_key as "key",
  said_at as time, text, applied, at, message_id as "messageId", source`;

const ARRIVAL_COLUMNS = 'id, version, signed_at as "signedAt", at, message_id as "messageId"';

/** SQLite has no booleans. */
export type StatementRow = Omit<StatementRecord, "applied"> & { readonly applied: number };

// oxlint-disable-next-line max-lines-per-function -- a table: all SQL of the trust database
export function prepareStatements(db: Sql) {
  const sql = <Parameters extends unknown[], Row = unknown>(text: string) =>
    db.prepare<Parameters, Row>(text);
  return {
    ...cursorStatements(db),
    ...vouchingStatements(db),
    ...devKeyStatements(db),
    ...seriesLinkStatements(db),
    isResultKey: sql<[PublicKeyText], number>(
      "select 1 from result_keys where public_key = ? limit 1",
    ).pluck(),
    resultKeys: sql<[string], ResultKeyRecord>(
      `${RESULT_KEYS} where identity = ? order by since, public_key`,
    ),
    allResultKeys: sql<[], ResultKeyRecord>(`${RESULT_KEYS} order by identity, since, public_key`),
    putResultKey: sql<[ResultKeyRecord]>(
      `insert into result_keys values (@identity, @publicKey, @since, @replaced)
       on conflict (identity, public_key) do update
         set since = excluded.since, replaced = excluded.replaced`,
    ),
    ...seriesMarkStatements(db),
    keys: sql<[string], KeyRow>(
      `select ${KEY_COLUMNS} from keys where identity = ? order by first_seen, public_key`,
    ).raw(),
    allKeys: sql<[], KeyRow>(
      `select ${KEY_COLUMNS} from keys order by identity, first_seen, public_key`,
    ).raw(),
    putKey: sql<[...KeyRow]>(
      `insert into keys values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (identity, public_key) do update set ${replacing(CHANGING)}`,
    ),
    identitiesOf: sql<[string, number], string>(
      "select identity from keys where public_key = ? limit ?",
    ).pluck(),
    identitiesEndorsedBy: sql<[string], string>(
      "select identity from keys where endorsed_by <> '' and endorsed_by = ?",
    ).pluck(),
    anyRevoked: sql<[], number>(
      `select 1 where exists (select 1 from keys where state = 'revoked')
           or exists (select 1 from statements where kind = 'revoke' and applied = 1)`,
    ).pluck(),
    revoked: sql<[string, string], number>(
      `select 1 from keys where public_key = ? and state = 'revoked'
       union all
       select 1 from statements where public_key = ? and kind = 'revoke' and applied = 1`,
    ).pluck(),
    seen: sql<[Uint8Array], number>("select 1 from sightings where digest = ?").pluck(),
    see: sql<[Uint8Array]>("insert into sightings values (?) on conflict do nothing"),
    arrive: sql<[Arrival]>(
      `insert into arrivals values (${nextId("arrivals")},
         @digest, @work, @version, @signedAt, @at, @messageId) on conflict do nothing`,
    ),
    forgetArrivals: sql<[Uint8Array, number]>(
      `delete from arrivals where id in
         (select id from arrivals where work = ? order by id desc limit ${ALL} offset ?)`,
    ),
    arrived: sql<[Uint8Array], Arrived>(`select ${ARRIVAL_COLUMNS} from arrivals where digest = ?`),
    newerArrived: sql<[Uint8Array, number, number, number], Arrived>(
      `select ${ARRIVAL_COLUMNS} from arrivals
       where work = ? and version > ? and signed_at > ? and id < ?
       order by version desc, id limit 1`,
    ),
    unsigned: sql<[string], UnsignedRecord>(
      `select identity, first_seen as "firstSeen", last_seen as "lastSeen", patches
       from unsigned_patches where identity = ?`,
    ),
    putUnsigned: sql<[UnsignedRecord]>(
      `insert into unsigned_patches values (@identity, @firstSeen, @lastSeen, @patches)
       on conflict (identity) do update
         set last_seen = excluded.last_seen, patches = excluded.patches`,
    ),
    events: sql<[string], TrustEvent>(
      `select ${EVENT_COLUMNS} from events where identity = ? order by id`,
    ),
    newestEvents: sql<[number], TrustEvent>(
      `select ${EVENT_COLUMNS} from events where id < ? order by id desc limit 1000`,
    ),
    lastEvent: sql<[string, string], string>(
      "select kind from events where identity = ? and public_key = ? order by id desc limit 1",
    ).pluck(),
    firstChanged: sql<[string, string, number], number>(
      `select min(at) from events
       where identity = ? and public_key = ? and kind = 'changed' and at < ?`,
    ).pluck(),
    // a revocation holds for every identity, even if none has the key
    ended: sql<[{ identity: string; publicKey: string }], number | null>(
      `select coalesce(
         (select min(at) from events where public_key = @publicKey and to_state = 'revoked'),
         (select min(at) from statements
          where public_key = @publicKey and kind = 'revoke' and applied = 1),
         (select max(at) from events
          where identity = @identity and public_key = @publicKey and to_state = 'replaced'))`,
    ).pluck(),
    putEvent: sql<[Omit<TrustEvent, "id">]>(
      `insert into events values (${nextId("events")}, @at, @identity, @publicKey, @kind, @from, @to, @cause,
         @messageId, @other, @source)`,
    ),
    countChanged: sql<[string], number>(
      "select count(*) from events where identity = ? and kind = 'changed'",
    ).pluck(),
    forgetChanged: sql<[string, number]>(
      `delete from events where id in
         (select id from events where identity = ? and kind = 'changed'
          order by id desc limit ${ALL} offset ?)`,
    ),
    statementApplied: sql<[Uint8Array], number>(
      "select applied from statements where digest = ?",
    ).pluck(),
    statementsOf: sql<[string], StatementRow>(
      `select ${STATEMENT_COLUMNS} from statements where said_of = ? order by said_at, digest`,
    ),
    statementsAbout: sql<[string, string], StatementRow>(
      `select ${STATEMENT_COLUMNS} from statements where said_of = ? and public_key = ?
       order by said_at, digest limit 64`,
    ),
    forgetUnheard: sql<[string, number]>(
      `delete from statements where digest in
         (select digest from statements where signer = ? and applied = 0 and source = ''
          order by at desc, said_at desc, digest limit ${ALL} offset ?)`,
    ),
    putStatement: sql<[StatementRow & { readonly digest: Uint8Array }]>(
      `insert into statements values (@digest, @kind, @signer, @by, @of, @key, @time, @text,
         @applied, @at, @messageId, @source)
       on conflict (digest) do update set applied = ${laterOf("statements", "applied")}`,
    ),
  };
}

export function keyRecord(row: KeyRow): KeyRecord {
  return {
    identity: row[0],
    publicKey: row[1],
    state: row[2],
    origin: row[3],
    firstSeen: row[4],
    lastSeen: row[5],
    firstMessageId: row[6],
    firstList: row[7],
    lastMessageId: row[8],
    patches: row[9],
    applied: row[10],
    endorsedBy: row[11],
    rotatedFrom: row[12],
    firstSeries: row[13],
    again: row[14] === 1,
  };
}

export function keyRow(key: KeyRecord): KeyRow {
  return [
    key.identity,
    key.publicKey,
    key.state,
    key.origin,
    key.firstSeen,
    key.lastSeen,
    key.firstMessageId,
    key.firstList,
    key.lastMessageId,
    key.patches,
    key.applied,
    key.endorsedBy,
    key.rotatedFrom,
    key.firstSeries,
    key.again ? 1 : 0,
  ];
}

/** A key about which nothing is known yet. */
export function unseenKey(
  identity: string,
  publicKey: PublicKeyText,
  at: number,
  messageId = "",
): KeyRecord {
  return {
    identity,
    publicKey,
    state: "pinned",
    origin: "person",
    firstSeen: at,
    lastSeen: at,
    firstMessageId: shortened(messageId),
    firstList: "",
    lastMessageId: shortened(messageId),
    patches: 0,
    applied: 0,
    endorsedBy: "",
    rotatedFrom: "",
    firstSeries: "",
    again: false,
  };
}

export function firstUseRecord(sighting: Sighting): KeyRecord {
  const { identity, publicKey, at, messageId, list, series } = sighting;
  return {
    ...unseenKey(identity, publicKey, at, messageId),
    state: "first-use",
    origin: "mail",
    firstList: shortened(list),
    firstSeries: series,
    patches: 1,
  };
}

/** @param fresh the patch was not counted before */
export function counted(record: KeyRecord, sighting: Sighting, fresh: boolean): KeyRecord {
  if (!fresh) return record;
  return {
    ...record,
    firstSeries: record.firstSeries === "" ? sighting.series : record.firstSeries,
    lastSeen: Math.max(record.lastSeen, sighting.at),
    lastMessageId: shortened(sighting.messageId),
    patches: record.patches + 1,
  };
}

/** Cuts long texts: a mail must not blow up the database. */
const MAX_TEXT = 250;

export function shortened(text: string): string {
  return text.slice(0, MAX_TEXT);
}

/** Bytes as a string that a Set can compare. */
export function digestKey(digest: Uint8Array): string {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString("latin1");
}
