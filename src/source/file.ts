/** Mails from files: an mbox, a single mail, a directory of mails, a maildir, stdin. */

import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import { MboxSplitter } from "../mail/mbox.ts";

/** One mail and where it was found. */
export interface SourceMail {
  readonly source: string;
  /** Byte offset in the source. */
  readonly offset: number;
  /** The mail as `git mailsplit` would hand it on; null if it is larger than the limit. */
  readonly bytes: Buffer | null;
  /** Size in bytes as it stood in the source. */
  readonly size: number;
}

/** Called with the bytes read since the last call and the total so far, 0 if that is not known. */
export type OnRead = (bytes: number, total: number) => void;

const CHUNK = 1 << 20;
/** Bytes by which a mail is told from what is none. */
const SNIFFED = 2000;
const MAIL_FILE = /\.(?:patch|eml|mbox|mbx)$/;

/**
 * All mails of a source, in order, streamed.
 *
 * @param path a file, a directory or `-` for stdin
 * @throws CliError "not-found" or "unreadable"; "not-a-mail" if a file is no mail and no mbox
 */
export function* readSource(path: string, onRead: OnRead = () => {}): Generator<SourceMail> {
  if (path === "-") return yield* readDescriptor(0, "-", onRead);
  for (const file of filesOf(path)) {
    const fd = attempt(file, () => openSync(file, "r"));
    try {
      yield* readDescriptor(fd, file, onRead);
    } finally {
      closeSync(fd);
    }
  }
}

/** False also for what does not exist. */
export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** The file itself, or the mails of a directory: of a maildir `new` and `cur`, else by ending. */
function filesOf(path: string): string[] {
  if (!attempt(path, () => statSync(path)).isDirectory()) return [path];
  const list = (folder: string): string[] =>
    attempt(folder, () => readdirSync(folder))
      .filter((name) => !name.startsWith("."))
      .sort()
      .map((name) => join(folder, name));
  const maildir = ["new", "cur"].map((name) => join(path, name));
  return maildir.every(isDirectory)
    ? maildir.flatMap(list)
    : list(path).filter((file) => MAIL_FILE.test(file));
}

function* readDescriptor(fd: number, name: string, onRead: OnRead): Generator<SourceMail> {
  const stat = attempt(name, () => fstatSync(fd));
  if (stat.isDirectory())
    throw new CliError("unreadable", `${name} is a directory`, { hint: "name a mail or an mbox" });
  const total = stat.isFile() ? stat.size : 0;
  const splitter = new MboxSplitter();
  const found = (piece: ReturnType<MboxSplitter["end"]>[number]): SourceMail => ({
    source: name,
    offset: piece.offset,
    bytes: piece.bytes,
    size: piece.size,
  });
  for (let first = true; ; first = false) {
    const chunk = readChunk(fd, name, first ? SNIFFED : 1);
    if (chunk.length === 0) break;
    if (first && !looksLikeMail(chunk)) throw notAMail(name);
    onRead(chunk.length, total);
    for (const piece of splitter.push(chunk)) yield found(piece);
  }
  for (const piece of splitter.end()) yield found(piece);
}

/** All of standard input; null if it is more than `limit` bytes. */
export function readStdin(limit: number): Buffer | null {
  const pieces: Buffer[] = [];
  for (let size = 0; size <= limit;) {
    const chunk = readChunk(0, "-", CHUNK);
    if (chunk.length === 0) return Buffer.concat(pieces);
    pieces.push(chunk);
    size += chunk.length;
  }
  return null;
}

/** At least so many bytes, fewer only at the end: a pipe may bring them one by one. */
function readChunk(fd: number, name: string, least: number): Buffer {
  // the splitter keeps slices of what it was given, so every read has memory of its own
  const buffer = Buffer.allocUnsafe(CHUNK);
  let length = 0;
  while (length < least) {
    const more = readSome(fd, name, buffer.subarray(length));
    if (more === 0) break;
    length += more;
  }
  return buffer.subarray(0, length);
}

function readSome(fd: number, name: string, buffer: Buffer): number {
  for (;;) {
    try {
      return readSync(fd, buffer, 0, buffer.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw unreadable(name, error);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** A "From " line or a header field at the top, after blank lines; or nothing but those. */
export function looksLikeMail(chunk: Buffer): boolean {
  const text = chunk.toString("latin1", 0, SNIFFED).trimStart();
  return text === "" || /^(?:>?From |[!-9;-~]+[ \t]*:)/.test(text);
}

export function notAMail(name: string): CliError {
  const what = name === "-" ? "standard input" : name;
  return new CliError("not-a-mail", `${what} is no mail and no mbox`, {
    hint: "patchsig reads what git format-patch writes and what mail programs save",
  });
}

function attempt<T>(name: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw unreadable(name, error);
  }
}

function unreadable(name: string, error: unknown): CliError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT")
    return new CliError("not-found", `no such file: ${name}`, { cause: error });
  if (code === "EACCES")
    return new CliError("unreadable", `not allowed to read ${name}`, { cause: error });
  return new CliError("unreadable", `cannot read ${name}: ${message}`, { cause: error });
}
