/**
 * The trust database on a PostgreSQL server, which the machines of a team share (docs/team-database.md).
 *
 * Transactions mean what they mean with SQLite: the row of `generation` is locked first, so one writes at a
 * time, and sees all that was written before. So what was decided in one is true when it ends, and nothing is
 * ever refused in the middle for the sake of another.
 */

import { randomBytes } from "node:crypto";
import { PatchsigError } from "../../errors.ts";
import type { Sql, TrustConnection } from "../sql.ts";
import { passwordFor, serverAddress, type ServerAddress } from "./address.ts";
import { explainingPostgres } from "./errors.ts";
import { Link, type LinkSettings, PostgresError, type RowSet } from "./link.ts";
import { preparedIn } from "./statement.ts";
import { migrationsFrom, SCHEMA_NAME, TEAM_VERSION } from "./tables.ts";

export interface TeamOptions {
  /** `postgres://…` (address.ts). */
  readonly url: string;
  /** Write nothing. */
  readonly dryRun?: boolean;
  /** Milliseconds to wait for another writer; 10,000 unless given. */
  readonly busyMs?: number;
  /** Milliseconds for a statement; 60,000 unless given. */
  readonly answerMs?: number;
  /** Milliseconds that this program may think in a transaction, while others wait; 60,000 unless given. */
  readonly idleMs?: number;
  /** Milliseconds until a connection has to be there; 10,000 unless given. */
  readonly connectMs?: number;
  /** The thread's script, if it does not lie beside this one. */
  readonly worker?: URL;
}

const CONNECT_MS = 10_000;
const BUSY_MS = 10_000;
const ANSWER_MS = 60_000;
const IDLE_MS = 60_000;

/** "psig": those who would make the tables do it one after the other. */
const MAKING = 0x70736967;

/** Commands after which the database is another one. */
const CHANGING = new Set(["INSERT", "UPDATE", "DELETE"]);

/** How often a transaction is begun again that the server did not let begin. */
const ATTEMPTS = 3;

/** @throws PatchsigError */
export function connectPostgres(options: TeamOptions): TrustConnection {
  const address = serverAddress(options.url);
  return explainingPostgres(address.shown, () => new PostgresConnection(address, options));
}

class PostgresConnection implements TrustConnection {
  readonly #address: ServerAddress;
  readonly #dryRun: boolean;
  readonly #connect: () => Link;
  #link: Link;
  #inTransaction = false;
  #changed = false;
  /** The stamp that this connection has seen or written last, and how many it has seen. */
  #stamp = "";
  #seen = 0;
  readonly prepare: Sql["prepare"];

