/** The files of a keyring in a folder. Symlinks are not followed, and nothing outside is read. */

import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
} from "node:fs";
import { join } from "node:path";
import { PATATT_FOLDERS } from "../devsig/import.ts";
import { PatchsigError } from "../errors.ts";
import {
  KEYRING_FOLDERS,
  type KeyringFile,
  MAX_KEYRING_FILE,
  MAX_KEYRING_FILES,
} from "../trust/keyring.ts";

/** Depth of the files: minisign (or another top folder), domain, local part. Nothing deeper is read. */
const DEPTH = 3;

/**
 * @param tops the folders at the top in which keys lie; one of them has to be there
 * @throws PatchsigError: not-found, unreadable, too-large
 */
export function readKeyringFolder(
  folder: string,
  tops: readonly string[] = KEYRING_FOLDERS,
): KeyringFile[] {
  const files: KeyringFile[] = [];
  let entries = 0;

  function walk(path: string, depth: number): void {
    for (const entry of list(join(folder, path))) {
      if (++entries > MAX_KEYRING_FILES)
        throw new PatchsigError("too-large", `${folder} has too many files to be a keyring`);
      const below = `${path}/${entry.name}`;
      if (depth < DEPTH) {
        if (entry.isDirectory()) walk(below, depth + 1);
      } else if (entry.isFile()) files.push({ path: below, bytes: readSmall(join(folder, below)) });
      else if (!entry.isDirectory()) files.push({ path: below, bytes: null });
    }
  }

  const top = list(folder);
  const found = top.filter((entry) => tops.includes(entry.name) && entry.isDirectory());
  if (found.length === 0) {
    const other = tops !== PATATT_FOLDERS && top.some(({ name }) => PATATT_FOLDERS.includes(name));
    throw new PatchsigError(
      "not-found",
      `${folder} is not a keyring: it has no folder ${tops.join(" or ")}`,
      other ? { hint: "--patatt if it is patatt's" } : {},
    );
  }
  for (const { name } of found) walk(name, 1);
  return files;
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    );
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw missing
      ? new PatchsigError("not-found", `no such keyring: ${folder}`, { cause })
      : new PatchsigError("unreadable", `cannot read the folder ${folder}`, { cause });
  }
}

/** The file's bytes; null if it is too large, or no longer a regular file. */
function readSmall(path: string): Buffer | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    if (!fstatSync(fd).isFile()) return null;
    const buffer = Buffer.alloc(MAX_KEYRING_FILE + 1);
    const length = readSync(fd, buffer, 0, buffer.length, 0);
    // a copy: most are much smaller than the buffer
    return length > MAX_KEYRING_FILE ? null : Buffer.from(buffer.subarray(0, length));
  } finally {
    closeSync(fd);
  }
}
