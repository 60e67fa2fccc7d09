/** Files are replaced whole or not at all. */

import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { CliError } from "../errors.ts";

/**
 * Writes a file. An existing one keeps its mode, and a symlink stays one.
 *
 * @throws CliError "disk-full" or "unwritable"; what was there before is then as it was
 */
export function replaceFile(path: string, bytes: Buffer): void {
  let temporary: string | null = null;
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    const target = stat === undefined ? path : realpathSync(path);
    const random = randomBytes(6).toString("hex");
    const draft = join(dirname(target), `.${basename(target).slice(0, 200)}.${random}.tmp`);
    const fd = openSync(draft, "wx", (stat?.mode ?? 0o666) & 0o777);
    temporary = draft;
    try {
      writeFileSync(fd, bytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, target);
  } catch (error) {
    if (temporary !== null) rmSync(temporary, { force: true });
    const full = (error as NodeJS.ErrnoException).code === "ENOSPC";
    throw new CliError(
      full ? "disk-full" : "unwritable",
      full ? `the disk is full: ${path} is not written` : `cannot write ${path}`,
      { cause: error },
    );
  }
}
