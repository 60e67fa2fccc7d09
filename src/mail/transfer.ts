import { BLANK, CR, isSpace, latin1, LF, lineEnd, nextLine, TAB } from "../primitives/bytes.ts";
import { refuse } from "../refused.ts";

/** The transfer encodings that git tells apart; 7bit, 8bit and binary are all "identity". */
export type Encoding = "identity" | "quoted-printable" | "base64";

export const EQUALS = 0x3d;
const UNDERSCORE = 0x5f;

/** The value of a hexadecimal digit in either case, or -1. */
function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** The byte encoded by the `=XX` at `at`, or -1. */
export function escapedByte(text: Buffer, at: number): number {
  const high = hexDigit(text[at + 1]);
  const low = hexDigit(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** The text of an RFC 2047 Q word: quoted-printable with `_` for a blank. */
export function decodeQ(text: Buffer): Buffer {
  const spaced = Buffer.from(text.map((byte) => (byte === UNDERSCORE ? BLANK : byte)));
  return decodeQuotedPrintable(spaced).decoded;
}

/** Refuses `=`, blanks, line end: a soft break to some, and text to git. */
function assertNoBlankBreak(text: Buffer, at: number): void {
  let end = at + 1;
  while (text[end] === BLANK || text[end] === TAB || text[end] === CR) end++;
  if (end > at + 1 && (end === text.length || text[end] === LF)) {
    refuse("quoted-printable-ambiguous", "white space after = at the end of a line");
  }
}

/**
 * Decodes quoted-printable as git does: `=` just before the line end is a soft break, white space
 * before a line end is kept (RFC 2045 drops it), an invalid escape is literal text.
 *
 * `until` stops the decoding once that many bytes are decoded; `end` is the offset reached in `text`.
 */
export function decodeQuotedPrintable(
  text: Buffer,
  until = Infinity,
): { decoded: Buffer; end: number } {
  const out = Buffer.allocUnsafe(text.length);
  let length = 0;
  let pos = 0;
  while (pos < text.length && length < until) {
    const byte = text[pos]!;
    const next = text[pos + 1];
    if (byte !== EQUALS) {
      out[length++] = byte;
      pos++;
    } else if (next === LF || next === undefined) {
      pos += 2;
    } else {
      const escaped = escapedByte(text, pos);
      if (escaped < 0) assertNoBlankBreak(text, pos);
      out[length++] = escaped < 0 ? EQUALS : escaped;
      pos += escaped < 0 ? 1 : 3;
    }
  }
  return { decoded: out.subarray(0, length), end: Math.min(pos, text.length) };
}

const LINE_WIDTH = 76;

/** The soft line breaks that keep one encoded line within 76 columns. */
function softened(line: string): string {
  let out = "";
  let rest = line;
  while (rest.length > LINE_WIDTH) {
    // do not cut an escape: its = is at most two places before the cut
    const escape = rest.lastIndexOf("=", LINE_WIDTH - 2);
    const cut = escape > LINE_WIDTH - 4 && escape >= 0 ? escape : LINE_WIDTH - 1;
    out += `${rest.slice(0, cut)}=\n`;
    rest = rest.slice(cut);
  }
  return out + rest;
}

function escape(byte: string): string {
  return `=${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** LF-terminated lines as quoted-printable; decodes to the same bytes everywhere. */
export function encodeQuotedPrintable(text: Buffer): Buffer {
  const lines = latin1(text)
    .replace(/[^\n\t -<>-~]|[\t ](?=\n|$)/g, escape)
    .split("\n");
  return Buffer.from(lines.map(softened).join("\n"), "latin1");
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Whole groups of four with padding only at the end: every decoder reads this alike. */
function decodeAscii(text: string): Buffer {
  if (text.length % 4 !== 0 || !BASE64.test(text)) {
    refuse("base64-ambiguous", "base64 that is not whole groups of four");
  }
  return Buffer.from(text, "base64");
}

/** Base64 without line ends. */
export function decodeBase64(text: Buffer): Buffer {
  return decodeAscii(latin1(text));
}

/**
 * Where the base64 of a body ends: a mailing list may have added text and empty lines below. git
 * decodes line by line, others the body as a whole: so every line must be whole groups, with padding
 * only at the very end.
 */
export function base64End(body: Buffer): number {
  let end = 0;
  for (let pos = 0, next = 0; pos < body.length; pos = next) {
    next = nextLine(body, pos);
    let stop = next;
    while (stop > pos && (body[stop - 1] === LF || body[stop - 1] === CR)) stop--;
    if (stop === pos) continue;
    const isWhole = (stop - pos) % 4 === 0 && BASE64.test(latin1(body, pos, stop));
    if (!isWhole) break;
    end = next;
    if (body[stop - 1] === EQUALS) break;
  }
  return end;
}

/** True if there is text below the base64 of a body. */
export function hasFooter(body: Buffer, encoding: Encoding): boolean {
  return encoding === "base64" && !body.subarray(base64End(body)).every(isSpace);
}

function decodeBase64Body(body: Buffer): Buffer {
  const end = base64End(body);
  const data = Buffer.from(latin1(body, 0, end), "base64");
  const below = body.subarray(end);
  return below.every(isSpace) ? data : Buffer.concat([data, decodeFooter(data, below)]);
}

/** How lines of a hunk, a file header or a block can begin. */
const MAY_BE_DIFF =
  /(?:^|\n)(?:[ \t\r\n+\-@\\]|diff |Index|(?:dis)?similarity|(?:index|old|new|deleted|copy|rename|GIT|Binary|Files|literal|delta|untrusted) )/;

/**
 * Checks text below base64 that ends a line. git decodes that text too, whatever letters it has, and
 * gives the result to git apply. Others stop at the end of the base64, or show the text: so the result
 * must be harmless. Text that may be the rest of damaged base64 is refused.
 */
function decodeFooter(data: Buffer, text: Buffer): Buffer {
  const shown = text.findIndex((byte) => !isSpace(byte));
  const first = latin1(text, text.lastIndexOf(LF, shown) + 1, lineEnd(text, shown));
  if (data.at(-1) !== LF || /^[A-Za-z0-9+/=]*\r?$/.test(first))
    refuse("base64-ambiguous", "a line of base64 is not whole groups");
  const decoded = decodeLines(text);
  if (MAY_BE_DIFF.test(latin1(decoded)))
    refuse("base64-ambiguous", "text below base64 that git might read as a part of the patch");
  return decoded;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** The six bits of each of base64's characters; -1 for other bytes. */
const SIX_BITS = Int8Array.from({ length: 256 }, (_, byte) =>
  ALPHABET.indexOf(String.fromCharCode(byte)),
);

/** Lines as git decodes them, each by itself: other characters than base64's are ignored, and so is half a byte. */
export function decodeLines(text: Buffer): Buffer {
  const out = Buffer.allocUnsafe(text.length);
  let length = 0;
  let [bits, count] = [0, 0];
  for (const byte of text) {
    const six = SIX_BITS[byte]!;
    if (byte === LF) [bits, count] = [0, 0];
    if (six < 0) continue;
    bits = ((bits << 6) | six) & 0xfff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out[length++] = (bits >> count) & 0xff;
  }
  return out.subarray(0, length);
}

/** Base64 in lines of 76 columns. */
export function encodeBase64(text: Buffer): Buffer {
  return Buffer.from(text.toString("base64").replace(/.{1,76}/g, "$&\n"), "latin1");
}

/** Offsets in the decoded body at which the lines of the encoded body end. */
export function* decodedLineEnds(
  body: Buffer,
  encoding: Exclude<Encoding, "identity">,
): Generator<number> {
  let length = 0;
  for (let pos = 0; pos < body.length; pos++) {
    const byte = body[pos]!;
    if (byte === LF) {
      if (encoding === "quoted-printable") length++;
      yield encoding === "base64" ? Math.floor((length * 3) / 4) : length;
    } else if (encoding === "base64") {
      if (byte !== CR && byte !== EQUALS) length++;
    } else if (byte === EQUALS && escapedByte(body, pos) >= 0) {
      pos += 2;
      length++;
    } else if (byte === EQUALS && (body[pos + 1] === LF || pos + 1 === body.length)) {
      yield length;
      pos++;
    } else {
      length++;
    }
  }
  yield encoding === "base64" ? Math.floor((length * 3) / 4) : length;
}

/** A part's body without its transfer encoding, as git decodes it. */
export function decodeBody(body: Buffer, encoding: Encoding): Buffer {
  if (encoding === "base64") return decodeBase64Body(body);
  return encoding === "identity" ? body : decodeQuotedPrintable(body).decoded;
}
