/** Which domains have vouched for an address, and DKIM's key records as DNS had them (docs/dkim.md). */

import type { SeenRecord } from "../dkim/verify.ts";
import type { VouchedRecord } from "../trust/record.ts";
import { ALL, laterOf, type Sql } from "./sql.ts";
import type { TrustUnit } from "./trust-unit.ts";

/** Records of one name that are kept: the newest. Whoever owns a domain can publish any number. */
const MAX_RECORDS = 8;
/** Domains that are kept for an address: its own, and those above it. */
const MAX_DOMAINS = 8;

export function vouchingStatements(db: Sql) {
  return {
    vouched: db.prepare<[string, number], VouchedRecord>(
      `select domain, first_seen as since, last_seen as "lastSeen", patches from vouched where identity = ?
       order by patches desc, domain limit ?`,
    ),
    countVouched: db.prepare<[string, string, number, number]>(
      `insert into vouched values (?, ?, ?, ?, 1)
       on conflict (identity, domain) do update
         set last_seen = ${laterOf("vouched", "last_seen")}, patches = vouched.patches + 1`,
    ),
    dkimNames: db.prepare<[], string>("select distinct name from dkim_records").pluck(),
    dkimRecords: db.prepare<[string], SeenRecord>(
      `select record as text, first_seen as "firstSeen", last_seen as "lastSeen"
       from dkim_records where name = ? order by last_seen desc, record`,
    ),
    seeDkimRecord: db.prepare<[{ name: string; text: string; at: number }]>(
      `update dkim_records set last_seen = case when last_seen < @at then @at else last_seen end
       where name = @name and record = @text`,
    ),
    addDkimRecord: db.prepare<[{ name: string; text: string; at: number }]>(
      "insert into dkim_records values (@name, @text, @at, @at)",
    ),
    forgetDkimRecords: db.prepare<[{ name: string; most: number }]>(
      `delete from dkim_records where name = @name and record in
         (select record from dkim_records where name = @name
          order by last_seen desc, record limit ${ALL} offset @most)`,
    ),
  };
}

/** What a dry run has counted. */
export type UnwrittenVouched = Map<string, VouchedRecord[]>;

/** See `TrustMemory.vouchedFor`. */
export function vouchedFor(unit: TrustUnit, identity: string): readonly VouchedRecord[] {
  return unit.unwrittenVouched.get(identity) ?? unit.sql.vouched.all(identity, MAX_DOMAINS);
}

/** See `TrustMemory.countVouched`. */
export function countVouched(
  unit: TrustUnit,
  identity: string,
  domain: string,
  digest: Uint8Array,
  at: number,
): void {
  if (!unit.see(digest)) return;
  if (!unit.dryRun) {
    unit.sql.countVouched.run(identity, domain, at, at);
    return;
  }
  const before = vouchedFor(unit, identity);
  const own = before.find((one) => one.domain === domain) ?? {
    domain,
    since: at,
    lastSeen: at,
    patches: 0,
  };
  const others = before.filter((one) => one.domain !== domain);
  const counted = { ...own, lastSeen: Math.max(at, own.lastSeen), patches: own.patches + 1 };
  unit.unwrittenVouched.set(identity, [counted, ...others].slice(0, MAX_DOMAINS));
}

/** Remembers what DNS answered just now. */
export function putDkimRecord(unit: TrustUnit, name: string, text: string, at: number): void {
  const record = { name, text, at };
  if (unit.sql.seeDkimRecord.run(record).changes === 0) unit.sql.addDkimRecord.run(record);
  unit.sql.forgetDkimRecords.run({ name, most: MAX_RECORDS });
}
