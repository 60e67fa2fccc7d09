/** Mails from files: an mbox, a single mail, a directory of mails, a maildir, stdin. Streamed. */

import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import { EMPTY } from "../mail/bytes.ts";
import { type MboxMessage, MboxSplitter } from "../mail/mbox.ts";
import { MAGIC_BYTES, unpacked } from "./compressed.ts";
import type { OnRead, Piece, Pieces, SourceMail } from "./piece.ts";

const CHUNK = 1 << 20;
/** Bytes by which a mail is told from what is none. */
const SNIFFED = 2000;
const MAIL_FILE = /\.(?:patch|eml|mbox|mbx)$/;

/**
 * All mails of a source, streamed: of a directory in the order of the names, of a maildir in that of
 * delivery, else as they stand in the file.
 *
 * @param path a file, a directory or `-` for stdin; a file may be compressed
 */
export async function* readSource(path: string, onRead: OnRead = () => {}): Pieces {
  if (path === "-") return yield* whole("-", () => cut(chunksOf(0, "-", onRead, 0), "-"));
  let files: string[];
  try {
    files = filesOf(path);
  } catch (error) {
    return yield [unread(path, error)];
  }
  for (const [i, file] of files.entries()) {
    yield* whole(file, () => readFile(file, files.length === 1 ? onRead : () => {}));
    if (files.length > 1) onRead(i + 1, files.length);
  }
}

/** False also for what does not exist, or may not be looked at. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** What an error ends is said as a piece of its own. */
async function* whole(name: string, read: () => Pieces): Pieces {
  try {
    yield* read();
  } catch (error) {
    yield [unread(name, error)];
  }
}

function unread(source: string, error: unknown): Piece {
  if (!(error instanceof CliError)) throw error;
  return { source, error };
}

/** The file itself, or the mails of a directory: of a maildir `new` and `cur`, else by ending. */
function filesOf(path: string): string[] {
  if (!attempt(path, () => statSync(path)).isDirectory()) return [path];
  const list = (folder: string): string[] =>
    attempt(folder, () => readdirSync(folder)).filter((name) => !name.startsWith("."));
  const maildir = ["new", "cur"].map((name) => join(path, name));
  if (maildir.every(isDirectory))
    return maildir
      .flatMap((folder) => list(folder).map((name) => [name, join(folder, name)] as const))
      .sort(([a], [b]) => byNumbers(a, b))
      .map(([, file]) => file);
  return list(path)
    .sort()
    .filter((name) => MAIL_FILE.test(name))
    .map((name) => join(path, name));
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

async function* readFile(file: string, onRead: OnRead): Pieces {
  const fd = attempt(file, () => openSync(file, "r"));
  try {
    const stat = attempt(file, () => fstatSync(fd));
    if (stat.isDirectory())
      throw new CliError("unreadable", `${file} is a directory`, {
        hint: "name a mail or an mbox",
      });
    // of a pipe nothing can be looked at beforehand
    const head = Buffer.alloc(stat.isFile() ? MAGIC_BYTES : 0);
    const length = attempt(file, () => (stat.isFile() ? readSync(fd, head, 0, head.length, 0) : 0));
    const chunks = chunksOf(fd, file, onRead, stat.isFile() ? stat.size : 0);
    yield* cut(unpacked(head.subarray(0, length), chunks, fd, file) ?? chunks, file);
  } finally {
    closeSync(fd);
  }
}

/** Cuts bytes into mails. What looks like no mail at all is none of ours. */
async function* cut(chunks: Iterable<Buffer> | AsyncIterable<Buffer>, name: string): Pieces {
  const splitter = new MboxSplitter();
  let first = true;
  const found = ({ offset, bytes, size }: MboxMessage): SourceMail => {
    const source = first ? name : `${name}:${offset}`;
    first = false;
    return { source, bytes, size };
  };
  let head: Buffer | null = EMPTY;
  const begin = (text: Buffer): SourceMail[] => {
    if (!looksLikeMail(text)) throw notAMail(name);
    head = null;
    return splitter.push(text).map(found);
  };
  for await (const chunk of chunks) {
    if (head === null) yield splitter.push(chunk).map(found);
    // a pipe may bring the bytes one by one
    else if (head.length + chunk.length < SNIFFED) head = Buffer.concat([head, chunk]);
    else yield begin(head.length === 0 ? chunk : Buffer.concat([head, chunk]));
  }
  if (head !== null && head.length > 0) yield begin(head);
  yield splitter.end().map(found);
}

function* chunksOf(fd: number, name: string, onRead: OnRead, total: number): Generator<Buffer> {
  for (let done = 0; ;) {
    const chunk = readChunk(fd, name);
    if (chunk.length === 0) return;
    done += chunk.length;
    onRead(done, total);
    yield chunk;
  }
}

/** All of standard input; null if it is more than `limit` bytes. */
export function readStdin(limit: number): Buffer | null {
  const pieces: Buffer[] = [];
  for (let size = 0; size <= limit;) {
    const chunk = readChunk(0, "-");
    if (chunk.length === 0) return Buffer.concat(pieces);
    pieces.push(chunk);
    size += chunk.length;
  }
  return null;
}

function readChunk(fd: number, name: string): Buffer {
  // the splitter keeps slices of what it was given, so every read has memory of its own
  const buffer = Buffer.allocUnsafe(CHUNK);
  return buffer.subarray(0, readSome(fd, name, buffer));
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
