/**
 * Opens SQLite files: a foreign or damaged one is an error and stays as it is; a new one appears complete or
 * not at all; errors get a code and a hint.
 */

import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs";
import path from "node:path";
import type Database from "better-sqlite3";
import { PatchsigError, type ErrorCode } from "../errors.ts";
import { pause } from "../pause.ts";
import { openSqlite } from "./sqlite.ts";
import { foreignLog } from "./log-check.ts";
import type { Schema } from "./schema.ts";
import { linkOrCopy, syncPath } from "./whole-file.ts";
import { makeFolders } from "../places.ts";

/** How long a writer waits for another. */
const BUSY_MS = 10_000;
/** Pages in the log before they are moved into the file: fewer, larger moves (32 MB). */
const CHECKPOINT_PAGES = 8192;
/** A dry run holds no more than this in memory. */
const MAX_IMAGE_BYTES = 32 * 1024 * 1024;
const MEMORY = ":memory:";
const HEADER_BYTES = 100;
const LEFT_ALONE = "left alone: restore it from a backup, or move it away to begin anew";

/** Only a person knows which of the two is right. */
const NOT_ITS_LOG =
  "left alone: git patchsig trust restore FILE puts a backup in its place; or move the log away, to go on with the file as it is";

export interface OpenOptions {
  /** Or `:memory:` for an empty one that is gone with the process. */
  readonly file: string;
  /** Write nothing, not even a lock file. A file that does not exist is an empty database. */
  readonly dryRun?: boolean;
  /** Milliseconds to wait for another writer; 10,000 unless given. */
  readonly busyMs?: number;
}

export interface OpenDatabase {
  readonly db: Database.Database;
  /**
   * True if the file may have changed in a way that this connection cannot see, so that it has to
   * be opened again. Only ever in a dry run, which takes no locks.
   */
  readonly stale: () => boolean;
}

/**
 * Opens a database, and creates it (0600, in a directory 0700) unless this is a dry run.
 * Throws a PatchsigError: bad-database, database-busy, disk-full, unreadable, unwritable.
 */
export function openDatabase(schema: Schema, options: OpenOptions): OpenDatabase {
  if (options.file === MEMORY) return { db: openMemory(schema), stale: () => false };
  // absolute, so that SQLite cannot take a name like "file:x" for a URI
  const file = path.resolve(options.file);
  return explainedFile(schema, file, () => {
    if (options.dryRun === true) return openForReading(schema, file);
    if (!existsSync(file)) create(schema, file);
    for (;;) {
      inspect(schema, file);
      const before = statSync(file);
      const db = openSqlite(file, { fileMustExist: true, timeout: options.busyMs ?? BUSY_MS });
      const done = closedOnError(db, () => {
        // reads, and so waits for a restore in progress
        refuseNewer(schema, file, db);
        if (statSync(file).ino !== before.ino) return false;
        configure(db);
        migrate(schema, file, db);
        return true;
      });
      if (done) return { db, stale: () => false };
      db.close();
    }
  });
}

/** An empty database that nobody else can see, and that is gone with the process. */
export function openMemory(schema: Schema): Database.Database {
  const db = openSqlite(MEMORY);
  migrate(schema, MEMORY, db);
  return db;
}

/** Runs `work`; what SQLite throws becomes a PatchsigError. */
export function explainingSqlite<T>(schema: Schema, file: string, work: () => T): T {
  // not the file system's errors: `work` may be somebody else's
  return explainedAs(schema, file, /^SQLITE_/, work);
}

/** As `explainingSqlite`, for work that deals with nothing but that file: errors of the file system too. */
export function explainedFile<T>(schema: Schema, file: string, work: () => T): T {
  return explainedAs(schema, file, /^(SQLITE_|E[A-Z0-9]+$)/, work);
}

function explainedAs<T>(schema: Schema, file: string, codes: RegExp, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof PatchsigError || !codes.test(codeOf(error))) throw error;
    throw explain(schema, file, error);
  }
}

function configure(db: Database.Database): void {
  // "synchronous": the default, 1, may lose the last transactions with the power
  db.exec(`
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma wal_autocheckpoint = ${CHECKPOINT_PAGES};
    pragma foreign_keys = on;
    pragma trusted_schema = off;
  `);
}

