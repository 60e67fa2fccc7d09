/**
 * The trust database: which key belongs to which identity, how it came to be so, and which patches
 * were counted. `decide` (src/trust) judges; this file remembers, by compare-and-set: a change
 * names the state that it was decided on, and is refused if the database has moved on, so that two
 * verifiers can never both make a first use.
 *
 * A change that was applied is on the disk when `apply`, or the `transaction` around it, returns.
 */

import path from "node:path";
import type { Database, Statement } from "better-sqlite3";
import { CliError } from "../errors.ts";
import { parsePublicKeyText } from "../minisign/public-key.ts";
import { type Decision, decide, usableKeys } from "../trust/decide.ts";
import type {
  KeyRecord,
  Sighting,
  Standing,
  TrustChange,
  TrustEvent,
  UnsignedRecord,
} from "../trust/record.ts";
import type { PublicKeyText } from "../types.ts";
import { explained, openDatabase, type OpenDatabase, type OpenOptions } from "./database.ts";
import { TRUST_SCHEMA } from "./schema.ts";

/** Longer Message-IDs and List-Ids are cut: a mail must not blow up the database. */
const MAX_TEXT = 250;
/**
 * The least of a key that may stand for it: the first 14 characters hold the key number, which its
 * owner chooses freely, so as many again (and some) have to come from the key itself.
 */
const MIN_PREFIX = 28;

/** Identities kept in memory between transactions. */
const MAX_CACHED = 20_000;

/** `applied`: done. `repeated`: this patch was counted before. `conflict`: decide again. */
export type Outcome = "applied" | "repeated" | "conflict";

/** All that is remembered of one identity. */
export interface IdentityHistory {
  readonly identity: string;
  readonly keys: readonly KeyRecord[];
  readonly unsigned: UnsignedRecord | null;
  /** Oldest first. */
  readonly events: readonly TrustEvent[];
}

/** `$XDG_DATA_HOME/patchsig/trust.db`, or below ~/.local/share; a relative XDG path is ignored. */
export function trustFile(env: NodeJS.ProcessEnv, home: string): string {
  const xdg = env["XDG_DATA_HOME"] ?? "";
  const data = path.isAbsolute(xdg) ? xdg : path.join(home, ".local", "share");
  return path.join(data, "patchsig", "trust.db");
}

/** Opens the trust database; throws what `openDatabase` throws. */
export function openTrust(options: OpenOptions): TrustStore {
  return new TrustStore(options);
}

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
];

const KEY_COLUMNS = `identity, public_key, state, origin, first_seen, last_seen, first_message_id,
  first_list, last_message_id, patches, applied`;

const EVENT_COLUMNS = `id, at, identity, public_key as publicKey, kind, from_state as "from",
  to_state as "to", cause, message_id as messageId`;