  constructor(address: ServerAddress, options: TeamOptions) {
    this.#address = address;
    this.#dryRun = options.dryRun === true;
    const settings = settingsOf(address, options);
    this.#connect = () => new Link(settings, options.worker);
    this.#link = this.#connect();
    this.prepare = preparedIn((text, name, values) => this.#run(text, name, values));
    try {
      this.#prepareTables();
    } catch (error) {
      this.#link.close();
      throw error;
    }
  }

  begin(): number {
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#tryToBegin();
      } catch (error) {
        // nothing was done yet
        const mayHelp =
          error instanceof PostgresError && (error.lost || error.code.startsWith("40"));
        this.rollback();
        if (!mayHelp || attempt === ATTEMPTS) throw error;
      }
    }
  }

  #tryToBegin(): number {
    if (this.#link.lost) this.#link = this.#connect();
    this.#inTransaction = true;
    this.#changed = false;
    const [how, lock] = this.#dryRun
      ? ["isolation level repeatable read read only", ""]
      : // the default of the server may be one that refuses in the middle
        ["isolation level read committed read write", "for update"];
    const { stamp, version } = generationIn(
      this.#script(
        `begin ${how};
         select encode(current, 'hex') as stamp, version from generation where id = 1 ${lock}`,
      ),
    );
    if (version > TEAM_VERSION) throw this.#newer();
    if (stamp !== this.#stamp) this.#seen++;
    this.#stamp = stamp;
    return this.#seen;
  }

  commit(): void {
    const stamp = randomBytes(8).toString("hex");
    const update = `update generation set previous = current, current = '\\x${stamp}' where id = 1;`;
    const results = this.#script(`${this.#changed ? update : ""} commit`);
    // what PostgreSQL says if a statement has failed, and it undoes all
    if (results.at(-1)?.command !== "COMMIT")
      throw new PostgresError({ code: "25P02", message: "a statement has failed", lost: false });
    if (this.#changed) this.#stamp = stamp;
    this.#inTransaction = false;
  }

  rollback(): void {
    const wasIn = this.#inTransaction;
    this.#inTransaction = false;
    if (!wasIn || this.#link.lost) return;
    try {
      this.#script("rollback");
    } catch (error) {
      // the server undoes what has lost its connection
      if (!(error instanceof PostgresError)) throw error;
      this.#link.close();
    }
  }

  stale(): boolean {
    return false;
  }

  explained<T>(work: () => T): T {
    return explainingPostgres(this.#address.shown, work);
  }

  close(): void {
    this.#link.close();
  }

  /** A statement; outside a transaction it only reads, and may be asked again over a new connection. */
  #run(text: string, name: string, values: readonly unknown[]): RowSet {
    const ask = (): RowSet => this.#link.ask({ kind: "query", text, name, values })[0]!;
    if (this.#inTransaction) {
      const result = ask();
      if (CHANGING.has(result.command) && result.changes > 0) this.#changed = true;
      return result;
    }
    try {
      if (!this.#link.lost) return ask();
    } catch (error) {
      if (!(error instanceof PostgresError) || !error.lost) throw error;
    }
    this.#link = this.#connect();
    return ask();
  }

  /** Several statements without values. */
  #script(text: string): readonly RowSet[] {
    return this.#link.ask({ kind: "query", text, name: "", values: null });
  }

  #prepareTables(): void {
    const version = this.#version();
    if (version > TEAM_VERSION) throw this.#newer();
    if (version === TEAM_VERSION) return;
    if (this.#dryRun)
      throw new PatchsigError(
        "bad-database",
        `the trust database ${this.#address.shown} ${version === 0 ? "is empty" : "has an old format"}`,
        { hint: "git patchsig verify makes it ready, but not in a dry run" },
      );
    this.#inTransaction = true;
    try {
      this.#script(`begin; select pg_advisory_xact_lock(${MAKING})`);
      // another machine may have done it while this one waited
      const now = this.#version();
      if (now > TEAM_VERSION) throw this.#newer();
      for (const sql of migrationsFrom(now)) this.#script(sql);
      this.#script(`update generation set version = ${TEAM_VERSION}; commit`);
      this.#inTransaction = false;
    } finally {
      this.rollback();
    }
  }

  /** 0: there are no tables. Makes the schema, if it may, for tables that are to come. */
  #version(): number {
    const [found] = objectsIn(
      this.#script(`
        select current_setting('server_encoding') as encoding,
          (select count(*) from pg_namespace where nspname = '${SCHEMA_NAME}') as schemas,
          (select count(*) from pg_class join pg_namespace n on n.oid = relnamespace
            where nspname = '${SCHEMA_NAME}') as things,
          (select count(*) from pg_class join pg_namespace n on n.oid = relnamespace
            where nspname = '${SCHEMA_NAME}' and relname = 'generation') as ours`),
    );
    const { encoding, schemas, things, ours } = found!;
    const refused = (why: string, hint: string): PatchsigError =>
      new PatchsigError("bad-database", `the trust database ${this.#address.shown} ${why}`, {
        hint,
      });
    if (encoding !== "UTF8")
      throw refused(
        `is in ${String(encoding)}`,
        "it has to be in UTF-8: createdb -E UTF8 -T template0",
      );
    if (ours === 1) return generationIn(this.#script("select version from generation")).version;
    if (things !== 0)
      throw refused("belongs to another program", `its schema ${SCHEMA_NAME} is not patchsig's`);
    if (schemas === 0 && this.#inTransaction) this.#script(`create schema ${SCHEMA_NAME}`);
    return 0;
  }

  #newer(): PatchsigError {
    return new PatchsigError(
      "bad-database",
      `the trust database ${this.#address.shown} was written by a newer patchsig`,
      { hint: "use that version, or a newer one" },
    );
  }
}

function settingsOf(address: ServerAddress, options: TeamOptions): LinkSettings {
  const {
    busyMs = BUSY_MS,
    answerMs = ANSWER_MS,
    idleMs = IDLE_MS,
    connectMs = CONNECT_MS,
  } = options;
  return {
    address,
    password: passwordFor(address, process.env),
    connectMs,
    answerMs,
    session: {
      // no table or function of anybody else is taken for one of these
      search_path: `${SCHEMA_NAME},pg_temp`,
      // what is reported is on the disk
      synchronous_commit: "on",
      statement_timeout: String(answerMs),
      lock_timeout: String(busyMs),
      // a machine that sleeps must not hold up the others
      idle_in_transaction_session_timeout: String(idleMs),
      default_transaction_read_only: options.dryRun === true ? "on" : "off",
      client_min_messages: "error",
      bytea_output: "hex",
    },
  };
}

function objectsIn(results: readonly RowSet[]): Record<string, unknown>[] {
  const { columns = [], rows = [] } = results.at(-1) ?? {};
  return rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));
}

function generationIn(results: readonly RowSet[]): { stamp: string; version: number } {
  const [row] = objectsIn(results);
  if (row === undefined)
    throw new PostgresError({ code: "42P01", message: "no stamp", lost: false });
  return row as { stamp: string; version: number };
}
