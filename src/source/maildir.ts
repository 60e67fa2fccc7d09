/**
 * A maildir (maildir(5)): a file a mail, in `new` until a program has seen it, then in `cur`. The name
 * up to `:2,` stays the same while the mail moves and its flags, which stand after that, change.
 */

import { readdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { reading, isDirectory } from "./reading.ts";

const FOLDERS = ["new", "cur"];
const PARTS: ReadonlySet<string> = new Set([...FOLDERS, "tmp"]);

/**
 * Is it a maildir? `new` or `cur` alone is enough, as for git mailsplit, if nothing else is there: programs
 * that copy or pack folders drop empty ones.
 */
export function isMaildir(folder: string): boolean {
  return hasBothFolders(folder) || (foldersOf(folder).length > 0 && holdsNothingElse(folder));
}

/** With both folders: a mail that is in neither is gone. */
export function hasBothFolders(maildir: string): boolean {
  return foldersOf(maildir).length === FOLDERS.length;
}

function foldersOf(maildir: string): string[] {
  return FOLDERS.map((name) => join(maildir, name)).filter(isDirectory);
}

function holdsNothingElse(folder: string): boolean {
  try {
    return readdirSync(folder).every((name) => name.startsWith(".") || PARTS.has(name));
  } catch {
    return false;
  }
}

/**
 * The files of a maildir by the unique names of their mails, in the order of delivery.
 *
 * @throws PatchsigError: unreadable, not-found
 */
export function mailsIn(maildir: string): Map<string, string> {
  const found: [string, string][] = [];
  // in this order: a mail that moves meanwhile is seen in both, never in none
  for (const folder of foldersOf(maildir))
    for (const name of reading(folder, () => readdirSync(folder)))
      if (!name.startsWith(".")) found.push([name.split(":2,", 1)[0]!, join(folder, name)]);
  return new Map(found.sort(([a], [b]) => byNumbers(a, b)));
}

/**
 * The prefix of this maildir's cursor names; the rest is the mail's unique name. Maildirs may be nested,
 * as in dovecot: a `/` in the rest means another maildir.
 *
 * @throws PatchsigError: unreadable, not-found
 */
export function maildirPrefix(maildir: string): string {
  return `maildir ${reading(maildir, () => realpathSync(maildir))}/`;
}

/**
 * Names in a maildir begin with the time of delivery, and what follows counts on: runs of digits
 * are compared as numbers (Dan Bernstein's maildir, as dovecot and mutt name files).
 */
function byNumbers(a: string, b: string): number {
  const parts = (name: string): string[] => name.match(/\d+|\D+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const [x, y] = [left[i]!, right[i]!];
    if (x === y) continue;
    const difference = /^\d/.test(x) && /^\d/.test(y) ? Number(x) - Number(y) : 0;
    return difference !== 0 ? difference : x < y ? -1 : 1;
  }
  return left.length - right.length;
}
