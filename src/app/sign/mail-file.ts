/** A file of mails that are signed in place: a patch file, a mail, an mbox. */

import { readFileSync, statSync } from "node:fs";
import { PatchsigError } from "../../errors.ts";
import { shellCommand, shellWord } from "../../primitives/shell.ts";
import { messages } from "../../mail/mbox.ts";
import { looksLikeMail, notAMail } from "../../source/file.ts";
import { readStdin } from "../../source/reading.ts";
import type { MailToSign } from "./signing.ts";

/** A larger file is no series of patches, and would be held in memory several times over. */
const MAX_FILE = 128 << 20;

/** A file or stdin, and the mails in it. */
export interface SplitMailFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly mails: readonly { start: number; end: number; mail: Buffer }[];
}

/** Reads a file or, for `-`, stdin. PatchsigError: as the file cannot be read, or is no mail. */
export function readMailFile(name: string): SplitMailFile {
  return mailFileOf(name, readWhole(name));
}

/** The same of a file that was read. PatchsigError "not-a-mail", "too-large". */
export function mailFileOf(name: string, bytes: Buffer): SplitMailFile {
  if (!looksLikeMail(bytes)) throw notAMail(name, bytes);
  const mails = messages(bytes, { keepCr: true }).map(({ offset, size, bytes: mail }) => {
    if (mail === null) throw new PatchsigError("too-large", `${name}: a mail of ${size} bytes`);
    return { start: offset, end: offset + size, mail };
  });
  return { name, bytes, mails };
}

function readWhole(name: string): Buffer {
  if (name === "-") {
    const bytes = readStdin(MAX_FILE);
    if (bytes === null) throw tooLarge("standard input");
    return bytes;
  }
  const stat = statSync(name, { throwIfNoEntry: false });
  if (stat === undefined) throw new PatchsigError("not-found", `no such file: ${name}`);
  if (stat.isDirectory())
    throw new PatchsigError("unreadable", `${name} is a directory`, {
      hint: `name the files: ${shellWord(name)}/*.patch`,
    });
  if (!stat.isFile())
    throw new PatchsigError("unreadable", `${name} is not a file that can be signed in place`, {
      hint: "without a file name, standard input is signed",
    });
  if (stat.size > MAX_FILE) throw tooLarge(name);
  try {
    return readFileSync(name);
  } catch (error) {
    throw new PatchsigError("unreadable", `cannot read ${name}`, { cause: error });
  }
}

/** PatchsigError "unwritable" if it is read-only: it could be replaced, but its owner meant otherwise. */
export function checkWritable(name: string): void {
  if (name === "-") return;
  const stat = statSync(name, { throwIfNoEntry: false });
  if (stat === undefined || (stat.mode & 0o222) !== 0) return;
  throw new PatchsigError("unwritable", `${name} is read-only`, {
    hint: shellCommand("chmod u+w", name),
  });
}

function tooLarge(name: string): PatchsigError {
  return new PatchsigError("too-large", `${name} is too large to be patches`);
}

/** Its mails, to be signed. */
export function mailsToSign(file: SplitMailFile): MailToSign[] {
  const { name, mails } = file;
  return mails.map(({ mail }, i) => ({
    name: mails.length === 1 ? name : `${name}, mail ${i + 1}`,
    mail,
  }));
}

const FROM_COMMIT = /^From ([0-9a-f]{40}|[0-9a-f]{64}) Mon Sep 17 00:00:00 2001\r?\n$/;

/** The commit that git names in the From line above a patch. Only zeros are none: `--zero-commit`. */
export function commitOf(fromLine: Buffer): string | null {
  const name = FROM_COMMIT.exec(fromLine.toString("latin1"))?.[1] ?? null;
  return name === null || /^0+$/.test(name) ? null : name;
}

/** The file with the signed mails in the place of the old ones. */
export function rewritten(file: SplitMailFile, mails: readonly (Buffer | null)[]): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const [i, mail] of mails.entries()) {
    const { start, end } = file.mails[i]!;
    if (mail === null) continue;
    pieces.push(file.bytes.subarray(at, start), mail);
    at = end;
  }
  pieces.push(file.bytes.subarray(at));
  return Buffer.concat(pieces);
}
