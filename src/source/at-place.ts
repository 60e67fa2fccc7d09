/** One mail of a file again, by the place that `readSource` gave it. */

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { basename, dirname } from "node:path";
import { type MboxMessage, MboxSplitter } from "../mail/mbox.ts";
import { hasBothFolders, mailsIn } from "./maildir.ts";
import type { SourceMail } from "./item.ts";
import { chunksOf, isThere, reading } from "./reading.ts";

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

function firstMail(fd: number, file: string, start: number): MboxMessage | undefined {
  const splitter = new MboxSplitter({ startsAt: start, keepCr: true });
  const head = Buffer.alloc(FIRST_READ);
  const length = reading(file, () => readSync(fd, head, 0, head.length, start));
  const [short] = splitter.push(head.subarray(0, length));
  if (short !== undefined) return short;
  for (const chunk of chunksOf(fd, file, () => {}, 0, start + length)) {
    const [mail] = splitter.push(chunk);
    if (mail !== undefined) return mail;
  }
  return splitter.end()[0];
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
