/** Mails from files: an mbox, a single mail, a directory of mails, a maildir, stdin. Streamed. */

import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { PatchsigError } from "../errors.ts";
import { EMPTY } from "../primitives/bytes.ts";
import { type MboxMessage, MboxSplitter } from "../mail/mbox.ts";
import { MAGIC_BYTES, unpacked } from "./compressed.ts";
import { isMaildir, maildirPrefix, mailsIn } from "./maildir.ts";
import { formatMark, isReplacedMbox, isSameMail, type Mark, readMark } from "./mbox-mark.ts";
import {
  type Cursor,
  type CursorOf,
  isReadFailure,
  type OnRead,
  type SourceItem,
  type SourceItems,
  type SourceMail,
} from "./item.ts";
import { reading, chunksOf, isDirectory, isThere } from "./reading.ts";

/** How many bytes decide whether a file is a mail. */
const SNIFFED = 2000;
/** Other text than mails has `.txt` too: only as git format-patch --suffix=.txt names patches. */
const MAIL_FILE = /\.(?:patch|eml|mbox|mbx)$|^(?:v\d\S*?-)?\d{4,}-.+\.txt$/;

/**
 * Streams all mails of a source: of a directory by file name, of a maildir by delivery, else in the order of
 * the file.
 *
 * @param path a file, a directory or `-` for stdin; a file may be compressed
 * @param cursorOf if given, what was dealt with is passed over, and mails have cursors
 * @throws PatchsigError "usage" if nobody can tell what is new in this source; all else is an item
 */
export async function* readSource(
  path: string,
  cursorOf?: CursorOf,
  onRead: OnRead = () => {},
): SourceItems {
  if (path === "-") {
    if (cursorOf !== undefined) throw nothingNew("standard input");
    return yield* whole("-", () => cut(chunksOf(0, "-", onRead, 0), "-"));
  }
  if (isMaildir(path)) return yield* whole(path, () => readMaildir(path, cursorOf, onRead));
  if (!isDirectory(path)) return yield* whole(path, () => readFile(path, cursorOf, onRead));
  if (cursorOf !== undefined) throw nothingNew(path);
  yield* whole(path, () => readFolder(path, onRead));
}

/** What an error ends is said as an item of its own. */
async function* whole(name: string, read: () => SourceItems): SourceItems {
  try {
    yield* read();
  } catch (error) {
    if (!(error instanceof PatchsigError) || error.code === "usage") throw error;
    yield [{ source: name, error }];
  }
}

function nothingNew(name: string): PatchsigError {
  return new PatchsigError("usage", `${name}: nobody can tell what is new in it`, {
    hint: "of an uncompressed mbox, a maildir and a public-inbox it is known",
  });
}

/** Is this a folder of mails, whatever else is in it? */
export function holdsMails(folder: string): boolean {
  return isMaildir(folder) || mailFilesIn(folder).length > 0;
}

function mailFilesIn(folder: string): string[] {
  return reading(folder, () => readdirSync(folder))
    .filter((name) => !name.startsWith(".") && MAIL_FILE.test(name))
    .sort();
}

async function* readFolder(folder: string, onRead: OnRead): SourceItems {
  const names = mailFilesIn(folder);
  for (const [i, name] of names.entries()) {
    const file = join(folder, name);
    yield* whole(file, () => readFound(file));
    onRead(i + 1, names.length);
  }
}

/** A mail's cursor only says that it was processed. */
async function* readMaildir(
  maildir: string,
  cursorOf: CursorOf | undefined,
  onRead: OnRead,
): SourceItems {
  const prefix = maildirPrefix(maildir);
  let files = mailsIn(maildir);
  const names = [...files.keys()];
  for (const [i, unique] of names.entries()) {
    onRead(i + 1, names.length);
    const name = `${prefix}${unique}`;
    if (cursorOf !== undefined && cursorOf(name) !== null) continue;
    let file = files.get(unique);
    // a mail program is at work there: it has moved this one, and perhaps many more
    if (file !== undefined && !isThere(file)) {
      files = mailsIn(maildir);
      file = files.get(unique);
    }
    if (file === undefined) continue;
    const path = file;
    const items = whole(path, () => readFound(path));
    yield* cursorOf === undefined ? items : marked(items, { name, value: "" });
  }
}

/** The last mail of a file has the cursor, unless the file could not be read to its end. */
async function* marked(items: SourceItems, cursor: Cursor): SourceItems {
  let held: readonly SourceItem[] = [];
  for await (const next of items) {
    if (next.length === 0) continue;
    yield held;
    held = next;
  }
  const last = held.at(-1);
  yield last === undefined || isReadFailure(last)
    ? held
    : [...held.slice(0, -1), { ...last, cursor }];
}

/**
 * Opens a file of a folder. Anything but a regular file is skipped with a message: reading a pipe may wait
 * for ever, and opening a device may trigger something. A pipe that the user names is read, as in
 * `verify <(git show mail)`.
 */
function readFound(file: string): SourceItems {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK;
  refuseSpecial(
    file,
    reading(file, () => statSync(file)),
  );
  // it may be another one by the time it is open
  return readFile(
    file,
    undefined,
    () => {},
    flags,
    (stat) => refuseSpecial(file, stat),
  );
}

function refuseSpecial(file: string, stat: Stats): void {
  if (stat.isFile() || stat.isDirectory()) return;
  const what = stat.isFIFO() ? "a pipe" : stat.isSocket() ? "a socket" : "a device";
  throw new PatchsigError("unreadable", `${file} is ${what}: skipped`);
}

