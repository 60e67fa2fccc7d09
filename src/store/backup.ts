/** Backs up the trust database while others write, and restores it. */

import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, openSync, closeSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { PatchsigError } from "../errors.ts";
import { openSqlite } from "./sqlite.ts";
import { checkWhole, DRAFT_FILES, explainedFile, hasLog, inspect } from "./database.ts";
import { foreignLog, STAMP } from "./log-check.ts";
import { TRUST_SCHEMA } from "./schema.ts";
import { linkOrCopy, syncPath } from "./whole-file.ts";
import { makeFolders } from "../places.ts";

/**
 * Writes a consistent copy (0600) even while others write.
 *
 * @throws PatchsigError "exists", and what opening a database throws
 */
export function backUp(file: string, target: string): void {
  checkTarget(target);
  if (!existsSync(file)) throw new PatchsigError("not-found", "there is no trust database yet");
  explainedFile(TRUST_SCHEMA, file, () => {
    inspect(TRUST_SCHEMA, file);
    // not read-only: that would leave log and lock files behind
    const db = openSqlite(file, { fileMustExist: true, timeout: 10_000 });
    try {
      writeCopy(target, (draft) => {
        // an empty file is one that "vacuum into" fills, and keeps the mode of
        closeSync(openSync(draft, "wx", 0o600));
        db.prepare("vacuum into ?").run(draft);
        stampAnew(draft);
      });
    } finally {
      db.close();
    }
  });
}

/** @throws PatchsigError "exists" */
export function checkTarget(target: string): void {
  if (existsSync(target)) throw new PatchsigError("exists", `${target} exists already`);
}

/** Gives a database its name once it is complete. */
export function writeCopy(target: string, fill: (draft: string) => void): void {
  const to = path.resolve(target);
  if (!existsSync(path.dirname(to)))
    throw new PatchsigError("unwritable", `cannot write ${target}: there is no such folder`);
  const draft = draftBeside(to);
  try {
    fill(draft);
    syncPath(draft);
    linkOrCopy(draft, to);
    syncPath(path.dirname(to));
  } finally {
    for (const suffix of DRAFT_FILES) rmSync(draft + suffix, { force: true });
  }
}

/**
 * Replaces the database by a copy. Keeps the old one beside it, under the returned name; null if there was
 * none.
 *
 * @param stamp makes the name of the old database unique
 * @throws PatchsigError "bad-database" if the copy is none of ours or is damaged, "refused" if it is not
 *   whole without its log, "database-busy" if a process has the database open; then nothing has
 *   changed
 */
export function restore(file: string, from: string, stamp: string): string | null {
  return withCopy(file, from, (draft) =>
    explainedFile(TRUST_SCHEMA, file, () => {
      syncPath(draft);
      const kept = existsSync(file) ? `${file}.before-${stamp}` : null;
      const release = kept === null ? null : setAside(file, kept);
      try {
        renameSync(draft, file);
      } finally {
        release?.();
      }
      syncPath(path.dirname(file));
      return kept;
    }),
  );
}

/**
 * Gives `use` a copy of a database, whole and of the present version, which lies beside `file` and is gone
 * afterwards.
 *
 * @throws PatchsigError as `restore`
 */
export function withCopy<T>(file: string, from: string, use: (draft: string) => T): T {
  const source = path.resolve(from);
  if (!existsSync(source)) throw new PatchsigError("not-found", `no such file: ${from}`);
  makeFolders(path.dirname(file), 0o700);
  const draft = draftBeside(file);
  try {
    explainedFile(TRUST_SCHEMA, source, () => {
      inspect(TRUST_SCHEMA, source);
      // without its log, the latest changes would silently be missing
      if (hasLog(source))
        throw new PatchsigError(
          "refused",
          `${from} has a log beside it, ${path.basename(source)}-wal`,
          {
            hint: "git patchsig trust backup makes a consistent copy",
          },
        );
      closeSync(openSync(draft, "wx", 0o600));
      copyFileSync(source, draft);
      checkWhole(TRUST_SCHEMA, draft, source);
    });
    return use(draft);
  } finally {
    for (const suffix of DRAFT_FILES) rmSync(draft + suffix, { force: true });
  }
}

/**
 * Gives the old file a second name, with everything from its log; it also keeps the first name.
 *
 * @returns releases the old file. Nobody can open it before: its log would end up beside the new file
 */
function setAside(file: string, kept: string): () => void {
  // another file's log must not be merged into this one, not even in the kept copy
  if (foreignLog(TRUST_SCHEMA, file) !== null) moveLogs(file, kept);
  const db = openSqlite(file, { timeout: 1000 });
  try {
    try {
      // ends the log; fails while another process has the file open
      db.pragma("locking_mode = exclusive");
      db.pragma("journal_mode = delete");
      db.exec("begin exclusive");
    } catch (error) {
      const { code } = error as { code?: string };
      if (/^SQLITE_(BUSY|LOCKED)/.test(code ?? "")) throw error;
      // damaged: that may be why it is replaced. Its log must not meet the new file
      moveLogs(file, kept);
    }
    linkOrCopy(file, kept);
  } catch (error) {
    db.close();
    throw error;
  }
  return () => void db.close();
}

function moveLogs(file: string, kept: string): void {
  for (const suffix of ["-wal", "-shm", "-journal"])
    if (existsSync(file + suffix)) renameSync(file + suffix, kept + suffix);
}

/** A copy is a new file: its original's log must not count as its own. */
function stampAnew(file: string): void {
  const db = openSqlite(file);
  try {
    if ((db.pragma("user_version", { simple: true }) as number) >= TRUST_SCHEMA.stampedFrom!)
      db.exec(STAMP);
  } finally {
    db.close();
  }
}

function draftBeside(file: string): string {
  return `${file}.${randomBytes(6).toString("hex")}.new`;
}
