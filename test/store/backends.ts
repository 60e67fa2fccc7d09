/** What can keep the trust database: each test of the store is run with all of them. */

import { readFileSync } from "node:fs";
import path from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe } from "vitest";
import { connectPostgres } from "../../src/store/postgres/trust-postgres.ts";
import type { TrustConnection } from "../../src/store/sql.ts";
import { connectSqlite } from "../../src/store/trust-sqlite.ts";
import { TrustStore } from "../../src/store/trust-store.ts";
import { HAS_POSTGRES, type Postgres, PATIENT, startPostgres } from "../support/postgres.ts";
import { temporaryDirectory } from "./support.ts";

/** Where a database is. */
export interface Place {
  /** A file's name, or a server's URL. */
  readonly name: string;
  /** For what a machine keeps for itself; the same file with SQLite. */
  readonly own: string;
}

export interface Backend {
  readonly name: "sqlite" | "postgres";
  /** Of a database that does not exist yet. */
  newPlace: () => Place;
  /** Runs SQL on it, as somebody else. */
  sql: (place: Place, text: string) => void;
  /** All rows of a server's database. */
  dump: (place: Place) => string;
}

interface Opening {
  readonly dryRun?: boolean;
  readonly busyMs?: number;
}

export function openPlace({ name, own }: Place, options: Opening = {}): TrustStore {
  const { dryRun = false } = options;
  const connectOwn = (): TrustConnection => connectSqlite({ ...options, file: own });
  if (name === own) return new TrustStore(connectOwn, dryRun);
  const connect = (): TrustConnection => connectPostgres({ ...PATIENT, ...options, url: name });
  return new TrustStore(connect, dryRun, connectOwn);
}

function databaseOf({ name }: Place): string {
  return /@\/(\w+)/.exec(name)![1]!;
}

/** Declares tests for SQLite, and for a PostgreSQL server that is theirs. */
export function describeBackends(tests: (backend: Backend) => void): void {
  const newFile = (): string => path.join(temporaryDirectory(), "data", "patchsig", "trust.db");
  describe("sqlite", () => {
    tests({
      name: "sqlite",
      newPlace() {
        const own = newFile();
        return { name: own, own };
      },
      sql(place, text) {
        const db = new Database(place.own);
        db.exec(text);
        db.close();
      },
      dump: ({ own }) => readFileSync(own).toString("latin1"),
    });
  });
  describe.runIf(HAS_POSTGRES)("postgres", () => {
    let server: Postgres | null = null;
    beforeAll(() => {
      server = startPostgres();
    });
    afterAll(() => server?.close());
    tests({
      name: "postgres",
      newPlace: () => ({ name: server!.newDatabase(), own: newFile() }),
      sql(place, text) {
        const stamp = "update generation set current = substr(sha256(current), 1, 8)";
        server!.sql(databaseOf(place), `set search_path = patchsig; ${text}; ${stamp}`);
      },
      dump: (place) => server!.dump(databaseOf(place)),
    });
  });
}
