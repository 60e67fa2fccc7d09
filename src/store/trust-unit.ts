/**
 * The trust database as a unit of work. A transaction reads an identity once, and writes its
 * changes when it ends. A dry run keeps them in memory as long as the connection, and never writes
 * them. Nothing here decides anything.
 */

import { ancestors } from "../trust/decide.ts";
import type { KeyRecord, TrustEvent, UnsignedRecord } from "../trust/record.ts";
import type { PublicKeyText } from "../types.ts";
import { Arrivals } from "./arrivals.ts";
import { ALL, type TrustConnection } from "./sql.ts";
import { isUnheard, MAX_UNHEARD, Statements } from "./statements.ts";
import {
  keyRecord,
  keyRow,
  digestKey,
  prepareStatements,
  type StatementRow,
} from "./trust-rows.ts";
import type { UnwrittenDevKeys } from "./dev-keys.ts";
import type { UnwrittenVouched } from "./vouching.ts";

/** Identities kept in memory between transactions. */
const MAX_CACHED = 20_000;

export class TrustUnit {
  readonly #connect: () => TrustConnection;
  readonly dryRun: boolean;
  #connection: TrustConnection;
  #sql: ReturnType<typeof prepareStatements>;
  #inTransaction = false;
  /**
   * What transactions have read and changed. Valid inside a transaction, and in the next one unless
   * another process wrote in between; outside, only a dry run uses it.
   */
  readonly #keys = new Map<string, KeyRecord[]>();
  readonly #unsigned = new Map<string, UnsignedRecord | null>();
  #anyRevoked: boolean | null = null;
  readonly #newlyRevoked = new Set<PublicKeyText>();
  /** Seen since, by digest. */
  readonly statements = new Statements();
  #dataVersion: string | number | null = null;
  /** What the running transaction writes when it ends. */
  readonly #newKeys = new Map<string, KeyRecord>();
  /** Identities of the new keys, by key and by endorsing key. */
  readonly #newByKey = new Map<PublicKeyText, Set<string>>();
  readonly #newUnsigned = new Map<string, UnsignedRecord>();
  /** Patches that a dry run counted; signed ones in order of arrival. */
  readonly #seen = new Set<string>();
  readonly arrivals = new Arrivals();
  readonly unwrittenVouched: UnwrittenVouched = new Map();
  readonly unwrittenDevKeys: UnwrittenDevKeys = new Map();

  /**
   * @param connect opens the database, in a dry run again whenever others wrote
   * @throws PatchsigError what it throws
   */
  constructor(connect: () => TrustConnection, dryRun: boolean) {
    this.#connect = connect;
    this.dryRun = dryRun;
    this.#connection = connect();
    this.#sql = this.explained(() => prepareStatements(this.#connection));
  }

  get sql(): ReturnType<typeof prepareStatements> {
    return this.#sql;
  }

  close(): void {
    this.#connection.close();
  }

