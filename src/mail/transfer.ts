import { BLANK, CR, EMPTY, LF, TAB, isSpace, lineEnd, latin1 } from "./bytes.ts";
import { refuse } from "./refused.ts";

/** The transfer encodings that git tells apart; 7bit, 8bit and binary are all "identity". */
export type Encoding = "identity" | "quoted-printable" | "base64";

const EQUALS = 0x3d;
const UNDERSCORE = 0x5f;

/** 0 to 15, or -1: what a hexadecimal digit of either case stands for. */
function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/**
 * Copies `text[from, to)` to `out` with `=XX` decoded; a `=` without two digits stays as it is.
 * Returns the length of `out`.
 */
function unescape(text: Buffer, from: number, to: number, out: Buffer, length: number): number {
  let pos = from;
  while (pos < to) {
    const found = text.indexOf(EQUALS, pos);
    const equals = found < 0 || found > to ? to : found;
    length += text.copy(out, length, pos, equals);
    if (equals === to) break;
    const high = hexDigit(text[equals + 1]);
    const low = hexDigit(text[equals + 2]);
    const whole = equals + 2 < to && high >= 0 && low >= 0;
    out[length++] = whole ? high * 16 + low : EQUALS;
    pos = equals + (whole ? 3 : 1);
  }
  return length;
}

/** The text of an RFC 2047 Q word: quoted-printable with `_` for a blank. */
export function decodeQ(text: Buffer): Buffer {
  const spaced = Buffer.from(text.map((byte) => (byte === UNDERSCORE ? BLANK : byte)));
  const end = spaced.at(-1) === EQUALS ? spaced.length - 1 : spaced.length;
  const out = Buffer.allocUnsafe(spaced.length);
  return out.subarray(0, unescape(spaced, 0, end, out, 0));
}

/** The `=` of a soft line break that ends at `end` (the offset of LF), or -1. Refuses `= ` LF. */
function softBreak(text: Buffer, start: number, end: number): number {
  if (end === start) return -1;
  if (text[end - 1] === EQUALS) return end - 1;
  let last = end - 1;
  while (last > start && (text[last] === BLANK || text[last] === TAB || text[last] === CR)) last--;
  if (last < end - 1 && text[last] === EQUALS) {
    refuse("quoted-printable-ambiguous", "white space after = at the end of a line");
  }
  return -1;
}

/**
 * Decodes quoted-printable as git does: `=` just before the line end is a soft break, white space
 * before a line end is kept (RFC 2045 says to drop it), what is no escape stays as it is.
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
    const next = lineEnd(text, pos);
    const lf = text[next - 1] === LF ? next - 1 : next;
    const soft = softBreak(text, pos, lf);
    const before = length;
    length = unescape(text, pos, soft < 0 ? lf : soft, out, length);
    if (soft < 0 && lf < next) out[length++] = LF;
    if (length > until) {
      return {
        decoded: out.subarray(0, until),
        end: pos + escapedLength(text, pos, until - before),
      };
    }
    pos = next;
  }
  return { decoded: out.subarray(0, length), end: pos };
}

/** How many bytes of quoted-printable, all within one line, make `count` decoded bytes. */
function escapedLength(text: Buffer, start: number, count: number): number {
  let pos = start;
  for (let i = 0; i < count; i++) {
    const escape =
      text[pos] === EQUALS && hexDigit(text[pos + 1]) >= 0 && hexDigit(text[pos + 2]) >= 0;
    pos += escape ? 3 : 1;
  }
  return pos - start;
}

const LINE_WIDTH = 76;

/** The soft line breaks that keep one encoded line within 76 columns. */
function softened(line: string): string {
  let out = "";
  let rest = line;
  while (rest.length > LINE_WIDTH) {
    // an escape must not be cut: its = stands at most two places before the cut
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

/** Whole groups of four, padding at the end alone: what every decoder reads alike. */
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
 * A base64 body. git decodes each line by itself and skips strange characters, others take the
 * body as a whole: so every line must be whole groups, and padding may stand at the very end only.
 */
export function decodeBase64Body(text: Buffer): Buffer {
  if (text.every(isSpace)) return EMPTY;
  for (let pos = 0, next = 0; pos < text.length; pos = next) {
    next = lineEnd(text, pos);
    let end = next;
    while (end > pos && (text[end - 1] === LF || text[end - 1] === CR)) end--;
    if ((end - pos) % 4 !== 0 || text.subarray(pos, end).includes(CR)) {
      refuse("base64-ambiguous", "a line of base64 is not whole groups");
    }
  }
  return decodeAscii(latin1(text).replace(/[\r\n]+/g, ""));
}

/** Base64 in lines of 76 columns. */
export function encodeBase64(text: Buffer): Buffer {
  return Buffer.from(text.toString("base64").replace(/.{1,76}/g, "$&\n"), "latin1");
}

/** A part's body without its transfer encoding, as git decodes it. */
export function decodeBody(body: Buffer, encoding: Encoding): Buffer {
  if (encoding === "base64") return decodeBase64Body(body);
  return encoding === "identity" ? body : decodeQuotedPrintable(body).decoded;
}
