/** One mail of a file again, by the place that `readSource` gave it. */

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { basename, dirname } from "node:path";
import { type MboxMessage, MboxSplitter } from "../mail/mbox.ts";
import { hasBothFolders, mailsIn } from "./maildir.ts";
import type { SourceMail } from "./item.ts";
import { isThere, reading } from "./reading.ts";

/** A From line is above the mail; the splitter has to see it. */
const MAX_FROM_LINE = 1_032;

/**
 * The mail at a place; null if no mail is there any more. A mail of a maildir is found where it moved.
 *
 * @param place `FILE` or `FILE:OFFSET`
 * @throws PatchsigError "unreadable"
 */
export function mailOfFile(place: string): SourceMail | null {
  const [, file = place, digits = "0"] = /^(.+):(\d{1,15})$/s.exec(place) ?? [];
  const path = isThere(file) ? file : movedTo(file);
  if (path === null) return null;
  const fd = reading(file, () => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
  try {
    const stat = fstatSync(fd);
    const offset = Number(digits);
    if (!stat.isFile() || offset > stat.size) return null;
    const start = offset === 0 ? 0 : fromLineAbove(fd, offset);
    const mail = firstMail(fd, file, start);
    return mail === undefined ? null : { source: place, bytes: mail.bytes, size: mail.size };
  } finally {
    closeSync(fd);
  }
}

/** Most mails are shorter. */
const FIRST_READ = 16 << 10;
const MAX_READ = 1 << 20;

/** Reads little beyond it, however long it is: the mails below it would be cut, too. */
function firstMail(fd: number, file: string, start: number): MboxMessage | undefined {
  const splitter = new MboxSplitter({ startsAt: start, keepCr: true });
  for (let at = start, size = FIRST_READ; ; size = Math.min(2 * size, MAX_READ)) {
    const chunk = Buffer.allocUnsafeSlow(size);
    const length = reading(file, () => readSync(fd, chunk, 0, size, at));
    if (length === 0) return splitter.end()[0];
    const [mail] = splitter.push(chunk.subarray(0, length));
    if (mail !== undefined) return mail;
    at += length;
  }
}

/** Where the line above begins. */
function fromLineAbove(fd: number, offset: number): number {
  const from = Math.max(0, offset - MAX_FROM_LINE);
  const above = Buffer.alloc(offset - from);
  readSync(fd, above, 0, above.length, from);
  return from + above.lastIndexOf(0x0a, above.length - 2) + 1;
}

/** In a maildir, a mail keeps its name up to `:2,`. */
function movedTo(file: string): string | null {
  const maildir = dirname(dirname(file));
  if (!hasBothFolders(maildir)) return null;
  return mailsIn(maildir).get(basename(file).split(":2,", 1)[0]!) ?? null;
}
