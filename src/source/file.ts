/** Mails from files: an mbox, a single mail, a directory of mails, a maildir, stdin. Streamed. */

import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import { EMPTY } from "../mail/bytes.ts";
import { type MboxMessage, MboxSplitter } from "../mail/mbox.ts";
import { MAGIC_BYTES, unpacked } from "./compressed.ts";
import { cursorName, isMaildir, maildirFiles } from "./maildir.ts";
import { cursorAfter, type Extent, isSame, resume } from "./mbox-cursor.ts";
import {
  type Cursor,
  isUnread,
  type OnRead,
  type Piece,
  type Pieces,
  type SourceMail,
} from "./piece.ts";

const CHUNK = 1 << 20;
/** Bytes by which a mail is told from what is none. */
const SNIFFED = 2000;
const MAIL_FILE = /\.(?:patch|eml|mbox|mbx)$/;

/** Says how far a source was read, by the name of a cursor; null if it was not. */
export type CursorOf = (name: string) => string | null;

/**
 * All mails of a source, streamed: of a directory in the order of the names, of a maildir in that of
 * delivery, else as they stand in the file.
 *
 * @param path a file, a directory or `-` for stdin; a file may be compressed
 * @param cursorOf for a maildir or an mbox: only what has come since is read, and has cursors
 */
export async function* readSource(
  path: string,
  onRead: OnRead = () => {},
  cursorOf?: CursorOf,
): Pieces {
  if (path === "-") return yield* whole("-", () => cut(chunksOf(0, "-", onRead, 0), "-"));
  let files: string[];
  try {
    files = filesOf(path);
  } catch (error) {
    return yield [unread(path, error)];
  }
  const mails = cursorOf !== undefined && isDirectory(path) ? { of: path } : null;
  if (mails !== null) files = files.filter((file) => cursorOf!(cursorName(path, file)) === null);
  for (const [i, file] of files.entries()) {
    const read = mails === null ? cursorOf : undefined;
    const pieces = whole(file, () => readFile(file, files.length === 1 ? onRead : () => {}, read));
    yield* mails === null ? pieces : withCursor(pieces, cursorName(path, file));
    if (files.length > 1) onRead(i + 1, files.length);
  }
}

/** The last mail of a file moves the cursor past it. */
async function* withCursor(pieces: Pieces, name: string): Pieces {
  let last: Piece | null = null;
  for await (const some of pieces)
    for (const piece of some) {
      if (last !== null) yield [last];
      last = piece;
    }
  if (last === null) return;
  yield [isUnread(last) ? last : { ...last, cursor: { name, value: "" } }];
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
  if (isMaildir(path, isDirectory)) return attempt(path, () => maildirFiles(path));
  return attempt(path, () => readdirSync(path))
    .filter((name) => !name.startsWith(".") && MAIL_FILE.test(name))
    .sort()
    .map((name) => join(path, name));
}

async function* readFile(file: string, onRead: OnRead, cursorOf?: CursorOf): Pieces {
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
    const unpackedChunks = unpacked(head.subarray(0, length), chunks, fd, file);
    if (cursorOf === undefined) yield* cut(unpackedChunks ?? chunks, file);
    else if (unpackedChunks === null && stat.isFile())
      yield* readOn(fd, file, cursorOf, (at) => chunksOf(fd, file, onRead, stat.size, at));
    else throw noSinceThen(file);
  } finally {
    closeSync(fd);
  }
}

/** For who wants to go on where the last run ended, with something that cannot tell. */
export function noSinceThen(name: string): CliError {
  const what = name === "-" ? "standard input" : name;
  return new CliError("usage", `${what} cannot be read on from where the last run ended`, {
    hint: "mboxes, maildirs, public-inboxes and IMAP can",
  });
}

/** Of an mbox, what has come since. */
async function* readOn(
  fd: number,
  file: string,
  cursorOf: CursorOf,
  chunks: (at: number) => Iterable<Buffer>,
): Pieces {
  const name = `mbox ${attempt(file, () => realpathSync(file))}`;
  const { at, done } = attempt(file, () => resume(fd, cursorOf(name)));
  const cursor = (mail: Extent): Cursor => ({
    name,
    value: attempt(file, () => cursorAfter(fd, mail)),
  });
  yield* cut(chunks(at), file, { at, done, cursor });
}

interface Going {
  /** Bytes that were passed over, and the first mail after them if that was dealt with. */
  readonly at: number;
  readonly done: Extent | null;
  readonly cursor: ((mail: Extent) => Cursor) | null;
}

const FROM_START: Going = { at: 0, done: null, cursor: null };

/** Cuts bytes into mails. What looks like no mail at all is none of ours. */
async function* cut(
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
  name: string,
  { at, done, cursor }: Going = FROM_START,
): Pieces {
  const splitter = new MboxSplitter();
  let first = true;
  const found = ({ offset: below, bytes, size }: MboxMessage): SourceMail[] => {
    const offset = at + below;
    const isFirst = first;
    first = false;
    if (isFirst && done !== null && isSame({ offset, size }, done)) return [];
    const source = isFirst && at === 0 ? name : `${name}:${offset}`;
    const mail = { source, bytes, size };
    return [cursor === null ? mail : { ...mail, cursor: cursor({ offset, size }) }];
  };
  let head: Buffer | null = EMPTY;
  const begin = (text: Buffer): SourceMail[] => {
    if (!looksLikeMail(text)) throw notAMail(name);
    head = null;
    return splitter.push(text).flatMap(found);
  };
  for await (const chunk of chunks) {
    if (head === null) yield splitter.push(chunk).flatMap(found);
    // a pipe may bring the bytes one by one
    else if (head.length + chunk.length < SNIFFED) head = Buffer.concat([head, chunk]);
    else yield begin(head.length === 0 ? chunk : Buffer.concat([head, chunk]));
  }
  if (head !== null && head.length > 0) yield begin(head);
  yield splitter.end().flatMap(found);
}

/** @param at where to begin in a regular file; without it, wherever the file is */
function* chunksOf(
  fd: number,
  name: string,
  onRead: OnRead,
  total: number,
  at?: number,
): Generator<Buffer> {
  for (let done = at ?? 0; ;) {
    const chunk = readChunk(fd, name, at === undefined ? null : done);
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
    const chunk = readChunk(0, "-", null);
    if (chunk.length === 0) return Buffer.concat(pieces);
    pieces.push(chunk);
    size += chunk.length;
  }
  return null;
}

function readChunk(fd: number, name: string, at: number | null): Buffer {
  // the splitter keeps slices of what it was given, so every read has memory of its own
  const buffer = Buffer.allocUnsafe(CHUNK);
  return buffer.subarray(0, readSome(fd, name, buffer, at));
}

function readSome(fd: number, name: string, buffer: Buffer, at: number | null): number {
  for (;;) {
    try {
      return readSync(fd, buffer, 0, buffer.length, at);
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
