/**
 * The trust database: which key belongs to which identity, how it came to be so, and which patches
 * were counted. `decide` (src/trust) judges; this file remembers, by compare-and-set: a change
 * names the state that it was decided on, and is refused if the database has moved on, so that two
 * verifiers can never both make a first use.
 *
 * A change that was applied is on the disk when `apply`, or the `transaction` around it, returns.
 */

import path from "node:path";
import { PatchsigError } from "../errors.ts";
import { parsePublicKeyText } from "../minisign/public-key.ts";
import {
  ancestors,
  decideAccept,
  decideDrop,
  decideKeyring,
  decideMerge,
  fallBacks,
  isAnother,
  recordOf,
} from "../trust/decide.ts";
import type {
  Cause,
  ChangedKeyInfo,
  KeyHistory,
  KeyRecord,
  KeyTransition,
  Sighting,
  StatementRecord,
  TrustChange,
  TrustEvent,
  UnsignedRecord,
} from "../trust/record.ts";
import { MAX_NAMED } from "../trust/record.ts";
import type { ChangeOutcome, TrustMemory } from "../trust/memory.ts";
import { type Arrival, type Replay, replayOf } from "../trust/replay.ts";
import { ownRuling, type Ruling, ruleOn, type StatementStanding } from "../trust/ruling.ts";
import type { Statement } from "../trust/statement.ts";
import { dataFolder } from "../places.ts";
import type { PublicKeyText } from "../types.ts";
import { Arrivals, FIRST_UNSTORED, MAX_OF_A_WORK, notYet } from "./arrivals.ts";
import { explained, openDatabase, type OpenDatabase, type OpenOptions } from "./database.ts";
import { TRUST_SCHEMA } from "./schema.ts";
import { isUnheard, MAX_UNHEARD, Statements } from "./statements.ts";
import {
  counted,
  cut,
  firstUse,
  keyRecord,
  keyRow,
  nameOf,
  prepare,
  type StatementRow,
  unseenKey,
} from "./trust-rows.ts";

/**
 * The least of a key that may stand for it: the first 14 characters hold the key number, which its
 * owner chooses freely, so as many again (and some) have to come from the key itself.
 */
const MIN_PREFIX = 28;

/** Keys that are not an identity's but came with its address: the newest so many are kept. */
export const MAX_CHANGED = 256;

/** As a limit in SQL. */
const ALL = -1;

/** Identities kept in memory between transactions. */
const MAX_CACHED = 20_000;

/** All that is remembered of one identity. */
export interface IdentityHistory {
  readonly identity: string;
  readonly keys: readonly KeyRecord[];
  readonly unsigned: UnsignedRecord | null;
  /** About the identity, in the order of their time. */
  readonly statements: readonly StatementRecord[];
  /** Oldest first. */
  readonly events: readonly TrustEvent[];
}

/** `trust.db` in the data folder (src/places.ts). */
export function trustFile(env: NodeJS.ProcessEnv, home?: () => string): string {
  return path.join(dataFolder(env, home), "trust.db");
}

/** Opens the trust database; throws what `openDatabase` throws. */
export function openTrust(options: OpenOptions): TrustStore {
  return new TrustStore(options);
}

export class TrustStore implements TrustMemory {
  readonly #options: OpenOptions;
  #open: OpenDatabase;
  #sql: ReturnType<typeof prepare>;
  #inTransaction = false;
  /**
   * What transactions have read and changed. Good inside a transaction, and in the next one unless
   * another process wrote between them; never used outside. In a dry run all of this lives as long
   * as the store and is never written: decisions are consistent within the run, and forgotten with it.
   */
  readonly #keys = new Map<string, KeyRecord[]>();
  readonly #unsigned = new Map<string, UnsignedRecord | null>();
  #anyRevoked: boolean | null = null;
  /** Keys that were revoked since, and statements seen; by their digest. */
  readonly #newlyRevoked = new Set<PublicKeyText>();
  readonly #statements = new Statements();
  #dataVersion: number | null = null;
  /** What the connection had changed when the transaction began. */
  #changes = 0;
  /** What the running transaction has to write when it ends. */
  readonly #newKeys = new Map<string, KeyRecord>();
  /** The identities of those, by their keys and by the keys that endorsed them. */
  readonly #newByKey = new Map<PublicKeyText, Set<string>>();
  readonly #newUnsigned = new Map<string, UnsignedRecord>();
  /** Patches counted by a dry run, and signed ones in the order in which they came in. */
  readonly #seen = new Set<string>();
  readonly #arrivals = new Arrivals();

