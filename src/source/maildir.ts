/** Maildirs: a file a mail, in `new` and `cur`, in the order of delivery (Dan Bernstein's maildir(5)). */

import { readdirSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";

const FOLDERS = ["new", "cur"];

/** @param isDirectory false also for what is not there */
export function isMaildir(path: string, isDirectory: (path: string) => boolean): boolean {
  return FOLDERS.every((folder) => isDirectory(join(path, folder)));
}

/** Its files, the oldest first. Throws the file system's errors. */
export function maildirFiles(path: string): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(path, folder))
      .filter((name) => !name.startsWith("."))
      .map((name) => [name, join(path, folder, name)] as const),
  )
    .sort(([a], [b]) => byNumbers(a, b))
    .map(([, file]) => file);
}

/** What the names of its mails' cursors begin with. */
export function cursorPrefix(path: string): string {
  return `maildir ${realpathSync(path)}/`;
}

/** The cursor of one mail. It stays the same when the mail is moved to `cur`, or gets other flags. */
export function cursorName(path: string, file: string): string {
  return cursorPrefix(path) + basename(file).replace(/:2,.*$/s, "");
}

/**
 * Names begin with the time of delivery, and what follows counts on: runs of digits are compared as
 * numbers (as dovecot and mutt name files).
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
