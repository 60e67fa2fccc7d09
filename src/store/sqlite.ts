/** The one place that loads SQLite, and not before a database is opened: that takes a fifth of a start. */

import { PatchsigError } from "../errors.ts";
import { createRequire } from "node:module";
import type Database from "better-sqlite3";

/** As `new Database` of better-sqlite3. */
export function openSqlite(file: string | Buffer, options?: Database.Options): Database.Database {
  const Sqlite = createRequire(import.meta.url)("better-sqlite3") as typeof Database;
  try {
    return new Sqlite(file, options);
  } catch (error) {
    throw isNotBuilt(error) ? notBuilt(error) : error;
  }
}

/** What node and better-sqlite3 throw if its native part is not there, or is of another node. */
function isNotBuilt(error: unknown): boolean {
  const { code = "", tries } = error as { code?: string; tries?: unknown };
  return tries !== undefined || code.startsWith("ERR_DLOPEN");
}

/** npm 11 and later run the script of a dependency only if they are told to. */
function notBuilt(cause: unknown): PatchsigError {
  return new PatchsigError("unsupported", "SQLite's native part is not there, or of another node", {
    hint: "npm approve-scripts better-sqlite3, then npm rebuild better-sqlite3",
    cause,
  });
}
