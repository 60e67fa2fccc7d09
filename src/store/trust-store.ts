/**
 * The trust database: which key belongs to which identity, why, and which patches were counted. `decide`
 * (src/trust) judges; this remembers, by compare-and-set: a change names the state that it expects, and is
 * refused if the database has changed, so that two verifiers can never both make a first use.
 *
 * An applied change is on the disk when `apply`, or the `transaction` around it, returns. trust-unit.ts has
 * the transactions, trust-transitions.ts the changes, trust-queries.ts the queries, trust-rows.ts the SQL.
 */

import { PatchsigError } from "../errors.ts";
import {
  decideAccept,
  decideDrop,
  decideKeyring,
  decideMerge,
  keyRecordOf,
} from "../trust/decide.ts";
import type { ChangeOutcome, TrustMemory } from "../trust/memory.ts";
import type {
  DevKeyRecord,
  Cause,
  ChangedKeyInfo,
  IdentityHistory,
  KeyHistory,
  KeyRecord,
  Sighting,
  StatementRecord,
  TrustChange,
  TrustEvent,
  UnsignedRecord,
  VouchedRecord,
} from "../trust/record.ts";
import type { SeenRecord } from "../dkim/verify.ts";
import type { HandLink } from "../series/works.ts";
import type { Arrival, Replay } from "../trust/replay.ts";
import { ownRuling, type Ruling } from "../trust/ruling.ts";
import type { Statement } from "../trust/statement.ts";
import type { PublicKeyText } from "../types.ts";
import type { OpenOptions } from "./database.ts";
import * as devKeys from "./dev-keys.ts";
import * as links from "./series-links.ts";
import { ResultKeys } from "./result-keys.ts";
import * as marks from "./series-marks.ts";
import type { SeriesMark } from "./series-marks.ts";
import type { TrustConnection } from "./sql.ts";
import * as queries from "./trust-queries.ts";
import { connectSqlite } from "./trust-sqlite.ts";
import * as transitions from "./trust-transitions.ts";
import { TrustUnit } from "./trust-unit.ts";
import * as vouching from "./vouching.ts";

/** Opens the trust database; throws what `openDatabase` throws. */
export function openTrustStore(options: OpenOptions): TrustStore {
  return new TrustStore(() => connectSqlite(options), options.dryRun === true);
}

export class TrustStore implements TrustMemory {
  readonly #unit: TrustUnit;
  readonly #ownPlace: (() => TrustConnection) | null;
  #own: TrustUnit | null = null;
  /** The keys that sign test results alone. */
  readonly results: ResultKeys;

