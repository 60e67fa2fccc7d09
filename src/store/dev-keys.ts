/** The keys of X-Developer-Signatures, one for an identity (docs/devsig.md). */

import type { DevKeyRecord } from "../trust/record.ts";
import { replacing, type Sql } from "./sql.ts";
import type { TrustUnit } from "./trust-unit.ts";

export function devKeyStatements(db: Sql) {
  return {
    devKey: db.prepare<[string], DevKeyRecord>(
      `select key, first_seen as since, last_seen as "lastSeen", patches
       from developer_keys where identity = ?`,
    ),
    putDevKey: db.prepare<[DevKeyRecord & { identity: string }]>(
      `insert into developer_keys values (@identity, @key, @since, @lastSeen, @patches)
       on conflict (identity) do update set ${replacing(["key", "first_seen", "last_seen", "patches"])}`,
    ),
  };
}

/** What a dry run has counted. */
export type UnwrittenDevKeys = Map<string, DevKeyRecord>;

/** See `TrustMemory.devKey`. */
export function devKey(unit: TrustUnit, identity: string): DevKeyRecord | null {
  return unit.unwrittenDevKeys.get(identity) ?? unit.sql.devKey.get(identity) ?? null;
}

/** See `TrustMemory.countDevKey`. */
export function countDevKey(
  unit: TrustUnit,
  identity: string,
  key: string,
  digest: Uint8Array,
  at: number,
): void {
  const before = devKey(unit, identity);
  const isNew = unit.see(digest);
  const isSame = before?.key === key;
  if (isSame && !isNew) return;
  const record: DevKeyRecord = isSame
    ? { ...before, lastSeen: Math.max(at, before.lastSeen), patches: before.patches + 1 }
    : { key, since: at, lastSeen: at, patches: 1 };
  if (unit.dryRun) unit.unwrittenDevKeys.set(identity, record);
  else unit.sql.putDevKey.run({ identity, ...record });
}
