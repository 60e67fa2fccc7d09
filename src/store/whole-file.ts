/** Writes files atomically: a file appears under its name whole or not at all. */

import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { PatchsigError, systemWords } from "../errors.ts";

export interface WholeFile {
  /** The mode of a new file, before the umask: 0666 unless given. */
  readonly mode?: number;
  /** The final mode, whatever the umask. */
  readonly exactMode?: number;
  /** Gives the draft its name; by default it replaces what has it. */
  readonly publish?: (draft: string, name: string) => void;
}

/**
 * Writes and syncs a draft beside the file, then gives it its name.
 *
 * The draft has a folder of its own: git send-email sends all files of a folder, hidden ones too,
 * and would send one that a killed run left.
 *
 * @throws what node:fs throws; the old file is then unchanged
 */
export function writeWhole(
  name: string,
  content: Buffer | string,
  { mode = 0o666, exactMode, publish = renameSync }: WholeFile = {},
): void {
  const folder = mkdtempSync(join(dirname(name), ".patchsig-"));
  try {
    const draft = join(folder, "new");
    writeSynced(draft, content, mode, exactMode);
    publish(draft, name);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Writes a new file, and syncs it to the disk.
 *
 * @param mode before the umask
 * @param exactMode the final mode, whatever the umask
 * @throws what node:fs throws
 */
export function writeSynced(
  name: string,
  content: Buffer | string,
  mode = 0o666,
  exactMode?: number,
): void {
  const fd = openSync(name, "wx", mode);
  try {
    writeFileSync(fd, content);
    if (exactMode !== undefined) fchmodSync(fd, exactMode);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Gives a finished file a second name; EEXIST if that is taken. */
export function linkOrCopy(file: string, name: string): void {
  try {
    linkSync(file, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error;
    // no hard links here: a reader in mid-copy gets a clear error
    copyFileSync(file, name, constants.COPYFILE_EXCL);
    syncPath(name);
  }
}

/** Syncs a file's data, or a directory's names, to the disk. */
export function syncPath(name: string): void {
  const fd = openSync(name, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

/**
 * Runs `write`; what node:fs throws becomes a PatchsigError about `path`.
 *
 * @param doing the verb for the message
 * @throws PatchsigError "disk-full" or "unwritable"
 */
export function writing(path: string, write: () => void, doing = "write"): void {
  try {
    write();
  } catch (cause) {
    if (cause instanceof PatchsigError) throw cause;
    const { code = "" } = cause as NodeJS.ErrnoException;
    if (FULL.has(code))
      throw new PatchsigError("disk-full", `the disk is full: ${path} is not written`, { cause });
    throw new PatchsigError("unwritable", `cannot ${doing} ${path}: ${systemWords(cause)}`, {
      cause,
    });
  }
}