async function* readFile(
  file: string,
  cursorOf: CursorOf | undefined,
  onRead: OnRead,
  flags: number = constants.O_RDONLY,
  look: (stat: Stats) => void = () => {},
): SourceItems {
  const fd = reading(file, () => openSync(file, flags));
  try {
    const stat = reading(file, () => fstatSync(fd));
    look(stat);
    if (stat.isDirectory())
      throw new PatchsigError("unreadable", `${file} is a directory`, {
        hint: "name a mail or an mbox",
      });
    // nothing of a pipe can be read in advance
    const head = Buffer.alloc(stat.isFile() ? MAGIC_BYTES : 0);
    const length = reading(file, () => (stat.isFile() ? readSync(fd, head, 0, head.length, 0) : 0));
    const chunks = chunksOf(fd, file, onRead, stat.isFile() ? stat.size : 0);
    const packed = unpacked(head.subarray(0, length), chunks, fd, file);
    if (cursorOf === undefined) return yield* cut(packed ?? chunks, file);
    if (packed !== null || !stat.isFile()) throw nothingNew(file);
    yield* readOn(fd, file, stat, cursorOf, onRead);
  } finally {
    closeSync(fd);
  }
}

/**
 * Is another mail, or none, where the last one stood that was dealt with? Then the file is read from its beginning.
 *
 * @throws PatchsigError "unreadable", "not-found"
 */
export function isRewrittenMbox(file: string, cursorOf: CursorOf): boolean {
  const cursor = cursorOf(mboxCursor(file));
  if (cursor === null) return false;
  const fd = reading(file, () => openSync(file, constants.O_RDONLY | constants.O_NONBLOCK));
  try {
    const stat = reading(file, () => fstatSync(fd));
    return isReplacedMbox(cursor, stat) || readMark(cursor, fd, file, stat.size) === null;
  } finally {
    closeSync(fd);
  }
}

/** The name of its cursor. */
export function mboxCursor(file: string): string {
  return `mbox ${reading(file, () => realpathSync(file))}`;
}

/** What was added to an mbox after the last processed mail, or from that mail on if it has grown. */
async function* readOn(
  fd: number,
  file: string,
  stat: Stats,
  cursorOf: CursorOf,
  onRead: OnRead,
): SourceItems {
  const { size } = stat;
  const name = mboxCursor(file);
  const last = readMark(cursorOf(name), fd, file, size);
  if (last?.end === size) return;
  const cursorAt = (mark: Mark): Cursor => ({ name, value: formatMark(fd, file, mark, stat) });
  const isDone = (mark: Mark): boolean =>
    last !== null && mark.start === last.start && isSameMail(fd, file, last, mark.end);
  yield* cut(chunksOf(fd, file, onRead, size, last?.start ?? 0), file, {
    start: last?.start ?? 0,
    isDone,
    cursorAt,
  });
}

/** For a file that is read on. */
interface Marking {
  /** Where to begin, in bytes. */
  readonly start: number;
  /** Was this mail dealt with before? */
  readonly isDone: (mark: Mark) => boolean;
  readonly cursorAt: (mark: Mark) => Cursor;
}

/** Cuts bytes into mails. Refuses what does not look like a mail. */
async function* cut(
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
  name: string,
  marking: Marking | null = null,
): SourceItems {
  let start = marking?.start ?? 0;
  const splitter = new MboxSplitter({ startsAt: start, keepCr: true });
  const found = ({ offset, bytes, size, end }: MboxMessage): SourceMail[] => {
    const mark = { start, end };
    start = end;
    if (marking?.isDone(mark) === true) return [];
    const mail = { source: mark.start === 0 ? name : `${name}:${offset}`, bytes, size };
    return [marking === null ? mail : { ...mail, cursor: marking.cursorAt(mark) }];
  };
  let head: Buffer | null = EMPTY;
  const begin = (text: Buffer): SourceMail[] => {
    if (!looksLikeMail(text)) throw notAMail(name, text);
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

/** A "From " line or a header field at the top, after blank lines; or nothing but those. */
export function looksLikeMail(chunk: Buffer): boolean {
  const text = chunk.toString("latin1", 0, SNIFFED).trimStart();
  return text === "" || /^(?:>?From |[!-9;-~]+[ \t]*:)/.test(text);
}

/** Beginnings of mails that a shell or an editor changed. */
const SPOILT: readonly (readonly [start: RegExp, what: string, hint: string])[] = [
  [
    /^(?:\xff\xfe|\xfe\xff|[!-~]\0[!-~]\0|\0[!-~]\0[!-~])/,
    "is UTF-16, as PowerShell writes with >",
    "git format-patch -o FOLDER writes files; or: iconv -f UTF-16 -t UTF-8",
  ],
  [/^\xef\xbb\xbf/, "begins with a byte order mark", "save it as UTF-8 without one"],
];

/** @param text how the file begins */
export function notAMail(name: string, text: Buffer): PatchsigError {
  const what = name === "-" ? "standard input" : name;
  const start = text.toString("latin1", 0, 4);
  const spoilt = SPOILT.find(([pattern]) => pattern.test(start));
  if (spoilt !== undefined)
    return new PatchsigError("not-a-mail", `${what} ${spoilt[1]}`, { hint: spoilt[2] });
  return new PatchsigError("not-a-mail", `${what} is neither a mail nor an mbox`, {
    hint: "patchsig reads what git format-patch writes and what mail programs save",
  });
}
