/**
 * A lock that the system releases when its holder dies in any way: SQLite's, on a separate, empty file.
 */

import { closeSync, openSync } from "node:fs";
import path from "node:path";
import { PatchsigError } from "../errors.ts";
import { openSqlite } from "./sqlite.ts";
import { explainedFile } from "./database.ts";
import type { Schema } from "./schema.ts";
import { makeFolders } from "../places.ts";

/**
 * Takes the lock of a database, or throws a PatchsigError "database-busy" at once. Its folder is there
 * afterwards, and beside it a file NAME.lock, which stays.
 *
 * @param who works on it, for the message: "another bot"
 * @returns gives it back
 */
export function takeLock(schema: Schema, file: string, who: string): () => void {
  return explainedFile(schema, file, () => {
    makeFolders(path.dirname(file), 0o700);
    const unlock = holdLock(`${file}.lock`);
    if (unlock !== null) return unlock;
    throw new PatchsigError("database-busy", `${who} is using ${file}`, {
      hint: "two would do everything twice: stop that one first",
    });
  });
}

/**
 * Locks this empty file, which is made if it is missing, and stays.
 *
 * @returns gives it back; null if somebody else has it
 * @throws what node:fs and SQLite throw
 */
export function holdLock(file: string): (() => void) | null {
  const name = path.resolve(file);
  closeSync(openSync(name, "a", 0o600));
  const db = openSqlite(name, { timeout: 0 });
  try {
    db.exec("pragma journal_mode = memory; begin exclusive");
  } catch (error) {
    db.close();
    if (!String((error as { code?: unknown }).code).startsWith("SQLITE_BUSY")) throw error;
    return null;
  }
  return () => db.close();
}
