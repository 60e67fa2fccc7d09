/**
 * The user's home folder and the temporary folder, for the shell around the core. If one is not set,
 * the current folder never takes its place: it may be a repository that others made.
 */

import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { PatchsigError, systemWords } from "./errors.ts";

/** Throws a PatchsigError "not-found" if there is none: HOME empty or relative, or nobody with this uid. */
export function homeFolder(): string {
  let home = "";
  try {
    home = homedir();
  } catch {
    // HOME is not set, and the user database does not know this uid
  }
  if (isAbsolute(home)) return home;
  const why = home === "" ? "HOME is empty or not set" : `HOME is ${home}, which is relative`;
  throw new PatchsigError("not-found", `there is no home folder: ${why}`, {
    hint: "set HOME, as in HOME=/home/you",
  });
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The data folder: `$XDG_DATA_HOME/patchsig`, by default ~/.local/share/patchsig. A relative
 * XDG_DATA_HOME is ignored, as its specification demands.
 */
export function dataFolder(environment: Variables, home: () => string = homeFolder): string {
  return baseFolder(environment["XDG_DATA_HOME"], () => join(home(), ".local", "share"));
}

/** For what can be made again: `$XDG_CACHE_HOME/patchsig`, by default ~/.cache/patchsig. */
function cacheFolder(environment: Variables, home: () => string = homeFolder): string {
  return baseFolder(environment["XDG_CACHE_HOME"], () => join(home(), ".cache"));
}

/**
 * Where the index of mails is.
 *
 * @param only where the one is that has these sources and no other; null for the usual one, of all that was ever indexed
 */
export function indexFile(environment: Variables, only: readonly string[] | null = null): string {
  const digest = (sources: readonly string[]): string =>
    createHash("sha256").update(JSON.stringify(sources.toSorted())).digest("hex").slice(0, 16);
  const name = only === null ? "index.db" : `index-${digest(only)}.db`;
  return join(cacheFolder(environment), name);
}

function baseFolder(set: string | undefined, standard: () => string): string {
  return join(set !== undefined && isAbsolute(set) ? set : standard(), "patchsig");
}

/** Makes a folder (0700) for temporary files. Throws a PatchsigError "unwritable" if it cannot. */
export function temporaryFolder(prefix: string): string {
  const place = tmpdir();
  const hint = "set TMPDIR to a folder that is there and can be written";
  if (!isAbsolute(place))
    throw new PatchsigError("unwritable", `TMPDIR is ${place}, which is relative`, { hint });
  try {
    return mkdtempSync(join(place, prefix));
  } catch (cause) {
    const why = systemWords(cause);
    throw new PatchsigError("unwritable", `cannot make a temporary folder in ${place}: ${why}`, {
      hint,
      cause,
    });
  }
}

/**
 * Makes a folder, and those above it that are missing. (node's own recursive mkdir never ends where the
 * system says ENOENT of a folder that lies in one that is there, as in /proc.)
 *
 * @param mode of each that is made, less the umask
 * @throws what node:fs throws; ENOTDIR for what is there and is none
 */
export function makeFolders(folder: string, mode = 0o777): void {
  if (isFolder(folder)) return;
  if (dirname(folder) !== folder) makeFolders(dirname(folder), mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // another process may have made it meanwhile
    if (isFolder(folder)) return;
    const isThere = (error as NodeJS.ErrnoException).code === "EEXIST";
    throw isThere ? Object.assign(new Error(`no folder: ${folder}`), { code: "ENOTDIR" }) : error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
