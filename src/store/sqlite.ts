/** The one place that loads SQLite, and its native part not before a database is opened. */

import { createRequire } from "node:module";
import Sqlite from "better-sqlite3";
import { PatchsigError } from "../errors.ts";

const NATIVE = "better-sqlite3/build/Release/better_sqlite3.node";

/** As `new Database` of better-sqlite3, which is in the bundle: only its native part is where npm put it. */
export function openSqlite(file: string | Buffer, options?: Sqlite.Options): Sqlite.Database {
  return new Sqlite(file, { ...options, nativeBinding: native() });
}

/** The types say that it is a file's name, but better-sqlite3 takes what was loaded too. */
function native(): string {
  try {
    return createRequire(import.meta.url)(NATIVE) as string;
  } catch (error) {
    throw isNotBuilt(error) ? notBuilt(error) : error;
  }
}

/** Not there, or of another node. */
function isNotBuilt(error: unknown): boolean {
  const { code = "" } = error as { code?: string };
  return code === "MODULE_NOT_FOUND" || code.startsWith("ERR_DLOPEN");
}

/** npm 11 and later run the script of a dependency only if they are told to. */
function notBuilt(cause: unknown): PatchsigError {
  return new PatchsigError("unsupported", "SQLite's native part is not there, or of another node", {
    hint: "npm approve-scripts better-sqlite3, then npm rebuild better-sqlite3",
    cause,
  });
}