function prepare(db: Database) {
  const sql = <Parameters extends unknown[], Row = unknown>(text: string) =>
    db.prepare<Parameters, Row>(text) as Statement<Parameters, Row>;
  return {
    begin: sql<[]>("begin immediate"),
    commit: sql<[]>("commit"),
    keys: sql<[string], KeyRow>(
      `select ${KEY_COLUMNS} from keys where identity = ? order by first_seen, public_key`,
    ).raw(),
    allKeys: sql<[], KeyRow>(
      `select ${KEY_COLUMNS} from keys order by identity, first_seen, public_key`,
    ).raw(),
    addKey: sql<[...KeyRow]>("insert into keys values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    updateKey: sql<[string, number, string, number, number, string, string]>(
      `update keys set state = ?, last_seen = ?, last_message_id = ?, patches = ?, applied = ?
       where identity = ? and public_key = ?`,
    ),
    dataVersion: sql<[], number>("pragma data_version").pluck(),
    anyRevoked: sql<[], number>(
      "select exists (select 1 from keys where state = 'revoked')",
    ).pluck(),
    revoked: sql<[string], number>(
      "select 1 from keys where public_key = ? and state = 'revoked'",
    ).pluck(),
    seen: sql<[Uint8Array], number>("select 1 from sightings where digest = ?").pluck(),
    see: sql<[Uint8Array]>("insert or ignore into sightings values (?)"),
    unsigned: sql<[string], UnsignedRecord>(
      `select identity, first_seen as firstSeen, last_seen as lastSeen, patches
       from unsigned_patches where identity = ?`,
    ),
    putUnsigned: sql<[UnsignedRecord]>(
      `insert into unsigned_patches values (@identity, @firstSeen, @lastSeen, @patches)
       on conflict do update set last_seen = excluded.last_seen, patches = excluded.patches`,
    ),
    events: sql<[string], TrustEvent>(
      `select ${EVENT_COLUMNS} from events where identity = ? order by id`,
    ),
    lastEvent: sql<[string, string], string>(
      "select kind from events where identity = ? and public_key = ? order by id desc limit 1",
    ).pluck(),
    putEvent: sql<[Omit<TrustEvent, "id">]>(
      `insert into events values (null, @at, @identity, @publicKey, @kind, @from, @to, @cause,
         @messageId)`,
    ),
  };
}

export class TrustStore {
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
  #dataVersion: number | null = null;
  /** What the running transaction has to write when it ends. */
  readonly #newKeys = new Map<string, KeyRecord>();
  readonly #newUnsigned = new Map<string, UnsignedRecord>();
  /** Patches counted by a dry run. */
  readonly #seen = new Set<string>();

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
  standing(sighting: Sighting): Standing {
    return this.#read(() => {
      const records = this.#recordsOf(sighting.identity);
      const own = records.find((record) => record.publicKey === sighting.publicKey);
      return {
        records: [...records],
        revoked: this.#isRevoked(sighting.publicKey),
        repeated: own?.state === "first-use" && this.#wasSeen(sighting.digest),
      };
    });
  }

  /** Looks up, decides, applies, and begins again for as long as another process was faster. */
  judge(sighting: Sighting): Decision {
    for (;;) {
      const decision = decide(sighting, this.standing(sighting));
      if (decision.change === null || this.apply(decision.change) !== "conflict") return decision;
    }
  }

  /** Applies a change if the database is still as it was when the change was decided. */
  apply(change: TrustChange): Outcome {
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
   * A person confirms a key: it is pinned, and every other key of the identity that was in use is
   * replaced.
   *
   * @param key the whole key (56 characters), or the beginning of one (28 or more) that was seen
   *   as a changed key of this identity
   * @param at seconds
   * Throws a CliError: bad-key (not a key, or not one), refused (revoked).
   */
  accept(
    identity: string,
    key: string,
    at: number,
  ): { readonly record: KeyRecord; readonly replaced: readonly KeyRecord[] } {
    return this.transaction(() => {
      const publicKey = this.#wholeKey(identity, key);
      if (this.#isRevoked(publicKey)) {
        throw new CliError("refused", `${publicKey} is revoked`, {
          hint: "a revoked key is never trusted again: ask its owner for the new one",
        });
      }
      const records = this.#recordsOf(identity);
      const known = records.find((record) => record.publicKey === publicKey);
      const replaced = usableKeys(records).filter((record) => record !== known);
      const record: KeyRecord = {
        ...(known ?? unseenKey(identity, publicKey, at)),
        state: "pinned",
      };
      const common = { at, identity, cause: "person", messageId: "" } as const;
      for (const old of replaced) {
        this.#put({ ...old, state: "replaced" });
        this.#record({
          ...common,
          publicKey: old.publicKey,
          kind: "replace",
          from: old.state,
          to: "replaced",
        });
      }
      if (known?.state !== "pinned") {
        this.#put(record);
        const from = known?.state ?? null;
        this.#record({ ...common, publicKey, kind: "accept", from, to: "pinned" });
      }
      return { record, replaced };
    });
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
      return { identity, keys, unsigned, events };
    });
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
    }
    this.#inTransaction = true;
  }

  #end(): void {
    if (this.#dryRun) return;
    for (const record of this.#newKeys.values()) this.#write(record);
    for (const record of this.#newUnsigned.values()) this.#sql.putUnsigned.run(record);
    this.#sql.commit.run();
    this.#newKeys.clear();
    this.#newUnsigned.clear();
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
    this.#newUnsigned.clear();
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
    return any && this.#sql.revoked.get(publicKey) !== undefined;
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
  }

  #write(key: KeyRecord): void {
    const { state, lastSeen, lastMessageId, patches, applied, identity, publicKey } = key;
    const updated = this.#sql.updateKey.run(
      state,
      lastSeen,
      lastMessageId,
      patches,
      applied,
      identity,
      publicKey,
    );
    if (updated.changes === 0) this.#sql.addKey.run(...keyRow(key));
  }

  #record(event: Omit<TrustEvent, "id">): void {
    if (!this.#dryRun) this.#sql.putEvent.run(event);
  }

  #apply(change: TrustChange, record: KeyRecord | undefined, isNew: boolean): Outcome {
    const { kind, sighting } = change;
    if (kind === "changed") {
      if (isNew) return "conflict";
      // one entry, however many mails come with that key
      const last = this.#sql.lastEvent.get(sighting.identity, sighting.publicKey);
      if (last === "changed") return "repeated";
      this.#recordChange(change, kind);
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
    // a confirming mail that was counted meanwhile is no second mail: that needs a new decision
    if (!this.#see(sighting.digest)) return kind === "confirm" ? "conflict" : "repeated";
    this.#put({ ...counted(record, sighting), state: change.to ?? record.state });
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
    });
  }

  #wholeKey(identity: string, key: string): PublicKeyText {
    if (isPublicKey(key)) return key;
    const seen = this.#sql.events
      .all(identity)
      .filter((event) => event.kind === "changed" && event.publicKey.startsWith(key));
    const keys = new Set(seen.map((event) => event.publicKey));
    const [only] = keys;
    if (key.length >= MIN_PREFIX && only !== undefined && keys.size === 1) return only;
    throw new CliError("bad-key", "that is not one whole public key", {
      hint: "give all 56 characters, from RW on",
    });
  }
}

