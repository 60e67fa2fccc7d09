/** Files are replaced whole or not at all. */

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
 * Writes `bytes` over an existing file, which keeps its mode; a symlink stays one.
 *
 * @throws CliError "disk-full" or "unwritable"; the file is then as it was
 */
export function replaceFile(path: string, bytes: Buffer): void {
  let temporary: string | null = null;
  try {
    const target = realpathSync(path);
    const { mode } = statSync(target);
    const draft = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
    const fd = openSync(draft, "wx", mode & 0o777);
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
      full ? `the disk is full: ${path} is as it was` : `cannot write ${path}`,
      { cause: error },
    );
  }
}
