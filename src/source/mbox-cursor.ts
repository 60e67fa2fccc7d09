/**
 * How far an mbox is read. A cursor names the last mail that was dealt with, and reading goes on at
 * that mail: if it has not changed it is passed over, and if it has grown, since it was still being
 * written, it is read again. If another stands there, the file was rotated or rewritten: then all of
 * it is read.
 */

import { createHash } from "node:crypto";
import { readSync } from "node:fs";

/** Bytes, in the file. */
export interface Extent {
  readonly offset: number;
  readonly size: number;
}

/** Bytes of a mail by which it is known again. */
const KNOWN_BY = 1024;
/** A From line is no longer than that. */
const FROM_LINE = 1100;

/** The cursor's value after a mail. */
export function cursorAfter(fd: number, mail: Extent): string {
  return `${mail.offset} ${mail.size} ${digestOf(fd, mail)}`;
}

/**
 * @param value of a cursor; null if there is none
 * @returns where to begin, in bytes, and the mail that stands there and was dealt with
 */
export function resume(
  fd: number,
  value: string | null,
): { readonly at: number; readonly done: Extent | null } {
  const [, offset, size, digest] = /^(\d+) (\d+) ([0-9a-f]{16})$/.exec(value ?? "") ?? [];
  const done = { offset: Number(offset), size: Number(size) };
  if (digest === undefined || digestOf(fd, done) !== digest) return { at: 0, done: null };
  const start = Math.max(0, done.offset - FROM_LINE);
  const before = readAt(fd, start, done.offset - start).toString("latin1");
  const line = before.lastIndexOf("\nFrom ");
  const at = line >= 0 ? start + line + 1 : start === 0 ? 0 : null;
  return at === null ? { at: 0, done: null } : { at, done };
}

/** Is this the mail that was dealt with, with nothing added? The empty line below it comes later. */
export function isSame(mail: Extent, done: Extent): boolean {
  return mail.offset === done.offset && mail.size <= done.size && mail.size >= done.size - 2;
}

function digestOf(fd: number, { offset, size }: Extent): string {
  const bytes = readAt(fd, offset, Math.min(size, KNOWN_BY));
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

function readAt(fd: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let done = 0;
  for (let n = 1; done < length && n > 0; done += n)
    n = readSync(fd, bytes, done, length - done, offset + done);
  return bytes.subarray(0, done);
}
