/** Files are replaced whole or not at all. */

import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { CliError } from "../errors.ts";

/**
 * Writes a file. An existing one keeps its mode, and a symlink stays one.
 *
 * @throws CliError "disk-full" or "unwritable"; what was there before is then as it was
 */
export function replaceFile(path: string, bytes: Buffer): void {
  writing(path, () => {
    const stat = statSync(path, { throwIfNoEntry: false });
    put(stat === undefined ? path : realpathSync(path), bytes, stat?.mode);
  });
}

/** The same, but what has the name gives way, be it a symlink; the new file has this mode. */
export function placeFile(path: string, bytes: Buffer, mode: number): void {
  writing(path, () => put(path, bytes, mode));
}

/**
 * In a folder of its own until it is whole: git send-email sends all files of a folder, hidden ones
 * too, and one that a killed run left there would be sent.
 */
function put(target: string, bytes: Buffer, mode: number | undefined): void {
  const folder = mkdtempSync(join(dirname(target), ".patchsig-"));
  try {
    const draft = join(folder, "new");
    const fd = openSync(draft, "wx");
    try {
      writeFileSync(fd, bytes);
      // not to be narrowed by the umask
      if (mode !== undefined) fchmodSync(fd, mode & 0o777);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const FULL: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT"]);

function writing(path: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    const full = FULL.has((cause as NodeJS.ErrnoException).code);
    throw new CliError(
      full ? "disk-full" : "unwritable",
      full ? `the disk is full: ${path} is not written` : `cannot write ${path}`,
      { cause },
    );
  }
}
