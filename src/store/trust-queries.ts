/** Queries of the trust database: for verdicts, and by people. */

import { PatchsigError } from "../errors.ts";
import { parsePublicKeyText } from "../minisign/public-key.ts";
import { keyRecordOf } from "../trust/decide.ts";
import {
  type ChangedKeyInfo,
  type IdentityHistory,
  type KeyHistory,
  type KeyRecord,
  MAX_NAMED,
  type Sighting,
  type StatementRecord,
  type TrustEvent,
} from "../trust/record.ts";
import type { PublicKeyText } from "../types.ts";
import { keyRecord, type StatementRow } from "./trust-rows.ts";
import type { TrustUnit } from "./trust-unit.ts";

/** See `TrustMemory.keyHistory`. */
export function keyHistory(unit: TrustUnit, { identity, publicKey }: Sighting): KeyHistory {
  const records = unit.recordsOf(identity);
  const own = keyRecordOf(records, publicKey);
  return {
    records: [...records],
    revoked: unit.isRevoked(publicKey),
    tainted: own !== null && unit.isTainted(own),
    resultOnly: unit.isResultOnly(publicKey),
  };
}

/** See `TrustMemory.changedKey`. */
export function changedKey(
  unit: TrustUnit,
  identity: string,
  publicKey: PublicKeyText,
  at: number,
): ChangedKeyInfo {
  return {
    since: unit.sql.firstChanged.get(identity, publicKey, at) ?? null,
    ended: unit.sql.ended.get({ identity, publicKey }) ?? null,
    elsewhere: unit
      .everywhere(publicKey, MAX_NAMED + 1)
      .filter((record) => record.identity !== identity)
      .slice(0, MAX_NAMED),
    statements: vouchers(unit, identity, publicKey).flatMap(({ kind, by, signer }) => {
      const { state = null } = keyRecordOf(unit.recordsOf(by), signer) ?? {};
      return kind === "revoke" ? [] : [{ kind, by, signer: state }];
    }),
  };
}

/** Statements that vouch for the key: no more than anybody reads. */
function vouchers(
  unit: TrustUnit,
  identity: string,
  publicKey: PublicKeyText,
): readonly StatementRow[] {
  return [
    ...unit.sql.statementsAbout.all(identity, publicKey),
    ...unit.statements.about(identity).filter(({ key }) => key === publicKey),
  ].filter(({ kind }) => kind !== "revoke");
}

/** The statements about an identity, by time. */
export function statementsAbout(unit: TrustUnit, identity: string): readonly StatementRecord[] {
  return unit.statementsAbout(identity).map((row) => ({ ...row, applied: row.applied === 1 }));
}

/** What is remembered of an identity; null if nothing is. */
export function historyOf(unit: TrustUnit, identity: string): IdentityHistory | null {
  const keys = [...unit.recordsOf(identity)];
  const unsigned = unit.unsignedOf(identity);
  const events = unit.sql.events.all(identity);
  if (keys.length === 0 && unsigned === null && events.length === 0) return null;
  const resultKeys = unit.sql.resultKeys.all(identity);
  return {
    identity,
    keys,
    resultKeys,
    unsigned,
    statements: statementsAbout(unit, identity),
    events,
  };
}

/** Every key as stored, by identity. Finish it before the next query. */
export function* storedKeys(unit: TrustUnit): Iterable<KeyRecord> {
  const rows = unit.sql.allKeys.iterate();
  try {
    for (;;) {
      const row = unit.explained(() => rows.next());
      if (row.done === true) return;
      yield keyRecord(row.value);
    }
  } finally {
    rows.return?.();
  }
}

/** The whole history as stored, newest first. Other queries may run meanwhile. */
export function* storedEvents(unit: TrustUnit): Iterable<TrustEvent> {
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const events = unit.read(() => unit.sql.newestEvents.all(before));
    yield* events;
    if (events.length === 0) return;
    before = events.at(-1)!.id;
  }
}

/**
 * The shortest prefix that may name a key: the first 14 characters hold the key number, which its
 * owner chooses freely, so at least as many more have to come from the key itself.
 */
const MIN_PREFIX = 28;

/**
 * Finds a key by its prefix.
 *
 * @param known also match keys that the identity has, not only changed ones
 * @throws PatchsigError "bad-key"
 */
export function wholeKey(
  unit: TrustUnit,
  identity: string,
  key: string,
  known = false,
): PublicKeyText {
  if (isPublicKey(key)) return key;
  const candidates = [
    ...unit.sql.events.all(identity).filter((event) => event.kind === "changed"),
    ...(known ? [...unit.recordsOf(identity), ...unit.sql.resultKeys.all(identity)] : []),
  ].map(({ publicKey }) => publicKey);
  const keys = new Set(candidates.filter((whole) => whole.startsWith(key)));
  const [only] = keys;
  if (key.length >= MIN_PREFIX && only !== undefined && keys.size === 1) return only;
  throw new PatchsigError("bad-key", "that is not a complete public key", {
    hint: "give all 56 characters, from RW on",
  });
}

function isPublicKey(text: string): boolean {
  try {
    parsePublicKeyText(text);
    return true;
  } catch {
    return false;
  }
}