function migrate(schema: Schema, file: string, db: Database.Database): void {
  if (version(db) === schema.migrations.length) return;
  db.exec("begin immediate");
  // another process may have done it while this one waited, and more than this one can
  refuseNewer(schema, file, db);
  for (const sql of schema.migrations.slice(version(db))) db.exec(sql);
  db.pragma(`application_id = ${schema.applicationId}`);
  db.pragma(`user_version = ${schema.migrations.length}`);
  db.exec("commit");
}

/** The header that `inspect` reads may be older than the log. */
function refuseNewer(schema: Schema, file: string, db: Database.Database): void {
  if (version(db) > schema.migrations.length) throw newer(schema, file);
}

function newer({ what }: Schema, file: string): PatchsigError {
  return new PatchsigError("bad-database", `the ${what} ${file} was written by a newer patchsig`, {
    hint: "use that version, or a newer one",
  });
}

function version(db: Database.Database): number {
  return db.pragma("user_version", { simple: true }) as number;
}

/** An empty file would look like a new database, so it is made aside and linked into place. */
function create(schema: Schema, file: string): void {
  const directory = path.dirname(file);
  makeFolders(directory, 0o700);
  const draft = `${file}.${randomBytes(6).toString("hex")}.new`;
  try {
    closeSync(openSync(draft, "wx", 0o600));
    const db = openSqlite(draft);
    closedOnError(db, () => fill(schema, file, db));
    db.close();
    syncPath(draft);
    publish(draft, file);
    syncPath(directory);
  } finally {
    for (const suffix of DRAFT_FILES) rmSync(draft + suffix, { force: true });
  }
}

/**
 * Completes a database that nobody else has open, without a log: moving the log into the file could fail
 * with nobody to tell. It switches to a log only at the end: if several processes opened the file, SQLite
 * would let one switch, and report "busy" to the others, however long they wait.
 */
function fill(schema: Schema, file: string, db: Database.Database): void {
  db.pragma("journal_mode = delete");
  migrate(schema, file, db);
  db.pragma("journal_mode = wal");
}

/** Suffixes of files that SQLite may leave of an unfinished database. */
export const DRAFT_FILES = ["", "-journal", "-wal", "-shm"] as const;

