/**
 * A lock that the system takes back when its holder dies, however it dies: SQLite's own, on a file
 * of its own that holds nothing.
 */

import Database from "better-sqlite3";
import { CliError } from "../errors.ts";

/**
 * Takes the lock, or throws a CliError "database-busy" at once.
 *
 * @param file the lock's own; it stays
 * @param what for the message: "the bot's database …"
 * @returns gives it back
 */
export function takeLock(file: string, what: string): () => void {
  const db = new Database(file, { timeout: 0 });
  try {
    db.exec("pragma journal_mode = delete; begin exclusive");
  } catch (error) {
    db.close();
    if (!String((error as { code?: unknown }).code).startsWith("SQLITE_BUSY")) throw error;
    throw new CliError("database-busy", `another bot works on ${what}`, {
      hint: "two would write to everybody twice: stop that one first",
      cause: error,
    });
  }
  return () => db.close();
}