  /** Runs `work`, which must not be async, and commits it to disk, or rolls it back. */
  transaction<T>(work: () => T): T {
    if (this.#inTransaction) return work();
    return this.explained(() => {
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

  /** Runs `work`, which changes nothing. */
  read<T>(work: () => T): T {
    return this.explained(() => {
      if (!this.#inTransaction && this.dryRun) this.#refresh();
      return work();
    });
  }

  /** Rethrows the database's errors in `work` with a message for people. */
  explained<T>(work: () => T): T {
    return this.#connection.explained(work);
  }

  #begin(): void {
    if (this.dryRun) this.#refresh();
    const version = this.#connection.begin();
    if (!this.dryRun) {
      const full = this.#keys.size + this.#unsigned.size > MAX_CACHED;
      if (version !== this.#dataVersion || full) this.#forget();
      this.#dataVersion = version;
    }
    this.#inTransaction = true;
  }

  #end(): void {
    if (!this.dryRun) this.#writeAll();
    this.#connection.commit();
    if (this.dryRun) return;
    this.#newKeys.clear();
    this.#newByKey.clear();
    this.#newUnsigned.clear();
    this.statements.clear();
  }

  #writeAll(): void {
    for (const record of this.#newKeys.values()) this.#sql.putKey.run(...keyRow(record));
    for (const record of this.#newUnsigned.values()) this.#sql.putUnsigned.run(record);
    const signers = new Set<PublicKeyText>();
    for (const row of this.statements.all()) {
      this.#sql.putStatement.run(row);
      if (isUnheard(row)) signers.add(row.signer);
    }
    for (const signer of signers) this.#sql.forgetUnheard.run(signer, MAX_UNHEARD);
  }

  #undo(): void {
    if (!this.dryRun) this.#forget();
    this.#connection.rollback();
  }

  #forget(): void {
    this.#keys.clear();
    this.#unsigned.clear();
    this.#newKeys.clear();
    this.#newByKey.clear();
    this.#newUnsigned.clear();
    this.#newlyRevoked.clear();
    this.statements.clear();
    this.#anyRevoked = null;
  }

  /** A dry run holds no lock: it checks whether somebody wrote, and then reopens the file. */
  #refresh(): void {
    if (!this.#connection.stale()) return;
    const old = this.#connection;
    this.#connection = this.#connect();
    this.#sql = prepareStatements(this.#connection);
    old.close();
  }

  get #mayCache(): boolean {
    return this.#inTransaction || this.dryRun;
  }

  /** An identity's records, with the changes of this run. Callers must not modify them. */
  recordsOf(identity: string): readonly KeyRecord[] {
    return this.#cachedRecords(identity);
  }

  #cachedRecords(identity: string): KeyRecord[] {
    const cached = this.#mayCache ? this.#keys.get(identity) : undefined;
    if (cached !== undefined) return cached;
    const records = this.#sql.keys.all(identity).map(keyRecord);
    if (this.#mayCache) this.#keys.set(identity, records);
    return records;
  }

  put(record: KeyRecord): void {
    const records = this.#cachedRecords(record.identity);
    const index = records.findIndex((known) => known.publicKey === record.publicKey);
    records[index === -1 ? records.length : index] = record;
    this.#newKeys.set(`${record.identity} ${record.publicKey}`, record);
    for (const key of [record.publicKey, record.endorsedBy]) {
      const identities = this.#newByKey.get(key) ?? new Set();
      this.#newByKey.set(key, identities.add(record.identity));
    }
  }

  unsignedOf(identity: string): UnsignedRecord | null {
    const cached = this.#mayCache ? this.#unsigned.get(identity) : undefined;
    if (cached !== undefined) return cached;
    const record = this.#sql.unsigned.get(identity) ?? null;
    if (this.#mayCache) this.#unsigned.set(identity, record);
    return record;
  }

  putUnsigned(record: UnsignedRecord): void {
    this.#unsigned.set(record.identity, record);
    this.#newUnsigned.set(record.identity, record);
  }

  /** A key is revoked for every identity, even by a statement about a key that none has. */
  isRevoked(publicKey: PublicKeyText): boolean {
    const any = (this.#mayCache ? this.#anyRevoked : null) ?? this.#sql.anyRevoked.get() === 1;
    if (this.#mayCache) this.#anyRevoked = any;
    return (
      this.#newlyRevoked.has(publicKey) ||
      (any && this.#sql.revoked.get(publicKey, publicKey) !== undefined)
    );
  }

  revoke(publicKey: PublicKeyText): void {
    this.#newlyRevoked.add(publicKey);
    this.#anyRevoked = true;
  }

  /** It was accepted for test results alone, and be it under another identity. */
  isResultOnly(publicKey: PublicKeyText): boolean {
    return this.#sql.isResultKey.get(publicKey) === 1;
  }

  isTainted(record: KeyRecord): boolean {
    if (record.rotatedFrom === "") return false;
    return ancestors(record, this.recordsOf(record.identity)).some((key) => this.isRevoked(key));
  }

  /** The records of a key under every identity, unwritten ones included. */
  everywhere(publicKey: PublicKeyText, most = ALL): readonly KeyRecord[] {
    const stored = this.#sql.identitiesOf.all(publicKey, most);
    return this.#withNew(publicKey, stored).flatMap((identity) =>
      this.recordsOf(identity).filter((record) => record.publicKey === publicKey),
    );
  }

  /** The records of this identity, and of every identity with a key that this key endorsed. */
  restingOn(publicKey: PublicKeyText, identity: string): readonly KeyRecord[] {
    const endorsed = this.#sql.identitiesEndorsedBy.all(publicKey);
    const identities = this.#withNew(publicKey, [identity, ...endorsed]);
    return identities.flatMap((name) => this.recordsOf(name));
  }

  /** These identities, and those with an unwritten record that names this key. */
  #withNew(publicKey: PublicKeyText, identities: readonly string[]): readonly string[] {
    return [...new Set([...identities, ...(this.#newByKey.get(publicKey) ?? [])])];
  }

  /** Counts a patch by its digest; false if it was counted before. */
  see(digest: Uint8Array): boolean {
    if (!this.dryRun) return this.#sql.see.run(digest).changes === 1;
    if (this.hasSeen(digest)) return false;
    this.#seen.add(digestKey(digest));
    return true;
  }

  /** True if it was counted. */
  hasSeen(digest: Uint8Array): boolean {
    return this.#seen.has(digestKey(digest)) || this.#sql.seen.get(digest) !== undefined;
  }

  putEvent(event: Omit<TrustEvent, "id">): void {
    if (!this.dryRun) this.#sql.putEvent.run(event);
  }

  /** The statements about an identity: stored ones, then those seen since. */
  statementsAbout(identity: string): readonly StatementRow[] {
    const stored = this.#sql.statementsOf.all(identity);
    const texts = new Set(stored.map((row) => row.text));
    return [...stored, ...this.statements.about(identity).filter((row) => !texts.has(row.text))];
  }
}
