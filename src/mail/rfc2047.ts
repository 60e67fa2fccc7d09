import { isAscii } from "node:buffer";

import { isSpace, latin1 } from "../primitives/bytes.ts";
import { toUtf8 } from "./charset.ts";
import { refuse } from "../refused.ts";
import { decodeBase64, decodeQ } from "./transfer.ts";

/** One `=?charset?encoding?text?=` at `pos`, and where it ends. */
function readWord(text: Buffer, pos: number): { decoded: Buffer; end: number } {
  const charsetEnd = text.indexOf("?", pos + 2, "latin1");
  const textStart = charsetEnd + 3;
  const end = charsetEnd < 0 ? -1 : text.indexOf("?=", textStart, "latin1");
  const encoding = latin1(text, charsetEnd + 1, textStart).toLowerCase();
  if (end < 0 || (encoding !== "q?" && encoding !== "b?")) {
    return refuse("broken-word", "=? without a whole encoded word in a header");
  }
  const coded = text.subarray(textStart, end);
  const bytes = encoding === "q?" ? decodeQ(coded) : decodeBase64(coded);
  return { decoded: toUtf8(bytes, latin1(text, pos + 2, charsetEnd)), end: end + 2 };
}

/** True if a word of the value names another charset than UTF-8. */
export function hasForeignWord(text: Buffer): boolean {
  return text.includes("=?") && /=\?(?!utf-?8\?)[^?]*\?[bq]\?/i.test(latin1(text));
}

/** True if bytes of the value are passed on as they are: above 0x7f, or in a word of no charset. */
export function isUnlabelled(text: Buffer): boolean {
  return !isAscii(text) || text.includes("=??");
}

/**
 * Decodes the RFC 2047 words of a header value as git does: `=?` begins a word wherever it stands,
 * and white space between two words is dropped.
 */
export function decodeWords(text: Buffer): Buffer {
  let word = text.indexOf("=?", 0, "latin1");
  if (word < 0) return text;
  const out: Buffer[] = [];
  let pos = 0;
  while (word >= 0) {
    const between = text.subarray(pos, word);
    if (pos === 0 || !between.every(isSpace)) out.push(between);
    const { decoded, end } = readWord(text, word);
    out.push(decoded);
    pos = end;
    word = text.indexOf("=?", pos, "latin1");
  }
  out.push(text.subarray(pos));
  const value = Buffer.concat(out);
  if (value.includes(0)) refuse("nul-byte", "a header word holds a NUL");
  return value;
}
