/** patatt keyrings in folders. Names come from mails: nothing outside the folder is ever read. */

import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { join, sep } from "node:path";
import {
  type DevKey,
  type FindKey,
  hashedPath,
  type KeyringEntry,
  parseKeyPath,
} from "../devsig/keyring.ts";
import { CliError } from "../errors.ts";

/** An OpenPGP key with years of certifications is some 100 KiB. */
const MAX_KEY_BYTES = 1 << 20;
/** Answers that are remembered, missing keys included. */
const MAX_REMEMBERED = 1024;
/** Keys that `readKeyring` takes from one folder. */
const MAX_KEYS = 100_000;

/**
 * Looks keys up in the folders, in their order; the first that has a file for the path decides.
 *
 * @throws CliError "not-found" if a folder is none
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

/**
 * Every key of a keyring, sorted by path. Files that are no keys by their path are passed over, and
 * so is `by-hash/`, which does not say whose the keys are.
 *
 * @throws CliError "not-found" if the folder is none, "too-large" if it has more than MAX_KEYS keys
 */
export function readKeyring(folder: string): KeyringEntry[] {
  const root = rootOf(folder);
  const entries: KeyringEntry[] = [];
  for (const path of filesBelow(root, "", 4)) {
    const name = parseKeyPath(path);
    if (name === null) continue;
    const content = readWithin(root, path);
    if (content === null) continue;
    if (entries.length >= MAX_KEYS)
      throw new CliError("too-large", `more than ${MAX_KEYS} keys in ${folder}`);
    entries.push({ ...name, content, place: join(folder, path) });
  }
  return entries;
}

/** Paths of what is no folder, `depth` levels down and no deeper; links to folders are not followed. */
function* filesBelow(root: string, path: string, depth: number): Generator<string> {
  if (depth === 0) return;
  const found = readdirSync(join(root, path), { withFileTypes: true });
  for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = path === "" ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(root, below, depth - 1);
    else yield below;
  }
}

function rootOf(folder: string): string {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new CliError("not-found", `no keyring folder ${folder}`, {
      hint: "named by --dev-keyring or patchsig.devKeyring",
    });
  return realpathSync(folder);
}

/** A regular file's content; links may lead elsewhere within the root, as patatt's `default` does. */
function readWithin(root: string, path: string): Buffer | null {
  let fd: number;
  try {
    const real = realpathSync(join(root, path));
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) return null;
    // no wait for the writer of a fifo
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