function keyRecord(row: KeyRow): KeyRecord {
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
  };
}

function keyRow(key: KeyRecord): KeyRow {
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
  ];
}

function isPublicKey(text: string): boolean {
  try {
    parsePublicKeyText(text);
    return true;
  } catch {
    return false;
  }
}

function unseenKey(identity: string, publicKey: PublicKeyText, at: number): KeyRecord {
  return {
    identity,
    publicKey,
    state: "pinned",
    origin: "person",
    firstSeen: at,
    lastSeen: at,
    firstMessageId: "",
    firstList: "",
    lastMessageId: "",
    patches: 0,
    applied: 0,
  };
}

function firstUse(sighting: Sighting): KeyRecord {
  const { identity, publicKey, at, messageId, list } = sighting;
  return {
    ...unseenKey(identity, publicKey, at),
    state: "first-use",
    origin: "mail",
    firstMessageId: cut(messageId),
    firstList: cut(list),
    lastMessageId: cut(messageId),
    patches: 1,
  };
}

function counted(record: KeyRecord, sighting: Sighting): KeyRecord {
  return {
    ...record,
    lastSeen: Math.max(record.lastSeen, sighting.at),
    lastMessageId: cut(sighting.messageId),
    patches: record.patches + 1,
  };
}

function cut(text: string): string {
  return text.slice(0, MAX_TEXT);
}

/** Bytes as a string that a Set can compare. */
function nameOf(digest: Uint8Array): string {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString("latin1");
}
