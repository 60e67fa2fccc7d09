/**
 * How far an mbox was read, as stored text: `START END DIGEST INODE MTIME`. The digest tells if the file was rotated,
 * truncated or rewritten since, and the end tells if its last mail was still being written. The others tell if another
 * file of the same length has taken its place.
 */

import { createHash } from "node:crypto";
import { readSync, type Stats } from "node:fs";
import { reading } from "./reading.ts";

/** The last processed mail, with its From line: bytes of the file. */
export interface Mark {
  /** 0 for the first mail of a file, whatever stands before it. */
  readonly start: number;
  /** Where the next From line was, or the end of the file. */
  readonly end: number;
}

/** How many bytes identify a mail: a From line and a header. */
const DIGESTED = 1024;

/** @param stat the file's, when it was opened */
export function formatMark(fd: number, name: string, mark: Mark, stat: Stats): string {
  return `${mark.start} ${mark.end} ${digestOf(fd, name, mark)} ${stat.ino} ${Math.floor(stat.mtimeMs)}`;
}

const MARK = /^(\d+) (\d+) ([0-9a-f]{16})(?: (\d+) (\d+))?$/;

/**
 * @param text what `formatMark` gave; null if the file was never read
 * @param size the file's, in bytes
 * @returns null if all of the file is to be read: its mail is not the one that was dealt with
 * @throws PatchsigError "unreadable"
 */
export function readMark(text: string | null, fd: number, name: string, size: number): Mark | null {
  const [, start, end, digest] = MARK.exec(text ?? "") ?? [];
  const mark = { start: Number(start), end: Number(end) };
  if (!(mark.start < mark.end && mark.end <= size)) return null;
  return digest === digestOf(fd, name, mark) ? mark : null;
}

/**
 * Has a program put another file of the same length here? A file that was only written to is the same one: mail
 * programs note in their mboxes what was read, in place. One that was only copied has its time.
 *
 * @param text what `formatMark` gave
 */
export function isReplacedMbox(text: string, { size, ino, mtimeMs }: Stats): boolean {
  const [, , end, , inode, mtime] = MARK.exec(text) ?? [];
  if (inode === undefined || Number(end) !== size) return false;
  return inode !== String(ino) && mtime !== String(Math.floor(mtimeMs));
}

/**
 * Is the mail that now ends at `end` still the processed one? An empty line may have been added, above
 * the From line of the next one.
 *
 * @throws PatchsigError "unreadable"
 */
export function isSameMail(fd: number, name: string, last: Mark, end: number): boolean {
  if (end === last.end) return true;
  if (end < last.end || end > last.end + 2) return false;
  const bytes = Buffer.alloc(end - last.end + 1);
  reading(name, () => readSync(fd, bytes, 0, bytes.length, last.end - 1));
  return /^\n\r?\n$/.test(bytes.toString("latin1"));
}

function digestOf(fd: number, name: string, { start, end }: Mark): string {
  const bytes = Buffer.alloc(Math.min(DIGESTED, end - start));
  const length = reading(name, () => readSync(fd, bytes, 0, bytes.length, start));
  return createHash("sha256").update(bytes.subarray(0, length)).digest("hex").slice(0, 16);
}
