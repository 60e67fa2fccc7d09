/**
 * Finds what would block git forever in somebody else's repository: an archive can hold a FIFO in
 * place of any file, or lead git to one. Runs before git is started there.
 */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PatchsigError } from "../errors.ts";

/** Folders of an object store (gitrepository-layout(5)). */
const OBJECT_FOLDERS = /^(?:pack|info|[0-9a-f]{2})$/;

/** `[include]` or `[includeIf "…"]`, and its settings. */
const INCLUDE = /\[\s*include[^\]\n]*\]([^[]*)/gi;
const PATH = /^\s*path\s*=\s*([\w./+@, -]*\w)\s*$/i;
/** Bytes of a config file, or of an alternates file. */
const MAX_TEXT = 1 << 20;

/**
 * @param repository a bare one
 * @throws PatchsigError "unreadable", with the name of what would block git, or lead it away
 */
export function refuseWaiting(repository: string): void {
  refuseAway(repository);
  const folders = [repository];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop())
    folders.push(...foldersIn(folder));
  const stores = alternatesOf(join(repository, "objects"));
  const seen = new Set<string>();
  for (let store = stores.pop(); store !== undefined; store = stores.pop()) {
    if (seen.has(store)) continue;
    seen.add(store);
    for (const folder of objectFolders(store)) foldersIn(folder);
    stores.push(...alternatesOf(store));
  }
}

/** A config may include one for all epochs (public-inbox-v2-format(5)), and others. */
function refuseAway(repository: string): void {
  if (statSync(join(repository, "commondir"), { throwIfNoEntry: false }) !== undefined)
    throw notStarted(join(repository, "commondir"), "leads git to another repository");
  const files = ["config", "config.worktree"].map((name) => join(repository, name));
  const seen = new Set<string>();
  for (let file = files.pop(); file !== undefined; file = files.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    files.push(...includedBy(file));
  }
}

/** Accepts only what git config writes: other syntax might lead git elsewhere than it seems. */
function includedBy(file: string): string[] {
  return [...textOf(file).matchAll(INCLUDE)].flatMap(([, section]) =>
    section!
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => {
        const [, path] = PATH.exec(line) ?? [];
        if (path === undefined) throw notStarted(file, "includes another file in unusual words");
        return resolve(dirname(file), path);
      }),
  );
}

/** Subfolders; all else must be files. */
function foldersIn(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    if (entry.isFile()) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return [path];
    const led = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
    if (led === undefined || led.isFile()) return [];
    throw notStarted(path, led.isDirectory() ? "leads to another folder" : "is no file");
  });
}

function objectFolders(store: string): string[] {
  return entriesOf(store)
    .filter(({ name }) => OBJECT_FOLDERS.test(name))
    .map(({ name }) => join(store, name));
}

/** Alternate object stores, a line each. */
function alternatesOf(store: string): string[] {
  return textOf(join(store, "info", "alternates"))
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => resolve(store, line));
}

/** "" if it is not there; git reports what it cannot read. */
function textOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return "";
  if (!stat.isFile()) throw notStarted(file, "is no file");
  if (stat.size > MAX_TEXT) throw notStarted(file, "is too large");
  return readFileSync(file, "latin1");
}

function entriesOf(folder: string): ReturnType<typeof list> {
  try {
    return list(folder);
  } catch {
    return [];
  }
}

const list = (folder: string) => readdirSync(folder, { withFileTypes: true });

function notStarted(path: string, what: string): PatchsigError {
  return new PatchsigError("unreadable", `${path} ${what}: git is not started there`);
}
