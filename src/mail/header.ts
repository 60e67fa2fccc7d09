import {
  BLANK,
  CR,
  EMPTY,
  LF,
  TAB,
  hasAt,
  isSpace,
  nextLine,
  trimEnd,
  latin1,
} from "../primitives/bytes.ts";
import { MAX_FIELD_BYTES, MAX_HEADER_BYTES, MAX_HEADER_LINES } from "./limits.ts";
import { refuse } from "../refused.ts";

/** The headers that the program reads, in lower case; others are skipped. */
const WANTED = [
  "from",
  "subject",
  "date",
  "content-type",
  "content-transfer-encoding",
  "mime-version",
  "message-id",
  "in-reply-to",
  "references",
  "list-id",
  "sender",
  "reply-to",
  "to",
  "cc",
  "x-original-from",
  "x-original-sender",
  "x-mailfrom",
  "x-developer-signature",
] as const;

export type HeaderName = (typeof WANTED)[number];

/** Headers git uses, directly or for MIME: two that differ are refused. */
const UNIQUE: ReadonlySet<HeaderName> = new Set<HeaderName>([
  "from",
  "subject",
  "date",
  "content-type",
  "content-transfer-encoding",
  "mime-version",
  "message-id",
]);

/** `wanted[n]`: the names of n letters. A table, so that most lines cost one look-up. */
const WANTED_BY_LENGTH: readonly (readonly HeaderName[])[] = Array.from({ length: 32 }, (_, n) =>
  WANTED.filter((name) => name.length === n),
);

export interface Header {
  /** Unfolded values of the wanted headers: the first of each name, undecoded. */
  readonly fields: ReadonlyMap<HeaderName, Buffer>;
  /** Every List-Id: each list that a mail passes adds its own. */
  readonly listIds: readonly Buffer[];
  /** Names that occur more than once with the same value. */
  readonly repeated: readonly HeaderName[];
  /** True if an mbox `From ` line is on top. */
  readonly fromLine: boolean;
  /** Offset just after the empty line that ends the header. */
  readonly end: number;
}

const COLON = 0x3a;

/** Offset of the colon after the field name at `pos`, or -1: RFC 5322's printable ASCII. */
function nameEnd(text: Buffer, pos: number): number {
  for (let i = pos; i < text.length; i++) {
    const byte = text[i]!;
    if (byte === COLON) return i;
    if (byte < 33 || byte > 126) return -1;
  }
  return -1;
}

function wantedName(text: Buffer, start: number, end: number): HeaderName | undefined {
  const candidates = WANTED_BY_LENGTH[end - start];
  if (candidates === undefined || candidates.length === 0) return undefined;
  const name = latin1(text, start, end).toLowerCase();
  return candidates.find((candidate) => candidate === name);
}

/** A value without its folds: each continuation line's first blank is one blank, ends trimmed. */
function unfold(raw: Buffer): Buffer {
  let start = 0;
  while (start < raw.length && isSpace(raw[start]) && raw[start] !== LF) start++;
  const first = nextLine(raw, start);
  if (first === raw.length) return trimEnd(raw.subarray(start));
  const pieces: Buffer[] = [trimEnd(raw.subarray(start, first))];
  for (let pos = first, next = 0; pos < raw.length; pos = next) {
    next = nextLine(raw, pos);
    const line = Buffer.from(trimEnd(raw.subarray(pos, next)));
    line[0] = BLANK;
    pieces.push(line);
  }
  const value = Buffer.concat(pieces);
  let skip = 0;
  while (skip < value.length && isSpace(value[skip])) skip++;
  return value.subarray(skip);
}

/** True for an empty line, perhaps with a CR or blanks: git trims before it looks. */
function isBlankLine(text: Buffer, pos: number, next: number): boolean {
  for (let i = pos; i < next; i++) if (!isSpace(text[i])) return false;
  return true;
}

/** An mbox `From ` line; `From :` would be a header to other readers. */
function isFromLine(text: Buffer, pos: number): boolean {
  if (!hasAt(text, pos, "From ")) return false;
  let i = pos + 5;
  while (text[i] === BLANK || text[i] === TAB) i++;
  return text[i] !== COLON;
}

