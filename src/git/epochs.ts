/** The git repositories of a public-inbox, and how to start git there. */

import { readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { StartOptions } from "./run.ts";

/** One repository of an inbox. */
export interface Epoch {
  /** As given. */
  readonly repository: string;
  /** The same by whatever name. */
  readonly name: string;
}

/**
 * The epochs of the inbox in this folder, oldest first; null if it is none. A folder that is a
 * repository itself may be one: `readInbox` asks git.
 */
export function epochsOf(folder: string): Epoch[] | null {
  const below = join(folder, "git");
  const numbered = isFolder(below)
    ? readdirSync(below)
        .filter((name) => /^\d+\.git$/.test(name) && isRepository(join(below, name)))
        .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
        .map((name) => join(below, name))
    : [];
  const found = numbered.length > 0 ? numbered : isRepository(folder) ? [folder] : [];
  if (found.length === 0) return null;
  return found.map((repository) => ({ repository, name: realpathSync(repository) }));
}

function kindOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function isFolder(path: string): boolean {
  return kindOf(path)?.isDirectory() === true;
}

/**
 * Does it look like a bare repository? A working tree is not a source of mail; and git would wait
 * for ever on a FIFO.
 */
function isRepository(path: string): boolean {
  const config = kindOf(join(path, "config"));
  return (
    kindOf(join(path, "HEAD"))?.isFile() === true &&
    (config === undefined || config.isFile()) &&
    isFolder(join(path, "objects")) &&
    isFolder(join(path, "refs"))
  );
}

/** Makes git use this folder, not a repository around it. */
export function placeOf(epoch: Epoch): StartOptions {
  const env = { GIT_CEILING_DIRECTORIES: dirname(epoch.name) };
  return { cwd: epoch.repository, elsewhere: true, env };
}