  constructor(options: OpenOptions) {
    this.#options = options;
    this.#open = openDatabase(TRUST_SCHEMA, options);
    this.#sql = this.#explained(() => prepare(this.#open.db));
  }

  /** Every key of an identity, oldest first. */
  lookup(identity: string): readonly KeyRecord[] {
    return this.#read(() => [...this.#recordsOf(identity)]);
  }

  /** Unsigned patches from this address; null if there were none. */
  unsignedSeen(identity: string): UnsignedRecord | null {
    return this.#read(() => this.#unsignedOf(identity));
  }

  /** What `decide` has to know of a sighting. */
  keyHistory(sighting: Sighting): KeyHistory {
    return this.#read(() => {
      const records = this.#recordsOf(sighting.identity);
      const own = records.find((record) => record.publicKey === sighting.publicKey);
      return {
        records: [...records],
        revoked: this.#isRevoked(sighting.publicKey),
        tainted: own !== undefined && this.#isTainted(own, records),
      };
    });
  }

  /** How far a source was read; null if it never was. */
  cursor(name: string): string | null {
    return this.#read(() => this.#sql.cursor.get(name) ?? null);
  }

  /** Says how far sources are read, all or none; nothing in a dry run. */
  moveCursors(cursors: ReadonlyMap<string, string>): void {
    if (this.#dryRun || cursors.size === 0) return;
    this.transaction(() => {
      for (const [name, value] of cursors) this.#sql.moveCursor.run(name, value);
    });
  }

  /** The names of cursors that begin so. */
  cursorsBelow(prefix: string): readonly string[] {
    return this.#read(() => this.#sql.cursorsBelow.all(prefix.length, prefix));
  }

  /** Forgets cursors by their names, all or none; nothing in a dry run. */
  dropCursors(names: readonly string[]): void {
    if (this.#dryRun || names.length === 0) return;
    this.transaction(() => {
      for (const name of names) this.#sql.dropCursor.run(name);
    });
  }

  /** Applies a change if the database is still as it was when the change was decided. */
  apply(change: TrustChange): ChangeOutcome {
    return this.transaction(() => {
      const { identity, publicKey } = change.sighting;
      const records = this.#recordsOf(identity);
      const record = records.find((known) => known.publicKey === publicKey);
      if ((record?.state ?? null) !== change.from || this.#isRevoked(publicKey)) return "conflict";
      return this.#apply(change, record, records.length === 0);
    });
  }

  /** Counts an unsigned patch; one that was counted before is not counted again. */
  countUnsigned(identity: string, digest: Uint8Array, at: number): void {
    this.transaction(() => {
      if (!this.#see(digest)) return;
      const before = this.#unsignedOf(identity);
      const record: UnsignedRecord = {
        identity,
        firstSeen: before?.firstSeen ?? at,
        lastSeen: Math.max(at, before?.lastSeen ?? at),
        patches: (before?.patches ?? 0) + 1,
      };
      this.#unsigned.set(identity, record);
      this.#newUnsigned.set(identity, record);
    });
  }

  /** Counts good patches by this key as applied; does nothing for a key that is not remembered. */
  countApplied(identity: string, publicKey: PublicKeyText, patches: number): void {
    this.transaction(() => {
      const record = this.#recordsOf(identity).find((known) => known.publicKey === publicKey);
      if (record !== undefined) this.#put({ ...record, applied: record.applied + patches });
    });
  }

  /**
   * Says what is odd about a signed patch's coming in, and remembers it, the first time.
   *
   * @param remember false for one that failed: it must not make others look odd
   */
  arrive(patch: Arrival, remember = true): Replay {
    return this.transaction(() => {
      const arrival = { ...patch, messageId: cut(patch.messageId) };
      const { digest, work, version, signedAt } = arrival;
      if (!this.#dryRun && remember && this.#sql.arrive.run(arrival).changes === 1)
        this.#sql.forgetArrivals.run(work, MAX_OF_A_WORK);
      const stored = this.#sql.arrived.get(digest);
      const own =
        stored ??
        this.#arrivals.find(digest) ??
        (remember ? this.#arrivals.add(arrival) : notYet(arrival));
      return replayOf(arrival, own, (id) => {
        const before = Math.min(id, FIRST_UNSTORED);
        const stored = this.#sql.newerArrived.get(work, version, signedAt, before) ?? null;
        return stored ?? this.#arrivals.newer(arrival, id);
      });
    });
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
    return this.transaction(() => {
      const publicKey = this.#wholeKey(identity, key);
      const records = this.#recordsOf(identity);
      const transitions = decideAccept(
        identity,
        publicKey,
        records,
        this.#isRevoked(publicKey),
        also,
      );
      if (transitions === null) {
        throw new PatchsigError("refused", `${publicKey} is revoked`, {
          hint: "a revoked key is never trusted again: ask its owner for the new one",
        });
      }
      const replaced = transitions.flatMap(({ record, to }) =>
        to === "replaced" && record !== null ? [record] : [],
      );
      this.#make(transitions, byPerson(at));
      return { record: recordOf(this.#recordsOf(identity), publicKey)!, replaced };
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
    return this.transaction(() => {
      const publicKey = this.#wholeKey(identity, key, true);
      const transitions = decideDrop(identity, publicKey, this.#everywhere(publicKey));
      this.#make(transitions, byPerson(at));
      return transitions.map((transition) =>
        recordOf(this.#recordsOf(transition.identity), publicKey)!,
      );
    });
  }

  /** Judges a statement and does what it says, once. */
  applyStatement(statement: Statement, cause: Cause): Ruling {
    return this.transaction(() => {
      const standing = this.#standingOf(statement);
      const ruling = ruleOn(statement, standing);
      const applied = ruling.outcome === "applied";
      // what strangers say in mails is not kept, whomever they name
      const byMail = cause.cause === "mail";
      if (applied || !byMail || recordOf(standing.signers, statement.signer) !== null) {
        const nobodys = byMail && isStrangers(statement, standing);
        const kept = nobodys ? { ...statement, by: "", of: "" } : statement;
        this.#keep(kept, applied || standing.applied, cause);
      }
      this.#make(ruling.transitions, cause);
      return ruling;
    });
  }

  /** Does what a statement of this person's own says, and keeps it. */
  applyOwn(statement: Statement, at: number): Ruling {
    return this.transaction(() => {
      const ruling = ownRuling(statement, this.#standingOf(statement));
      if (ruling.outcome !== "applied") return ruling;
      this.#keep(statement, true, byPerson(at));
      this.#make(ruling.transitions, byPerson(at));
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
      const revoked = this.#isRevoked(publicKey);
      const records = this.#recordsOf(identity);
      const transition = decideKeyring(identity, publicKey, records, revoked, inKeyring);
      if (transition === "same" || transition === "conflict") return transition;
      this.#make([transition], cause);
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
    return this.transaction(() => {
      const { identity, publicKey, state } = theirs;
      const revoked = this.#isRevoked(publicKey);
      if (state === "revoked") {
        const transitions = decideDrop(identity, publicKey, this.#everywhere(publicKey));
        this.#make(transitions, cause);
        return transitions.length === 0 ? "same" : "taken";
      }
      const transition = decideMerge(theirs, inUse, this.#recordsOf(identity), revoked);
      if (transition === "same" || transition === "conflict") return transition;
      this.#make([transition], cause);
      // when and by what it was met is what makes a second series another one
      const own = recordOf(this.#recordsOf(identity), publicKey)!;
      const { firstSeries, again } = theirs;
      const firstSeen = Math.min(own.firstSeen, theirs.firstSeen);
      if (transition.record === null) this.#put({ ...own, firstSeries, again, firstSeen });
      return "taken";
    });
  }

  /** The statements about an identity, in the order of their time. */
  statements(identity: string): readonly StatementRecord[] {
    return this.#read(() => {
      const stored = this.#sql.statementsOf.all(identity);
      const texts = new Set(stored.map((row) => row.text));
      const fresh = this.#statements.about(identity).filter((row) => !texts.has(row.text));
      return [...stored, ...fresh].map((row) => ({ ...row, applied: row.applied === 1 }));
    });
  }

  /** Those that vouch for a key of the identity: not more than anybody reads. */
  #vouchers(identity: string, publicKey: PublicKeyText): readonly StatementRow[] {
    return [
      ...this.#sql.statementsAbout.all(identity, publicKey),
      ...this.#statements.about(identity).filter(({ key }) => key === publicKey),
    ].filter(({ kind }) => kind !== "revoke");
  }

  /** What can be said of a key that is not the identity's, and what of it from before `at`. */
  changedKey(identity: string, publicKey: PublicKeyText, at: number): ChangedKeyInfo {
    return this.#read(() => ({
      since: this.#sql.firstChanged.get(identity, publicKey, at) ?? null,
      ended: this.#sql.ended.get({ identity, publicKey }) ?? null,
      elsewhere: this.#everywhere(publicKey, MAX_NAMED + 1)
        .filter((record) => record.identity !== identity)
        .slice(0, MAX_NAMED),
      statements: this.#vouchers(identity, publicKey).flatMap(({ kind, by, signer }) => {
        const { state = null } = recordOf(this.#recordsOf(by), signer) ?? {};
        return kind === "revoke" ? [] : [{ kind, by, signer: state }];
      }),
    }));
  }

  /** Every key as stored, by identity. Use it up before calling anything else. */
  *list(): Iterable<KeyRecord> {
    const rows = this.#sql.allKeys.iterate();
    try {
      for (;;) {
        const row = this.#explained(() => rows.next());
        if (row.done === true) return;
        yield keyRecord(row.value);
      }
    } finally {
      rows.return?.();
    }
  }

  /** What is remembered of an identity; null if nothing is. */
  show(identity: string): IdentityHistory | null {
    return this.#read(() => {
      const keys = [...this.#recordsOf(identity)];
      const unsigned = this.#unsignedOf(identity);
      const events = this.#sql.events.all(identity);
      if (keys.length === 0 && unsigned === null && events.length === 0) return null;
      return { identity, keys, unsigned, statements: this.statements(identity), events };
    });
  }

  /** The whole history as stored, newest first. Other calls in between do no harm. */
  *log(): Iterable<TrustEvent> {
    let before = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const events = this.#read(() => this.#sql.newestEvents.all(before));
      yield* events;
      if (events.length === 0) return;
      before = events.at(-1)!.id;
    }
  }

  /** How many keys that are not the identity's were seen; counted up to MAX_CHANGED, see there. */
  changedKeys(identity: string): number {
    return this.#read(() => this.#sql.countChanged.get(identity) ?? 0);
  }

  /** The history of an identity as stored, oldest first. */
  events(identity: string): readonly TrustEvent[] {
    return this.#read(() => this.#sql.events.all(identity));
  }

  /**
   * Runs `work`, which must not be async, as one transaction that nobody else can write into: the
   * way to verify an archive, some thousand mails at a time. What `work` did is on the disk when
   * this returns, and undone if it throws.
   */
  transaction<T>(work: () => T): T {
    if (this.#inTransaction) return work();
    return this.#explained(() => {
      try {
        this.#begin();
        const result = work();
        this.#end();
        return result;
      } catch (error) {
        this.#undo();
        throw error;
      } finally {
        this.#inTransaction = false;
      }
    });
  }

  close(): void {
    this.#open.db.close();
  }

  get #dryRun(): boolean {
    return this.#options.dryRun === true;
  }

  #begin(): void {
    if (this.#dryRun) this.#refresh();
    else {
      this.#sql.begin.run();
      const version = this.#sql.dataVersion.get() ?? null;
      const full = this.#keys.size + this.#unsigned.size > MAX_CACHED;
      if (version !== this.#dataVersion || full) this.#forget();
      this.#dataVersion = version;
      this.#changes = this.#sql.changes.get() ?? 0;
    }
    this.#inTransaction = true;
  }

  #end(): void {
    if (this.#dryRun) return;
    for (const record of this.#newKeys.values()) this.#write(record);
    for (const record of this.#newUnsigned.values()) this.#sql.putUnsigned.run(record);
    const signers = new Set<PublicKeyText>();
    for (const row of this.#statements.all()) {
      this.#sql.putStatement.run(row);
      if (isUnheard(row)) signers.add(row.signer);
    }
    for (const signer of signers) this.#sql.forgetUnheard.run(signer, MAX_UNHEARD);
    if (this.#sql.changes.get() !== this.#changes) this.#sql.stamp.run();
    this.#sql.commit.run();
    this.#newKeys.clear();
    this.#newByKey.clear();
    this.#newUnsigned.clear();
    this.#statements.clear();
  }

  #undo(): void {
    if (this.#dryRun) return;
    this.#forget();
    // some errors, a full disk among them, have undone it already
    if (this.#open.db.inTransaction) this.#open.db.exec("rollback");
  }

  #forget(): void {
    this.#keys.clear();
    this.#unsigned.clear();
    this.#newKeys.clear();
    this.#newByKey.clear();
    this.#newUnsigned.clear();
    this.#newlyRevoked.clear();
    this.#statements.clear();
    this.#anyRevoked = null;
  }

  /** A dry run holds no lock, so it looks whether somebody wrote, and reads the new file then. */
  #refresh(): void {
    if (!this.#open.stale()) return;
    const old = this.#open.db;
    this.#open = openDatabase(TRUST_SCHEMA, this.#options);
    this.#sql = prepare(this.#open.db);
    old.close();
  }

  #read<T>(work: () => T): T {
    return this.#explained(() => {
      if (!this.#inTransaction && this.#dryRun) this.#refresh();
      return work();
    });
  }

  #explained<T>(work: () => T): T {
    return explained(TRUST_SCHEMA, this.#options.file, work);
  }

  /** What the tables hold, or what this run has made of it. */
  #recordsOf(identity: string): KeyRecord[] {
    const cached = this.#mayCache ? this.#keys.get(identity) : undefined;
    if (cached !== undefined) return cached;
    const records = this.#sql.keys.all(identity).map(keyRecord);
    if (this.#mayCache) this.#keys.set(identity, records);
    return records;
  }

  #unsignedOf(identity: string): UnsignedRecord | null {
    const cached = this.#mayCache ? this.#unsigned.get(identity) : undefined;
    if (cached !== undefined) return cached;
    const record = this.#sql.unsigned.get(identity) ?? null;
    if (this.#mayCache) this.#unsigned.set(identity, record);
    return record;
  }

  #isRevoked(publicKey: PublicKeyText): boolean {
    const any = (this.#mayCache ? this.#anyRevoked : null) ?? this.#sql.anyRevoked.get() === 1;
    if (this.#mayCache) this.#anyRevoked = any;
    return (
      this.#newlyRevoked.has(publicKey) ||
      (any && this.#sql.revoked.get(publicKey, publicKey) !== undefined)
    );
  }

  #isTainted(record: KeyRecord, records: readonly KeyRecord[]): boolean {
    return (
      record.rotatedFrom !== "" && ancestors(record, records).some((key) => this.#isRevoked(key))
    );
  }

  /** The records of a key under every identity, those included that are not written yet. */
  #everywhere(publicKey: PublicKeyText, most = ALL): readonly KeyRecord[] {
    const stored = this.#sql.identitiesOf.all(publicKey, most);
    return this.#withNew(publicKey, stored).flatMap((identity) =>
      this.#recordsOf(identity).filter((record) => record.publicKey === publicKey),
    );
  }

  /** These identities, and those where a record that is not written yet names this key. */
  #withNew(publicKey: PublicKeyText, identities: readonly string[]): readonly string[] {
    return [...new Set([...identities, ...(this.#newByKey.get(publicKey) ?? [])])];
  }

  #standingOf(statement: Statement): StatementStanding {
    const { by, of, key, signer, digest } = statement;
    const known = this.#statements.get(digest)?.applied;
    return {
      applied: (known ?? this.#sql.statementApplied.get(digest)) === 1,
      signers: [...this.#recordsOf(by)],
      subjects: [...this.#recordsOf(of)],
      signerRevoked: this.#isRevoked(signer),
      keyRevoked: this.#isRevoked(key),
      everywhere: () => this.#everywhere(key),
    };
  }

  /** @param applied now or before */
  #keep(statement: Statement, applied: boolean, { at, messageId, source }: Cause): void {
    const { kind, signer, by, of, key, time, text, digest } = statement;
    this.#statements.put({
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
      messageId: cut(messageId),
      source: cut(source),
    });
    if (kind === "revoke" && applied) this.#revoke(key);
  }

  #revoke(publicKey: PublicKeyText): void {
    this.#newlyRevoked.add(publicKey);
    this.#anyRevoked = true;
  }

  /** Makes transitions that were decided in this transaction, and those that follow from them. */
  #make(transitions: readonly KeyTransition[], cause: Cause): void {
    for (const transition of transitions) this.#makeOne(transition, cause);
    for (const transition of transitions) {
      if (transition.to !== "replaced" && transition.to !== "revoked") continue;
      const { publicKey, identity } = transition;
      const endorsed = this.#sql.identitiesEndorsedBy.all(publicKey);
      const resting = this.#withNew(publicKey, [identity, ...endorsed]);
      const records = resting.flatMap((name) => this.#recordsOf(name));
      const pinned = this.#everywhere(publicKey).some((record) => record.state === "pinned");
      for (const fall of fallBacks(transition, records, pinned)) this.#makeOne(fall, cause);
    }
  }

  #makeOne(transition: KeyTransition, cause: Cause): void {
    const { record, identity, publicKey, to, kind, other } = transition;
    const fresh: KeyRecord = {
      ...unseenKey(identity, publicKey, cause.at, cause.messageId),
      origin: ORIGINS[kind] ?? "person",
    };
    const before = record ?? fresh;
    this.#put({
      ...before,
      state: to,
      endorsedBy: transition.endorsedBy ?? before.endorsedBy,
      rotatedFrom: transition.rotatedFrom ?? before.rotatedFrom,
    });
    if (to === "revoked") this.#revoke(publicKey);
    const { at, cause: by, messageId, source } = cause;
    this.#record({
      at,
      identity,
      publicKey,
      kind,
      from: record?.state ?? null,
      to,
      cause: by,
      messageId: cut(messageId),
      other,
      source: cut(source),
    });
  }

  get #mayCache(): boolean {
    return this.#inTransaction || this.#dryRun;
  }

  #wasSeen(digest: Uint8Array): boolean {
    return this.#seen.has(nameOf(digest)) || this.#sql.seen.get(digest) !== undefined;
  }

  /** Returns false if it was seen before. */
  #see(digest: Uint8Array): boolean {
    if (!this.#dryRun) return this.#sql.see.run(digest).changes === 1;
    if (this.#wasSeen(digest)) return false;
    this.#seen.add(nameOf(digest));
    return true;
  }

  #put(record: KeyRecord): void {
    const records = this.#recordsOf(record.identity);
    const index = records.findIndex((known) => known.publicKey === record.publicKey);
    records[index === -1 ? records.length : index] = record;
    this.#newKeys.set(`${record.identity} ${record.publicKey}`, record);
    for (const key of [record.publicKey, record.endorsedBy]) {
      const identities = this.#newByKey.get(key) ?? new Set();
      this.#newByKey.set(key, identities.add(record.identity));
    }
  }

  #write(key: KeyRecord): void {
    const { state, lastSeen, lastMessageId, patches, applied, identity, publicKey } = key;
    const { endorsedBy, rotatedFrom, firstSeries, again } = key;
    const updated = this.#sql.updateKey.run(
      state,
      lastSeen,
      lastMessageId,
      patches,
      applied,
      endorsedBy,
      rotatedFrom,
      firstSeries,
      again ? 1 : 0,
      identity,
      publicKey,
    );
    if (updated.changes === 0) this.#sql.addKey.run(...keyRow(key));
  }

  #record(event: Omit<TrustEvent, "id">): void {
    if (!this.#dryRun) this.#sql.putEvent.run(event);
  }

  #apply(change: TrustChange, record: KeyRecord | undefined, isNew: boolean): ChangeOutcome {
    const { kind, sighting } = change;
    if (kind === "changed") {
      if (isNew) return "conflict";
      // one entry, however many mails come with that key
      const last = this.#sql.lastEvent.get(sighting.identity, sighting.publicKey);
      if (last === "changed") return "repeated";
      this.#recordChange(change, kind);
      if (!this.#dryRun) this.#sql.forgetChanged.run(sighting.identity, MAX_CHANGED);
      return "applied";
    }
    if (kind === "first-use") {
      if (!isNew) return "conflict";
      this.#see(sighting.digest);
      this.#put(firstUse(sighting));
      this.#recordChange(change, kind);
      return "applied";
    }
    if (record === undefined) return "conflict";
    const fresh = this.#see(sighting.digest);
    if (kind === "count" && !fresh) return "repeated";
    // a first-use key that is not promoted has not been seen again either
    const again =
      record.again ||
      (isAnother(record, sighting) && (kind === "confirm" || record.state !== "first-use"));
    this.#put({
      ...counted(record, sighting, fresh),
      again,
      state: kind === "confirm" ? "known" : record.state,
    });
    if (kind === "confirm") this.#recordChange(change, kind);
    return "applied";
  }

  #recordChange(change: TrustChange, kind: TrustEvent["kind"]): void {
    const { at, identity, publicKey, messageId } = change.sighting;
    const { from, to } = change;
    this.#record({
      at,
      identity,
      publicKey,
      kind,
      from,
      to,
      cause: "mail",
      messageId: cut(messageId),
      other: "",
      source: "",
    });
  }

  /** @param known the beginning of a key that the identity has will do, not only of a changed one */
  #wholeKey(identity: string, key: string, known = false): PublicKeyText {
    if (isPublicKey(key)) return key;
    const candidates = [
      ...this.#sql.events.all(identity).filter((event) => event.kind === "changed"),
      ...(known ? this.#recordsOf(identity) : []),
    ].map(({ publicKey }) => publicKey);
    const keys = new Set(candidates.filter((whole) => whole.startsWith(key)));
    const [only] = keys;
    if (key.length >= MIN_PREFIX && only !== undefined && keys.size === 1) return only;
    throw new PatchsigError("bad-key", "that is not one whole public key", {
      hint: "give all 56 characters, from RW on",
    });
  }
}

const ORIGINS: Partial<Record<KeyTransition["kind"], KeyRecord["origin"]>> = {
  rotate: "rotation",
  add: "addition",
  endorse: "endorsement",
  keyring: "keyring",
};

/** A key that voids itself in the name of somebody who never had it: it counts, under no name. */
function isStrangers({ kind, key }: Statement, { subjects }: StatementStanding): boolean {
  return kind === "revoke" && recordOf(subjects, key) === null;
}

function byPerson(at: number): Cause {
  return { cause: "person", at, messageId: "", source: "" };
}

function isPublicKey(text: string): boolean {
  try {
    parsePublicKeyText(text);
    return true;
  } catch {
    return false;
  }
}