/** A CR anywhere but before LF would be a line end to some readers. */
function assertPlainBytes(block: Buffer): void {
  if (block.includes(0)) refuse("nul-byte", "a NUL in the header");
  for (let cr = block.indexOf(CR); cr >= 0; cr = block.indexOf(CR, cr + 1)) {
    if (cr + 1 < block.length && block[cr + 1] !== LF) {
      refuse("malformed-header", "a CR within a header line");
    }
  }
}

interface OpenHeader {
  readonly fields: Map<HeaderName, Buffer>;
  readonly repeated: HeaderName[];
}

/**
 * Reads the header block that begins at `pos`: of the mail, or of a part.
 *
 * git takes any line `name:` for a header, and the first other line for the body even without an
 * empty line between; most readers differ there, so everything that is not RFC 5322 is refused: a
 * blank before the colon, `>From `, `From ` below the first line, an end without an empty line.
 *
 * To git and MIME libraries a folded line of blanks (RFC 5322, 4.2) continues the header. Mail
 * servers write such spam reports, so it is accepted where nobody reads the value: not in the
 * headers of a part, nor in one that the program reads.
 */
export function readHeader(mail: Buffer, pos: number, top: boolean): Header {
  const open: OpenHeader = { fields: new Map(), repeated: [] };
  const listIds: Buffer[] = [];
  const limit = pos + MAX_HEADER_BYTES;
  const start = pos;
  let fromLine = false;
  let lines = 0;
  let end = -1;
  while (pos < mail.length) {
    let next = nextLine(mail, pos);
    if (isBlankLine(mail, pos, next)) {
      end = next;
      break;
    }
    assertBounds(++lines, next, limit);
    if (top && pos === start && isFromLine(mail, pos)) {
      fromLine = true;
      pos = next;
      continue;
    }
    const colon = nameEnd(mail, pos);
    if (colon <= pos) refuseLine(mail, pos, next, fromLine && lines === 2);
    const name = wantedName(mail, pos, colon);
    for (; isFolded(mail, next); lines++) {
      const folded = next;
      next = nextLine(mail, folded);
      assertFold(mail, folded, next, name !== undefined || !top);
      if (next - pos > MAX_FIELD_BYTES) refuse("too-big", "a very long header field");
    }
    if (name !== undefined) {
      const value = unfold(mail.subarray(colon + 1, next));
      if (name === "list-id") listIds.push(value);
      addField(open, name, value);
    }
    pos = next;
  }
  // git would take the last header line for the body
  if (end < 0) return refuse("malformed-header", "a header without an empty line below it");
  assertPlainBytes(mail.subarray(start, end));
  const { fields, repeated } = open;
  return { fields, listIds, repeated, fromLine, end };
}

function assertBounds(lines: number, next: number, limit: number): void {
  if (lines > MAX_HEADER_LINES || next > limit) refuse("too-big", "a very long header");
}

function refuseLine(mail: Buffer, pos: number, next: number, belowFromLine: boolean): never {
  if (belowFromLine)
    refuse("loose-from-line", "no header below a From line: git am cuts a mail in two there");
  const line = latin1(trimEnd(mail.subarray(pos, Math.min(next, pos + 60))));
  return refuse("malformed-header", `not a header line: ${line}`);
}

/** Does the line at `pos` continue the field above it? */
function isFolded(mail: Buffer, pos: number): boolean {
  return pos < mail.length && (mail[pos] === BLANK || mail[pos] === TAB);
}

function assertFold(mail: Buffer, pos: number, next: number, isRead: boolean): void {
  if (isRead && isBlankLine(mail, pos, next))
    refuse("malformed-header", "a continuation line of white space");
}

/** Adds a value, or notes a repetition. */
function addField({ fields, repeated }: OpenHeader, name: HeaderName, value: Buffer): void {
  const earlier = fields.get(name);
  if (earlier === undefined) fields.set(name, value);
  else if (earlier.equals(value)) repeated.push(name);
  else if (UNIQUE.has(name)) refuse("conflicting-header", `two different ${name} headers`);
}

/** The value of a header, or an empty one. */
export function field(header: Header, name: HeaderName): Buffer {
  return header.fields.get(name) ?? EMPTY;
}