/** Gives a finished file its name, unless another process was first: then that one's counts. */
function publish(draft: string, file: string): void {
  try {
    linkOrCopy(draft, file);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

/**
 * Reads a database to its last page and upgrades it.
 *
 * @param name for messages
 * @throws PatchsigError "bad-database" if anything in it is damaged
 */
export function checkWhole(schema: Schema, file: string, name: string): void {
  const db = openSqlite(file, { fileMustExist: true });
  closedOnError(db, () => {
    if (db.pragma("integrity_check", { simple: true }) !== "ok")
      throw new PatchsigError("bad-database", `the ${schema.what} ${name} is damaged`, {
        hint: "try another backup",
      });
    fill(schema, name, db);
  });
  db.close();
}

/**
 * SQLite cannot read a file in WAL mode without leaving a lock file and an empty log beside it. So
 * a dry run reads a copy in memory, unless the file is big or somebody is writing.
 */
function openForReading(schema: Schema, file: string): OpenDatabase {
  if (!existsSync(file)) {
    return { db: openMemory(schema), stale: () => existsSync(file) };
  }
  inspect(schema, file);
  const before = statSync(file);
  const stale = (): boolean => hasLog(file) || changed(before, statSync(file));
  if (before.size <= MAX_IMAGE_BYTES && !hasLog(file)) {
    const image = readFileSync(file);
    if (!stale()) {
      // "not in WAL mode": a database in memory has no log
      image.fill(1, 18, 20);
      const db = openSqlite(image);
      return closedOnError(db, () => {
        // an old format is brought up to date in memory only
        migrate(schema, file, db);
        return { db, stale };
      });
    }
  }
  const db = openSqlite(file, { readonly: true, timeout: BUSY_MS });
  return requireVersion(schema, file, { db, stale: () => false });
}

function requireVersion(schema: Schema, file: string, opened: OpenDatabase): OpenDatabase {
  return closedOnError(opened.db, () => {
    if (version(opened.db) === schema.migrations.length) return opened;
    refuseNewer(schema, file, opened.db);
    throw new PatchsigError("bad-database", `the ${schema.what} ${file} has an old format`, {
      hint: `${schema.upgradedBy ?? "git patchsig verify"} upgrades it, but not in a dry run`,
    });
  });
}

/** May the log beside a database hold changes that the file lacks? */
export function hasLog(file: string): boolean {
  return (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

function changed(before: Stats, now: Stats): boolean {
  return before.ino !== now.ino || before.size !== now.size || before.mtimeMs !== now.mtimeMs;
}

/** Refuses anything but a complete database of ours, before SQLite touches it. */
export function inspect(schema: Schema, file: string): void {
  const refused = (why: string, hint: string): PatchsigError =>
    new PatchsigError("bad-database", `the ${schema.what} ${file} ${why}`, { hint });
  const type = statSync(file);
  if (!type.isFile()) throw refused("is not a file", "move it away to start with a new one");
  const { header, size } = readFileHeader(file);
  if (size === 0) throw refused("is empty: it was truncated", LEFT_ALONE);
  if (header.length < HEADER_BYTES || header.toString("latin1", 0, 16) !== "SQLite format 3\0")
    throw refused("is not a database", LEFT_ALONE);
  if (header.readUInt32BE(68) !== schema.applicationId)
    throw refused("belongs to another program", LEFT_ALONE);
  if (header.readUInt32BE(60) > schema.migrations.length) throw newer(schema, file);
  if (isCutOff(file)) throw refused("is truncated", LEFT_ALONE);
  const foreign = foreignLog(schema, file);
  if (foreign !== null) throw refused(foreign, NOT_ITS_LOG);
}

/**
 * Is the file shorter than its own header says? Asked a few times, since another process may just
 * be moving its log into the file, page after page.
 */
function isCutOff(file: string): boolean {
  for (let attempt = 0; attempt < 5; attempt++) {
    if (hasLog(file)) return false;
    const { header, size } = readFileHeader(file);
    const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
    // the count of pages holds only if these two counters agree (SQLite's file format, 1.3.7)
    const counted = header.readUInt32BE(24) === header.readUInt32BE(92);
    if (!counted || size >= pageSize * header.readUInt32BE(28)) return false;
    pause(20);
  }
  return true;
}

function readFileHeader(file: string): { header: Buffer; size: number } {
  const fd = openSync(file, "r");
  try {
    const { size } = fstatSync(fd);
    const header = Buffer.alloc(HEADER_BYTES);
    return { header: header.subarray(0, readSync(fd, header, 0, HEADER_BYTES, 0)), size };
  } finally {
    closeSync(fd);
  }
}

function closedOnError<T>(db: Database.Database, work: () => T): T {
  try {
    return work();
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Codes of SQLite (also extended) and of the file system, and our errors for them. */
type Explanation = readonly [RegExp, ErrorCode, string, string];
const EXPLANATIONS: readonly Explanation[] = [
  [/^SQLITE_(CORRUPT|NOTADB|FORMAT)/, "bad-database", "is damaged", LEFT_ALONE],
  [
    /^SQLITE_(BUSY|LOCKED|PROTOCOL)/,
    "database-busy",
    "is in use by another process",
    "try again when that one is done",
  ],
  [
    /^(SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT)/,
    "disk-full",
    "cannot grow: the disk is full",
    "make room and run the command again: what it reported is recorded",
  ],
  [
    /^(SQLITE_READONLY|EROFS|EPERM|ENOENT|ENOTDIR|EEXIST)/,
    "unwritable",
    "cannot be written",
    "make it writable",
  ],
  [
    /^(SQLITE_CANTOPEN|SQLITE_PERM|EACCES)/,
    "unreadable",
    "cannot be opened",
    "see its access rights",
  ],
];
const OTHERWISE: Explanation = [
  /^/,
  "unreadable",
  "cannot be used",
  "see the disk and its access rights",
];

function explain({ what, without }: Schema, file: string, error: unknown): PatchsigError {
  const code = codeOf(error);
  const found = EXPLANATIONS.find(([pattern]) => pattern.test(code));
  const [, errorCode, text, hint] = found ?? OTHERWISE;
  const advice =
    errorCode === "unwritable" && without !== undefined ? `${hint}, or ${without}` : hint;
  return new PatchsigError(errorCode, `the ${what} ${file} ${text} (${code})`, {
    hint: advice,
    cause: error,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
