import { isAscii, isUtf8 } from "node:buffer";

import { latin1 } from "../primitives/bytes.ts";
import { KOI8_R, LATIN_2, LATIN_9, WINDOWS_1251, WINDOWS_1252 } from "./charset-tables.ts";
import { refuse } from "../refused.ts";

/** Turns text with bytes above 0x7f into UTF-8, or null if a byte has no meaning in the charset. */
type Decode = (text: Buffer) => Buffer | null;

/** 0x80 to 0xff by a table; U+FFFD marks a byte without a character. */
function singleByte(table: string): Decode {
  const encoded = Array.from(table, (char) => (char === "\ufffd" ? null : Buffer.from(char)));
  return (text) => {
    const out = Buffer.allocUnsafe(text.length * 3);
    let length = 0;
    for (const byte of text) {
      if (byte < 128) {
        out[length++] = byte;
        continue;
      }
      const char = encoded[byte - 128];
      if (char === null || char === undefined) return null;
      for (const unit of char) out[length++] = unit;
    }
    return out.subarray(0, length);
  };
}

/**
 * Two-byte codes by TextDecoder, for lead bytes [first, last] and trail bytes from `trail` on, without
 * the codes in `gaps`, which glibc's iconv lacks. `fixes` are characters that the two read
 * differently. test/mail/charset.test.ts compares every code with git.
 */
function doubleByte(
  label: string,
  rows: readonly [first: number, last: number],
  trail: number,
  gaps: readonly (readonly [first: number, last: number])[],
  fixes: readonly (readonly [from: string, to: string])[],
): Decode {
  return (text) => {
    for (let i = 0; i < text.length; i++) {
      const lead = text[i]!;
      if (lead < 128) continue;
      const second = text[++i] ?? 0;
      const code = lead * 256 + second;
      if (lead < rows[0] || lead > rows[1] || second < trail) return null;
      if (gaps.some(([first, last]) => code >= first && code <= last)) return null;
    }
    try {
      let out = new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(text);
      for (const [from, to] of fixes) out = out.replaceAll(from, to);
      return Buffer.from(out);
    } catch {
      return null; // also: a Node built without this charset
    }
  };
}

const westEuropean: Decode = (text) => Buffer.from(latin1(text), "utf8");
const none: Decode = () => null;

// prettier-ignore
const GB2312_GAPS = [
  [0xa2a1, 0xa2b0], [0xa2e3, 0xa2e4], [0xa2ef, 0xa2f0], [0xa2fd, 0xa2fe], [0xa4f4, 0xa4fe],
  [0xa5f7, 0xa5fe], [0xa6b9, 0xa6c0], [0xa6d9, 0xa6fe], [0xa7c2, 0xa7d0], [0xa7f2, 0xa7fe],
  [0xa8bb, 0xa8c4], [0xa8ea, 0xa9a3], [0xa9f0, 0xafff], [0xd7fa, 0xd7ff],
] as const;

// prettier-ignore
const GBK_GAPS = [
  [0xa140, 0xa1a0], [0xa240, 0xa2a0], [0xa2ab, 0xa2b0], [0xa2e3, 0xa2e4], [0xa2ef, 0xa2f0],
  [0xa2fd, 0xa3a0], [0xa440, 0xa4a0], [0xa4f4, 0xa5a0], [0xa5f7, 0xa6a0], [0xa6b9, 0xa6c0],
  [0xa6d9, 0xa6df], [0xa6ec, 0xa6ed], [0xa6f3, 0xa6f3], [0xa6f6, 0xa7a0], [0xa7c2, 0xa7d0],
  [0xa7f2, 0xa7fe], [0xa896, 0xa8a0], [0xa8bc, 0xa8bc], [0xa8bf, 0xa8bf], [0xa8c1, 0xa8c4],
  [0xa8ea, 0xa8fe], [0xa958, 0xa958], [0xa95b, 0xa95b], [0xa95d, 0xa95f], [0xa989, 0xa995],
  [0xa997, 0xa9a3], [0xa9f0, 0xa9fe], [0xaaa1, 0xaafe], [0xaba1, 0xabfe], [0xaca1, 0xacfe],
  [0xada1, 0xadfe], [0xaea1, 0xaefe], [0xafa1, 0xaffe], [0xd7fa, 0xd7fe], [0xf8a1, 0xf8fe],
  [0xf9a1, 0xf9fe], [0xfaa1, 0xfafe], [0xfba1, 0xfbfe], [0xfca1, 0xfcfe], [0xfda1, 0xfdfe],
  [0xfe50, 0xfefe],
] as const;

