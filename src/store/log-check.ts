/**
 * Does the log beside a database belong to it? SQLite keeps the latest changes in `FILE-wal` and puts them
 * over the pages of FILE, whatever FILE is: if another one was copied there (a backup, another machine's, by
 * rsync or a sync folder), SQLite reads a mix of both. A killed process leaves its log, so this can happen on
 * any machine.
 *
 * Every transaction stamps the database: one row `previous, current`, eight random bytes each. So a
 * log holds the stamps of all its transactions, and the file must hold one of those, or the one that
 * the first of them came after. Formats: https://sqlite.org/fileformat2.html, sections 1.6 and 4.
 */

import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { openSqlite } from "./sqlite.ts";
import type { Schema } from "./schema.ts";

/** What `update`s the stamp; the table is made in schema.ts. */
export const STAMP = "update generation set previous = current, current = randomblob(8)";

const WAL_HEADER = 32;
const FRAME_HEADER = 24;
const JOURNAL_MAGIC = Buffer.from("d9d505f920a163d7", "hex");
/**
 * The table's only row as it lies in its page: size of the record, rowid, its header (a null for the
 * rowid, a text of 16, two blobs of 8), and the text. No other table has rows of that form.
 */
const ROW = Buffer.from("\x25\x01\x05\x00\x2d\x1c\x1cpatchsig-stamp-1", "latin1");
const TABLE_LEAF = 0x0d;

/** How often a file that is being written to is looked at again. */
const ATTEMPTS = 100;

/**
 * What is wrong with the log of a database, in words that follow the file's name; null if nothing.
 * Reads only.
 */
export function foreignLog(schema: Schema, file: string): string | null {
  if (schema.stampedFrom === undefined) return null;
  if (hotJournal(file))
    return `has a left-over journal beside it, ${file}-journal, that is not its own`;
  for (let attempt = 0; ; attempt++) {
    const before = shape(file);
    const verdict = compare(schema, file);
    if (verdict === "same") return null;
    const still = shape(file) === before;
    // another process writes: what was read of the two is not of one moment
    if (!still && attempt < ATTEMPTS) continue;
    if (verdict === "unknown" && isIntact(file)) return null;
    return `does not belong to the log beside it, ${file}-wal: it was copied here, or is damaged`;
  }
}

function shape(file: string): string {
  return ["", "-wal"]
    .map((suffix) => statSync(file + suffix, { bigint: true, throwIfNoEntry: false }))
    .map((stat) => `${stat?.ino} ${stat?.size} ${stat?.mtimeNs}`)
    .join();
}

/** `unknown`: the log was not written by a program that stamps, or the file is from before that. */
function compare(schema: Schema, file: string): "same" | "other" | "unknown" {
  const size = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= WAL_HEADER + FRAME_HEADER) return "same";
  const fd = openSync(file, "r");
  try {
    const log = readLog(`${file}-wal`);
    if (log.frames === 0) return "same";
    if (log.page === 0) return "unknown";
    const stamp = stampIn(read(fd, (log.page - 1) * log.pageSize, log.pageSize));
    if (stamp !== null) return log.stamps.has(stamp.current) ? "same" : "other";
    const version = read(fd, 60, 4);
    return version.length === 4 && version.readUInt32BE() >= schema.stampedFrom!
      ? "other"
      : "unknown";
  } finally {
    closeSync(fd);
  }
}

interface Log {
  /** Frames that SQLite would read. */
  readonly frames: number;
  readonly pageSize: number;
  /** Where the stamp lies; 0 if the log has none. */
  readonly page: number;
  /** All that it names, the one before the first included. */
  readonly stamps: ReadonlySet<string>;
}

function readLog(name: string): Log {
  const stamps = new Set<string>();
  const none = { frames: 0, pageSize: 0, page: 0, stamps };
  const fd = openIfThere(name);
  if (fd === null) return none;
  try {
    const header = read(fd, 0, WAL_HEADER);
    const pageSize = header.length === WAL_HEADER ? header.readUInt32BE(8) : 0;
    if (pageSize < 512 || pageSize > 65_536) return none;
    const salts = header.subarray(16, 24);
    const { size } = fstatSync(fd);
    let [frames, page] = [0, 0];
    for (let at = WAL_HEADER; at + FRAME_HEADER + pageSize <= size;) {
      const frame = read(fd, at, FRAME_HEADER + pageSize);
      // from a time before the log began anew
      if (frame.length < FRAME_HEADER + pageSize || !frame.subarray(8, 16).equals(salts)) break;
      frames++;
      at += frame.length;
      const stamp = stampIn(frame.subarray(FRAME_HEADER));
      if (stamp === null) continue;
      if (page === 0) stamps.add(stamp.previous);
      page = frame.readUInt32BE(0);
      stamps.add(stamp.current);
    }
    return { frames, pageSize, page, stamps };
  } finally {
    closeSync(fd);
  }
}

/** The stamp, if this is the page that holds it. */
function stampIn(page: Buffer): { readonly previous: string; readonly current: string } | null {
  if (page[0] !== TABLE_LEAF || page.readUInt16BE(3) !== 1) return null;
  const row = page.readUInt16BE(8);
  if (!page.subarray(row, row + ROW.length).equals(ROW)) return null;
  const at = row + ROW.length;
  return {
    previous: page.toString("hex", at, at + 8),
    current: page.toString("hex", at + 8, at + 16),
  };
}

/** A journal from which SQLite would put old pages back; a database with a log has none. */
function hotJournal(file: string): boolean {
  const keepsLog = beginning(file)[18] === 2;
  return keepsLog && beginning(`${file}-journal`).subarray(0, 8).equals(JOURNAL_MAGIC);
}

/** The first bytes of a file; none if it is not there. */
function beginning(name: string): Buffer {
  const fd = openIfThere(name);
  if (fd === null) return Buffer.alloc(0);
  try {
    return read(fd, 0, 20);
  } finally {
    closeSync(fd);
  }
}

/** Null if it is gone: whoever is last to close a database takes its log away. */
function openIfThere(name: string): number | null {
  try {
    return openSync(name, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Both together make a whole database. Read-only: another connection would join them for good. */
function isIntact(file: string): boolean {
  const db = openSqlite(file, { readonly: true, timeout: 10_000 });
  try {
    return db.pragma("integrity_check", { simple: true }) === "ok";
  } catch (error) {
    if (/^SQLITE_(CORRUPT|NOTADB)/.test((error as { code?: string }).code ?? "")) return false;
    throw error;
  } finally {
    db.close();
  }
}

/** As many bytes as there are, at most `length`. */
function read(fd: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, at));
}
