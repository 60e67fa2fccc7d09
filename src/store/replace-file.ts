/** Files are replaced whole or not at all; what is no file, a device or a FIFO, is written to. */

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { PatchsigError } from "../errors.ts";
import { writeWhole, writing } from "./whole-file.ts";

/**
 * Writes what the user has named. An existing file keeps its mode, and a symlink stays one; a
 * device, FIFO or pipe (/dev/null, /dev/stdout) is written to, and stays what it is.
 *
 * @throws PatchsigError "disk-full" or "unwritable", what was there before is then as it was; "refused" for
 *   a symlink that somebody else has made
 */
export function replaceFile(path: string, bytes: Buffer): void {
  refusePlanted(path);
  writing(path, () => {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) put(path, bytes, undefined);
    else if (stat.isFile()) put(realpathSync(path), bytes, stat.mode);
    else writeThrough(path, bytes);
  });
}

/**
 * Writes a file whose name we chose: a symlink or a file of that name gives way, all else is an
 * error. An existing file keeps its mode unless one is given.
 */
export function placeFile(path: string, bytes: Buffer, mode?: number): void {
  writing(path, () => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isFile() && !stat.isSymbolicLink())
      throw new Error("not a regular file");
    put(path, bytes, mode ?? (stat?.isFile() === true ? stat.mode : undefined));
  });
}

const MAX_LINKS = 40;

/**
 * Follows the links at the end of a path, as far as the user or root has made them: in a folder that
 * others can write to, another's link leads where that one wants.
 *
 * @throws PatchsigError "refused"
 */
export function refusePlanted(path: string): void {
  let name = resolve(path);
  for (let links = 0; links < MAX_LINKS; links++) {
    const stat = lstatSync(name, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink() !== true) return;
    if (stat.uid !== 0 && stat.uid !== process.geteuid?.())
      throw new PatchsigError("refused", `${name} is a symbolic link that another user made`, {
        hint: "if you mean the file that it points to, name that",
      });
    name = resolve(dirname(name), readlinkSync(name));
  }
}

/** Nothing is made anew: only what is there, and is no file, is written to. */
function writeThrough(path: string, bytes: Buffer): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NOCTTY);
  try {
    if (fstatSync(fd).isFile()) throw new Error("it has become a file");
    writeFileSync(fd, bytes);
  } finally {
    closeSync(fd);
  }
}

/** @param mode not to be narrowed by the umask; of a new file it is what the umask leaves */
function put(target: string, bytes: Buffer, mode: number | undefined): void {
  writeWhole(target, bytes, mode === undefined ? {} : { exactMode: mode & 0o777 });
}