  /**
   * As `TrustUnit`.
   *
   * @param ownPlace opens what knows how far this machine has read its sources, if others share the rest
   */
  constructor(connect: () => TrustConnection, dryRun: boolean, ownPlace?: () => TrustConnection) {
    this.#unit = new TrustUnit(connect, dryRun);
    this.#ownPlace = ownPlace ?? null;
    this.results = new ResultKeys(this.#unit);
  }

  close(): void {
    this.#own?.close();
    this.#unit.close();
  }

  /**
   * Runs `work`, which must not be async, as one transaction that nobody else can write into: the
   * way to verify an archive, some thousand mails at a time. What `work` did is on the disk when
   * this returns, and undone if it throws.
   */
  transaction<T>(work: () => T): T {
    return this.#unit.transaction(work);
  }

  // what verification asks and tells: see TrustMemory

  lookup(identity: string): readonly KeyRecord[] {
    return this.#unit.read(() => [...this.#unit.recordsOf(identity)]);
  }

  unsignedSeen(identity: string): UnsignedRecord | null {
    return this.#unit.read(() => this.#unit.unsignedOf(identity));
  }

  keyHistory(sighting: Sighting): KeyHistory {
    return this.#unit.read(() => queries.keyHistory(this.#unit, sighting));
  }

  changedKey(identity: string, publicKey: PublicKeyText, at: number): ChangedKeyInfo {
    return this.#unit.read(() => queries.changedKey(this.#unit, identity, publicKey, at));
  }

  apply(change: TrustChange): ChangeOutcome {
    return this.transaction(() => transitions.applyChange(this.#unit, change));
  }

  countUnsigned(identity: string, digest: Uint8Array, at: number): void {
    this.transaction(() => {
      if (!this.#unit.see(digest)) return;
      const before = this.#unit.unsignedOf(identity);
      this.#unit.putUnsigned({
        identity,
        firstSeen: before?.firstSeen ?? at,
        lastSeen: Math.max(at, before?.lastSeen ?? at),
        patches: (before?.patches ?? 0) + 1,
      });
    });
  }

  vouchedFor(identity: string): readonly VouchedRecord[] {
    return this.#unit.read(() => vouching.vouchedFor(this.#unit, identity));
  }

  countVouched(identity: string, domain: string, digest: Uint8Array, at: number): void {
    this.transaction(() => vouching.countVouched(this.#unit, identity, domain, digest, at));
  }

  wasVouched(digest: Uint8Array): boolean {
    return this.#unit.read(() => this.#unit.hasSeen(digest));
  }

  devKey(identity: string): DevKeyRecord | null {
    return this.#unit.read(() => devKeys.devKey(this.#unit, identity));
  }

  countDevKey(identity: string, key: string, digest: Uint8Array, at: number): void {
    this.transaction(() => devKeys.countDevKey(this.#unit, identity, key, digest, at));
  }

  arrive(patch: Arrival, remember = true): Replay {
    return this.transaction(() => transitions.arrive(this.#unit, patch, remember));
  }

  applyStatement(statement: Statement, cause: Cause): Ruling {
    return this.transaction(() => transitions.applyStatement(this.#unit, statement, cause));
  }

  /** Counts good patches by this key as applied; does nothing for a key that is not remembered. */
  countApplied(identity: string, publicKey: PublicKeyText, patches: number): void {
    this.transaction(() => {
      const record = keyRecordOf(this.#unit.recordsOf(identity), publicKey);
      if (record !== null) this.#unit.put({ ...record, applied: record.applied + patches });
    });
  }

  // what a person says

  /** What was said of series by hand (docs/series.md). */
  seriesLinks(): readonly HandLink[] {
    return this.#unit.read(() => links.seriesLinks(this.#unit));
  }

  /**
   * Remembers that two series are versions of one work, or are not.
   *
   * @param at seconds
   * Throws a PatchsigError: too-large.
   */
  putSeriesLink(link: HandLink, at: number): void {
    this.transaction(() => links.putSeriesLink(this.#unit, link, at));
  }

  /** False if nothing was said of them. */
  dropSeriesLink(link: Pick<HandLink, "a" | "b">): boolean {
    return this.transaction(() => links.dropSeriesLink(this.#unit, link));
  }

  /** What was noted of series, with `series mark`. */
  seriesMarks(): readonly SeriesMark[] {
    return this.#unit.read(() => marks.seriesMarks(this.#unit));
  }

  /** Notes it in place of what was noted before. Throws a PatchsigError: too-large. */
  putSeriesMark(mark: SeriesMark): void {
    this.transaction(() => marks.putSeriesMark(this.#unit, mark));
  }

  /**
   * A person confirms a key: it is pinned, and every other key of the identity that was in use is
   * replaced, unless this one is used `also`.
   *
   * @param key the whole key (56 characters), or the beginning of one (28 or more) that was seen
   *   as a changed key of this identity
   * @param at seconds
   * Throws a PatchsigError: bad-key (not a key, or not one), refused (revoked).
   */
  accept(
    identity: string,
    key: string,
    at: number,
    also = false,
  ): { readonly record: KeyRecord; readonly replaced: readonly KeyRecord[] } {
    const unit = this.#unit;
    return this.transaction(() => {
      const publicKey = queries.wholeKey(unit, identity, key);
      const records = unit.recordsOf(identity);
      const revoked = unit.isRevoked(publicKey);
      if (unit.isResultOnly(publicKey))
        throw new PatchsigError("refused", "this key is for test results, and never for patches", {
          hint: "patches are to be signed with another key",
        });
      const decided = decideAccept(identity, publicKey, records, revoked, also);
      if (decided === null) {
        throw new PatchsigError("refused", `${publicKey} is revoked`, {
          hint: "a revoked key is never trusted again: ask its owner for the new one",
        });
      }
      const replaced = decided.flatMap(({ record, to }) =>
        to === "replaced" && record !== null ? [record] : [],
      );
      transitions.makeAll(unit, decided, transitions.byPerson(at));
      return { record: keyRecordOf(unit.recordsOf(identity), publicKey)!, replaced };
    });
  }

  /**
   * A person voids a key, for good and under every identity that has it.
   *
   * @param key as for `accept`, or the beginning of a key of this identity
   * @returns the records that were changed, as they are now
   * Throws a PatchsigError: bad-key.
   */
  drop(identity: string, key: string, at: number): readonly KeyRecord[] {
    const unit = this.#unit;
    return this.transaction(() => {
      const publicKey = queries.wholeKey(unit, identity, key, true);
      const decided = decideDrop(identity, publicKey, unit.everywhere(publicKey));
      transitions.makeAll(unit, decided, transitions.byPerson(at));
      return decided.map((one) => keyRecordOf(unit.recordsOf(one.identity), publicKey)!);
    });
  }

  /** Does what a statement of this person's own says, and keeps it. */
  applyOwn(statement: Statement, at: number): Ruling {
    return this.transaction(() => {
      const ruling = ownRuling(statement, transitions.standingOf(this.#unit, statement));
      if (ruling.outcome !== "applied") return ruling;
      transitions.keepStatement(this.#unit, statement, true, transitions.byPerson(at));
      transitions.makeAll(this.#unit, ruling.transitions, transitions.byPerson(at));
      return ruling;
    });
  }

  /**
   * Pins a key that stands in a keyring, unless that contradicts what is remembered.
   *
   * @param inKeyring all keys of the identity there
   */
  importKey(
    identity: string,
    publicKey: PublicKeyText,
    cause: Cause,
    inKeyring: readonly PublicKeyText[],
  ): "pinned" | "same" | "conflict" {
    return this.transaction(() => {
      if (this.#unit.isResultOnly(publicKey)) return "conflict";
      const revoked = this.#unit.isRevoked(publicKey);
      const records = this.#unit.recordsOf(identity);
      const decided = decideKeyring(identity, publicKey, records, revoked, inKeyring);
      if (decided === "same" || decided === "conflict") return decided;
      transitions.makeAll(this.#unit, [decided], cause);
      return "pinned";
    });
  }

  /**
   * Takes over what another database of the same person says of a key.
   *
   * @param inUse the identity's keys in use there
   */
  merge(
    theirs: KeyRecord,
    inUse: readonly PublicKeyText[],
    cause: Cause,
  ): "taken" | "same" | "conflict" {
    const unit = this.#unit;
    return this.transaction(() => {
      const { identity, publicKey, state } = theirs;
      const revoked = unit.isRevoked(publicKey);
      if (state === "revoked") {
        const dropped = decideDrop(identity, publicKey, unit.everywhere(publicKey));
        transitions.makeAll(unit, dropped, cause);
        return dropped.length === 0 ? "same" : "taken";
      }
      const decided = decideMerge(theirs, inUse, unit.recordsOf(identity), revoked);
      if (decided === "same" || decided === "conflict") return decided;
      transitions.makeAll(unit, [decided], cause);
      // when and by what it was met is what makes a second series another one
      const own = keyRecordOf(unit.recordsOf(identity), publicKey)!;
      const { firstSeries, again } = theirs;
      const firstSeen = Math.min(own.firstSeen, theirs.firstSeen);
      if (decided.record === null) unit.put({ ...own, firstSeries, again, firstSeen });
      return "taken";
    });
  }

  // what people ask

  /** The statements about an identity, in the order of their time. */
  statements(identity: string): readonly StatementRecord[] {
    return this.#unit.read(() => queries.statementsAbout(this.#unit, identity));
  }

  /** Every key as stored, by identity. Use it up before calling anything else. */
  list(): Iterable<KeyRecord> {
    return queries.storedKeys(this.#unit);
  }

  /** What is remembered of an identity; null if nothing is. */
  show(identity: string): IdentityHistory | null {
    return this.#unit.read(() => queries.historyOf(this.#unit, identity));
  }

  /** The whole history as stored, newest first. Other calls in between do no harm. */
  log(): Iterable<TrustEvent> {
    return queries.storedEvents(this.#unit);
  }

  /** How many keys that are not the identity's were seen; counted up to MAX_CHANGED, see there. */
  changedKeys(identity: string): number {
    return this.#unit.read(() => this.#unit.sql.countChanged.get(identity) ?? 0);
  }

  /** The history of an identity as stored, oldest first. */
  events(identity: string): readonly TrustEvent[] {
    return this.#unit.read(() => this.#unit.sql.events.all(identity));
  }

  // DKIM's keys

  /** The names whose key records are remembered. */
  dkimNames(): readonly string[] {
    return this.#unit.read(() => this.#unit.sql.dkimNames.all());
  }

  /** The records of a name, the one that DNS had last comes first. */
  dkimRecords(name: string): readonly SeenRecord[] {
    return this.#unit.read(() => this.#unit.sql.dkimRecords.all(name));
  }

  /** Remembers what DNS answered, all or none; nothing in a dry run. */
  putDkimRecords(records: ReadonlyMap<string, string>, at: number): void {
    if (this.#unit.dryRun || records.size === 0) return;
    this.transaction(() => {
      for (const [name, text] of records) vouching.putDkimRecord(this.#unit, name, text, at);
    });
  }

  // how far sources were read

  get #cursors(): TrustUnit {
    if (this.#ownPlace === null) return this.#unit;
    return (this.#own ??= new TrustUnit(this.#ownPlace, this.#unit.dryRun));
  }

  /** How far a source was read; null if it never was. */
  cursor(name: string): string | null {
    return this.#cursors.read(() => this.#cursors.sql.cursor.get(name) ?? null);
  }

  /** Says how far sources are read, all or none; nothing in a dry run. */
  moveCursors(cursors: ReadonlyMap<string, string>): void {
    if (this.#cursors.dryRun || cursors.size === 0) return;
    this.#cursors.transaction(() => {
      for (const [name, value] of cursors) this.#cursors.sql.moveCursor.run(name, value);
    });
  }

  /** The names of cursors that begin so. */
  cursorsBelow(prefix: string): readonly string[] {
    return this.#cursors.read(() => this.#cursors.sql.cursorsBelow.all(prefix.length, prefix));
  }

  /** Forgets cursors by their names, all or none; nothing in a dry run. */
  dropCursors(names: readonly string[]): void {
    if (this.#cursors.dryRun || names.length === 0) return;
    this.#cursors.transaction(() => {
      for (const name of names) this.#cursors.sql.dropCursor.run(name);
    });
  }
}
