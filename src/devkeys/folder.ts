/** patatt keyrings in folders. Names come from mails: never reads outside the folder. */

import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { join, sep } from "node:path";
import { type DevKey, type FindKey, hashedPath } from "../devsig/keyring.ts";
import { PatchsigError } from "../errors.ts";

/** An OpenPGP key with years of certifications is some 100 KiB. */
const MAX_KEY_BYTES = 1 << 20;
/** Cached answers, missing keys included. */
const MAX_REMEMBERED = 1024;

/**
 * Looks keys up in the folders, in order; the first with a file for the path decides.
 *
 * @throws PatchsigError "not-found" if a folder is none
 */
export function openKeyrings(folders: readonly string[]): FindKey {
  const roots = folders.map((folder) => ({ folder, root: rootOf(folder) }));
  const remembered = new Map<string, DevKey | null>();

  function look(path: string): DevKey | null {
    for (const { folder, root } of roots) {
      for (const name of [path, hashedPath(path)]) {
        const content = readWithin(root, name);
        if (content !== null) return { content, place: join(folder, name) };
      }
    }
    return null;
  }

  return (path) => {
    let key = remembered.get(path);
    if (key === undefined) {
      key = look(path);
      if (remembered.size >= MAX_REMEMBERED) remembered.clear();
      remembered.set(path, key);
    }
    return key;
  };
}

function rootOf(folder: string): string {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new PatchsigError("not-found", `no keyring folder ${folder}`, {
      hint: "named by --dev-keyring or patchsig.devKeyring",
    });
  return realpathSync(folder);
}

/** A regular file's content; links may point elsewhere in the root, as patatt's `default` does. */
function readWithin(root: string, path: string): Buffer | null {
  let fd: number;
  try {
    const real = realpathSync(join(root, path));
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) return null;
    // no waiting for a FIFO's writer
    fd = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > MAX_KEY_BYTES) return null;
    const content = Buffer.alloc(stat.size);
    const length = readSync(fd, content);
    return content.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
