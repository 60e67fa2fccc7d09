/** The one place that loads SQLite, and not before a database is opened: that takes a fifth of a start. */

import { createRequire } from "node:module";
import type Database from "better-sqlite3";

/** As `new Database` of better-sqlite3. */
export function openSqlite(file: string | Buffer, options?: Database.Options): Database.Database {
  const Sqlite = createRequire(import.meta.url)("better-sqlite3") as typeof Database;
  return new Sqlite(file, options);
}
