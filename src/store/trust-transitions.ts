/**
 * Applies changes to the trust database. src/trust decided them in the same transaction; this
 * applies them and what follows from them, and writes the history.
 */

import { fallBacks, isAnother, keyRecordOf } from "../trust/decide.ts";
import type { ChangeOutcome } from "../trust/memory.ts";
import type { Cause, KeyRecord, KeyTransition, TrustChange, TrustEvent } from "../trust/record.ts";
import { type Arrival, type Replay, replayOf } from "../trust/replay.ts";
import { type Ruling, ruleOn, type StatementStanding } from "../trust/ruling.ts";
import type { Statement } from "../trust/statement.ts";
import { FIRST_UNSTORED, MAX_OF_A_WORK, notYet } from "./arrivals.ts";
import { counted, shortened, firstUseRecord, unseenKey } from "./trust-rows.ts";
import type { TrustUnit } from "./trust-unit.ts";

/** Changed keys kept per identity: the newest. */
export const MAX_CHANGED = 256;

export function byPerson(at: number): Cause {
  return { cause: "person", at, messageId: "", source: "" };
}

/** Makes the transitions decided in this transaction, and those that follow from them. */
export function makeAll(
  unit: TrustUnit,
  transitions: readonly KeyTransition[],
  cause: Cause,
): void {
  for (const transition of transitions) make(unit, transition, cause);
  for (const transition of transitions) {
    if (transition.to !== "replaced" && transition.to !== "revoked") continue;
    const { publicKey, identity } = transition;
    const records = unit.restingOn(publicKey, identity);
    const pinned = unit.everywhere(publicKey).some((record) => record.state === "pinned");
    for (const fall of fallBacks(transition, records, pinned)) make(unit, fall, cause);
  }
}

function make(unit: TrustUnit, transition: KeyTransition, cause: Cause): void {
  const { record, identity, publicKey, to, kind, other } = transition;
  const fresh: KeyRecord = {
    ...unseenKey(identity, publicKey, cause.at, cause.messageId),
    origin: ORIGINS[kind] ?? "person",
  };
  const before = record ?? fresh;
  unit.put({
    ...before,
    state: to,
    endorsedBy: transition.endorsedBy ?? before.endorsedBy,
    rotatedFrom: transition.rotatedFrom ?? before.rotatedFrom,
  });
  if (to === "revoked") unit.revoke(publicKey);
  const { at, cause: by, messageId, source } = cause;
  unit.putEvent({
    at,
    identity,
    publicKey,
    kind,
    from: record?.state ?? null,
    to,
    cause: by,
    messageId: shortened(messageId),
    other,
    source: shortened(source),
  });
}

const ORIGINS: Partial<Record<KeyTransition["kind"], KeyRecord["origin"]>> = {
  rotate: "rotation",
  add: "addition",
  endorse: "endorsement",
  keyring: "keyring",
};

/** Applies a sighting's change if the key is still in the state it was decided on. */
export function applyChange(unit: TrustUnit, change: TrustChange): ChangeOutcome {
  const { identity, publicKey } = change.sighting;
  const records = unit.recordsOf(identity);
  const record = keyRecordOf(records, publicKey);
  if ((record?.state ?? null) !== change.from || unit.isRevoked(publicKey)) return "conflict";
  const isNew = records.length === 0;
  if (change.kind === "changed") return isNew ? "conflict" : noteChanged(unit, change);
  if (change.kind === "first-use") return isNew ? meet(unit, change) : "conflict";
  return record === null ? "conflict" : meetAgain(unit, change, record);
}

/** One event, however many mails come with that key. */
function noteChanged(unit: TrustUnit, change: TrustChange): ChangeOutcome {
  const { identity, publicKey } = change.sighting;
  if (unit.sql.lastEvent.get(identity, publicKey) === "changed") return "repeated";
  putChange(unit, change, "changed");
  if (!unit.dryRun) unit.sql.forgetChanged.run(identity, MAX_CHANGED);
  return "applied";
}

function meet(unit: TrustUnit, change: TrustChange): ChangeOutcome {
  const { sighting } = change;
  unit.see(sighting.digest);
  unit.put(firstUseRecord(sighting));
  putChange(unit, change, "first-use");
  return "applied";
}

