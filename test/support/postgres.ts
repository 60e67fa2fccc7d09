/** A PostgreSQL server of our own, on a socket in a folder of its own; nobody else can reach it. */

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireTool } from "./tools.ts";

/** Debian keeps the programs of each version apart, and only wrappers on the PATH. */
const PROGRAMS = spawnSync("sh", [
  "-c",
  "ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1",
])
  .stdout.toString()
  .trim();

export const HAS_POSTGRES = PROGRAMS !== "" || requireTool("initdb");

/** It refuses to run as root. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** The thread of src/store/postgres, from a build: node does not run it as it is. */
const WORKER = new URL("../../dist/src/store/postgres/postgres-worker.js", import.meta.url);

/** How to connect in a test: from a build, and with the time that a busy machine may take. */
export const PATIENT = {
  worker: WORKER,
  connectMs: 300_000,
  busyMs: 300_000,
  answerMs: 300_000,
  idleMs: 300_000,
};

export interface Postgres {
  /** Holds the socket. */
  readonly folder: string;
  /** A new database, empty; its URL. */
  newDatabase(): string;
  urlOf(database: string, user?: string): string;
  /** Runs SQL as the owner of all; gives what it prints, bare. */
  sql(database: string, text: string): string;
  /** All that is in a database. */
  dump(database: string): string;
  /** @param how `fast`; `immediate`: as if the machine had lost its power */
  stop(how?: "fast" | "immediate"): void;
  /** With these settings. */
  start(...settings: readonly string[]): void;
  /** Removes it. */
  close(): void;
}

/** Starts one, which takes about a second. */
export function startPostgres(...initial: readonly string[]): Postgres {
  const folder = mkdtempSync(join(tmpdir(), "patchsig-pg-"));
  chmodSync(folder, 0o755);
  if (NOBODY.uid !== undefined) chownSync(folder, NOBODY.uid, NOBODY.gid);
  const data = join(folder, "data");
  const run = (program: string, ...args: string[]): string =>
    execFileSync(join(PROGRAMS, program), args, {
      ...NOBODY,
      cwd: folder,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env["PATH"], LC_ALL: "C" },
    });
  const start = (...settings: readonly string[]): void => {
    const all = ["max_connections=40", "shared_buffers=16MB", "jit=off", ...settings];
    const options = [`-k ${folder}`, "-h ''", "-F", ...all.map((one) => `-c '${one}'`)].join(" ");
    const log = join(folder, "log");
    try {
      run("pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start");
    } catch (error) {
      throw new Error(readFileSync(log, "utf8"), { cause: error });
    }
  };
  run("initdb", "-D", data, "--no-sync", "-A", "trust", "-E", "UTF8", "--locale=C", "-U", "owner");
  start(...initial);
  const fresh: string[] = [];
  let count = 0;
  const sql = (database: string, text: string): string =>
    run(
      "psql",
      "-h",
      folder,
      "-U",
      "owner",
      "-XAtq",
      "-v",
      "ON_ERROR_STOP=1",
      "-c",
      text,
      database,
    );
  const urlOf = (database: string, user = "owner"): string =>
    `postgres://${user}@/${database}?host=${encodeURIComponent(folder)}`;
  const stop = (how = "fast"): void => void run("pg_ctl", "-D", data, "-w", "-m", how, "stop");
  return {
    folder,
    newDatabase() {
      if (fresh.length === 0) {
        // starting a client takes longer than making one
        for (let i = 0; i < 8; i++) fresh.push(`t${++count}`);
        const made = fresh.flatMap((name) => ["-c", `create database ${name}`]);
        run("psql", "-h", folder, "-U", "owner", "-Xq", ...made, "postgres");
      }
      return urlOf(fresh.shift()!);
    },
    urlOf,
    sql: (database, text) => sql(database, text).trimEnd(),
    // but what the program makes anew for each dump
    dump: (name) =>
      run("pg_dump", "-h", folder, "-U", "owner", name).replace(/^\\(?:un)?restrict .*$/gm, ""),
    stop,
    start,
    close() {
      try {
        stop("immediate");
      } catch {
        // it does not run any more
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
