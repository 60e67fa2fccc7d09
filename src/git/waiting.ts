/**
 * What git would wait at without end in a repository that came from somebody else: an archive can hold
 * a FIFO in the place of any file, or lead git to one. Looked at before git is started there.
 */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { CliError } from "../errors.ts";

/** Folders of an object store (gitrepository-layout(5)). */
const OBJECT_FOLDERS = /^(?:pack|info|[0-9a-f]{2})$/;

/**
 * @param repository a bare one
 * @throws CliError "unreadable", with the name of what git would wait at, or be led away by
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

/** Settings that lie elsewhere: an inbox has none. */
function refuseAway(repository: string): void {
  if (statSync(join(repository, "commondir"), { throwIfNoEntry: false }) !== undefined)
    throw refused(join(repository, "commondir"), "leads git to another repository");
  for (const name of ["config", "config.worktree"]) {
    const file = join(repository, name);
    if (/\[\s*include/i.test(textOf(file))) throw refused(file, "includes another file");
  }
}

/** Folders below; all else has to be files. */
function foldersIn(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    if (entry.isFile()) return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return [path];
    const led = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
    if (led === undefined || led.isFile()) return [];
    throw refused(path, led.isDirectory() ? "leads to another folder" : "is no file");
  });
}

function objectFolders(store: string): string[] {
  return entriesOf(store)
    .filter(({ name }) => OBJECT_FOLDERS.test(name))
    .map(({ name }) => join(store, name));
}

/** Other object stores that git looks into, a line each. */
function alternatesOf(store: string): string[] {
  return textOf(join(store, "info", "alternates"))
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => resolve(store, line));
}

/** "" of what is not there; git says what it cannot read. */
function textOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return "";
  if (!stat.isFile()) throw refused(file, "is no file");
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

function refused(path: string, what: string): CliError {
  return new CliError("unreadable", `${path} ${what}: git is not started there`);
}