function meetAgain(unit: TrustUnit, change: TrustChange, record: KeyRecord): ChangeOutcome {
  const { kind, sighting } = change;
  const fresh = unit.see(sighting.digest);
  if (kind === "count" && !fresh) return "repeated";
  // a first-use key that is not promoted does not count as seen again
  const again =
    record.again ||
    (isAnother(record, sighting) && (kind === "confirm" || record.state !== "first-use"));
  const state = kind === "confirm" ? "known" : record.state;
  unit.put({ ...counted(record, sighting, fresh), again, state });
  if (kind === "confirm") putChange(unit, change, kind);
  return "applied";
}

function putChange(
  unit: TrustUnit,
  { from, to, sighting }: TrustChange,
  kind: TrustEvent["kind"],
): void {
  const { at, identity, publicKey, messageId } = sighting;
  unit.putEvent({
    at,
    identity,
    publicKey,
    kind,
    from,
    to,
    cause: "mail",
    messageId: shortened(messageId),
    other: "",
    source: "",
  });
}

/** See `TrustMemory.arrive`. */
export function arrive(unit: TrustUnit, patch: Arrival, remember: boolean): Replay {
  const arrival = { ...patch, messageId: shortened(patch.messageId) };
  const { digest, work, version, signedAt } = arrival;
  const { sql, arrivals } = unit;
  if (!unit.dryRun && remember && sql.arrive.run(arrival).changes === 1)
    sql.forgetArrivals.run(work, MAX_OF_A_WORK);
  const own =
    sql.arrived.get(digest) ??
    arrivals.find(digest) ??
    (remember ? arrivals.add(arrival) : notYet(arrival));
  return replayOf(arrival, own, (id) => {
    const before = Math.min(id, FIRST_UNSTORED);
    const stored = sql.newerArrived.get(work, version, signedAt, before) ?? null;
    return stored ?? arrivals.newer(arrival, id);
  });
}

/** See `TrustMemory.applyStatement`. */
export function applyStatement(unit: TrustUnit, statement: Statement, cause: Cause): Ruling {
  const standing = standingOf(unit, statement);
  const ruling = ruleOn(statement, standing);
  const applied = ruling.outcome === "applied";
  // strangers' statements by mail are not kept, whomever they name
  const byMail = cause.cause === "mail";
  if (applied || !byMail || keyRecordOf(standing.signers, statement.signer) !== null) {
    const nobodys = byMail && isStrangers(unit, statement, standing);
    const kept = nobodys ? { ...statement, by: "", of: "" } : statement;
    keepStatement(unit, kept, applied || standing.applied, cause);
  }
  makeAll(unit, ruling.transitions, cause);
  return ruling;
}

/** A key revokes itself in the name of somebody who never had it: it counts, under no name. */
function isStrangers(
  { sql }: TrustUnit,
  { kind, of, key }: Statement,
  { subjects }: StatementStanding,
): boolean {
  if (kind !== "revoke" || keyRecordOf(subjects, key) !== null) return false;
  return !sql.resultKeys.all(of).some(({ publicKey }) => publicKey === key);
}

/** The stored facts that bear on a statement. */
export function standingOf(unit: TrustUnit, statement: Statement): StatementStanding {
  const { by, of, key, signer, digest } = statement;
  const known = unit.statements.get(digest)?.applied;
  return {
    applied: (known ?? unit.sql.statementApplied.get(digest)) === 1,
    signers: [...unit.recordsOf(by)],
    subjects: [...unit.recordsOf(of)],
    signerRevoked: unit.isRevoked(signer),
    keyRevoked: unit.isRevoked(key),
    everywhere: () => unit.everywhere(key),
  };
}

/**
 * Keeps a statement.
 *
 * @param applied now or before
 */
export function keepStatement(
  unit: TrustUnit,
  statement: Statement,
  applied: boolean,
  { at, messageId, source }: Cause,
): void {
  const { kind, signer, by, of, key, time, text, digest } = statement;
  unit.statements.put({
    kind,
    signer,
    by,
    of,
    key,
    time,
    text,
    digest,
    at,
    applied: applied ? 1 : 0,
    messageId: shortened(messageId),
    source: shortened(source),
  });
  if (kind === "revoke" && applied) unit.revoke(key);
}