/**
 * Charsets by their names in mails. ASCII text is the same in all of them; the function decodes the
 * rest. `none`: not proven to be read as git reads it, so ASCII only.
 *
 * Only stateless charsets with ASCII as their lower half: the reader looks for line ends and patch
 * breaks in the undecoded text.
 */
const CHARSETS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ["us-ascii", none],
  ["ascii", none],
  ["ansi_x3.4-1968", none],
  ["iso-8859-1", westEuropean],
  ["iso8859-1", westEuropean],
  ["latin1", westEuropean],
  ["latin-1", westEuropean],
  ["iso-8859-2", singleByte(LATIN_2)],
  ["iso-8859-15", singleByte(LATIN_9)],
  ["windows-1251", singleByte(WINDOWS_1251)],
  ["cp1251", singleByte(WINDOWS_1251)],
  ["windows-1252", singleByte(WINDOWS_1252)],
  ["cp1252", singleByte(WINDOWS_1252)],
  ["koi8-r", singleByte(KOI8_R)],
  [
    "gb2312",
    // glibc reads these two punctuation marks differently from the WHATWG's gbk
    doubleByte("gbk", [0xa1, 0xf7], 0xa1, GB2312_GAPS, [
      ["\u00b7", "\u30fb"],
      ["\u2014", "\u2015"],
    ]),
  ],
  ["gbk", doubleByte("gbk", [0x81, 0xfe], 0x40, GBK_GAPS, [])],
  ["big5", doubleByte("big5", [0xa1, 0xf9], 0x40, [], [])],
  ["iso-8859-3", none],
  ["iso-8859-4", none],
  ["iso-8859-5", none],
  ["iso-8859-7", none],
  ["iso-8859-9", none],
  ["iso-8859-13", none],
  ["windows-1250", none],
  ["windows-1254", none],
  ["windows-1256", none],
  ["windows-1257", none],
  ["koi8-u", none],
  ["gb18030", none],
  ["euc-kr", none],
  ["euc-jp", none],
  ["iso-2022-jp", none],
]);

/** What switches ISO-2022-JP away from ASCII: escape, shift out, shift in. */
const SHIFTS = /[\x1b\x0e\x0f]/;

const US_ASCII = /^(?:us-ascii|ascii|ansi_x3\.4-1968)$/;

/**
 * Text of the message as UTF-8. git passes UTF-8 on unchecked. Here a declared charset must be valid,
 * UTF-8 too: readers would not show the bytes that git commits. Without a declared charset, nothing
 * is checked.
 */
export function messageToUtf8(text: Buffer, charset: string): Buffer {
  const converted = toUtf8(text, charset);
  if (charset !== "" && !isUtf8(converted)) {
    return refuse("charset-invalid", `bytes that are not ${charset}`);
  }
  return converted;
}

/**
 * Text in `charset` as UTF-8, as `git mailinfo -u` converts it: UTF-8 and text without a charset are
 * passed on unchecked, all else goes through iconv and must be valid. (RFC 2047 words may split a
 * character.)
 */
export function toUtf8(text: Buffer, charset: string): Buffer {
  const name = charset.toLowerCase();
  if (name === "" || name === "utf-8" || name === "utf8") return text;
  const decode = CHARSETS.get(name);
  if (decode === undefined) return refuse("charset-unsupported", `charset ${charset}`);
  const shifts = name === "iso-2022-jp" && SHIFTS.test(latin1(text));
  if (isAscii(text) && !shifts) return text;
  const converted = decode(text);
  if (converted !== null) return converted;
  if (decode === none && !US_ASCII.test(name)) {
    return refuse("charset-unsupported", `characters beyond ascii in charset ${charset}`);
  }
  return refuse("charset-invalid", `bytes that are not ${charset}`);
}
