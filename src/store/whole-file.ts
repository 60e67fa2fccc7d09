/** How a file comes under its name: whole or not at all, whatever happens meanwhile. */

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
import { PatchsigError } from "../errors.ts";

export interface WholeFile {
  /** The mode that a new file is made with, less what the umask takes: 0666 unless given. */
  readonly mode?: number;
  /** The mode that it has in the end, whatever the umask. */
  readonly exactMode?: number;
  /** Gives the draft its name: in the place of what has it, unless given. */
  readonly publish?: (draft: string, name: string) => void;
}

/**
 * Writes a file aside, in its folder and synced, and gives it its name then.
 *
 * The draft has a folder of its own: git send-email sends all files of a folder, hidden ones too,
 * and one that a killed run left there would be sent.
 *
 * @throws what node:fs throws; what was there before is then as it was
 */
export function writeWhole(
  name: string,
  content: Buffer | string,
  { mode = 0o666, exactMode, publish = renameSync }: WholeFile = {},
): void {
  const folder = mkdtempSync(join(dirname(name), ".patchsig-"));
  try {
    const draft = join(folder, "new");
    const fd = openSync(draft, "wx", mode);
    try {
      writeFileSync(fd, content);
      if (exactMode !== undefined) fchmodSync(fd, exactMode);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    publish(draft, name);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Gives a finished file a second name, which must be free: else an error EEXIST. */
export function linkOrCopy(file: string, name: string): void {
  try {
    linkSync(file, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error;
    // no hard links here: whoever opens it in mid-copy gets a clear error
    copyFileSync(file, name, constants.COPYFILE_EXCL);
    syncPath(name);
  }
}

/** What was written to a file, or a directory's names, is on the disk when this returns. */
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
 * @param doing what cannot be done, if it is not to write
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
    const why = code === "" ? "" : ` (${code})`;
    throw new PatchsigError("unwritable", `cannot ${doing} ${path}${why}`, { cause });
  }
}
