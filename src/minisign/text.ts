/** What minisign's three text formats share: comment lines and base64 lines. */

import { isUtf8 } from "node:buffer";
import { FormatError } from "../errors.ts";

export const UNTRUSTED = "untrusted comment: ";
export const TRUSTED = "trusted comment: ";

/**
 * Longest lines that stock minisign reads, in bytes with prefix and line end
 * (COMMENTMAXBYTES and TRUSTEDCOMMENTMAXBYTES of its minisign.h, less the NUL).
 */
export const MAX_UNTRUSTED_LINE = 1023;
export const MAX_TRUSTED_LINE = 8191;

/**
 * Split a file into exactly `count` lines, without their ends.
 *
 * Tolerated: CR LF line ends, no line end on the last line. Refused with a FormatError, though
 * stock minisign reads it: further lines, CR elsewhere (stock cuts the line there), NUL (the same),
 * bytes that are not UTF-8.
 *
 * @param options.blankEnd tolerate blank lines at the end too, which editors leave in key files
 */
export function splitLines(
  bytes: Uint8Array,
  count: number,
  what: string,
  { blankEnd = false } = {},
): string[] {
  if (!isUtf8(bytes)) throw new FormatError(`${what} is not UTF-8`);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  if (blankEnd) while (lines.length > count && /^\r?$/.test(lines.at(-1)!)) lines.pop();
  if (lines.length !== count) {
    throw new FormatError(`${what} has ${lines.length} lines, not ${count}`);
  }
  return lines.map((raw) => {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (/[\r\0]/.test(line)) throw new FormatError(`${what} holds a stray CR or NUL`);
    return line;
  });
}

/** The text after `prefix`. Throws a FormatError if it is missing or the line is too long. */
export function parseComment(line: string, prefix: string, maxLine: number): string {
  if (!line.startsWith(prefix)) throw new FormatError(`no "${prefix.trimEnd()}" line`);
  checkLineLength(line, prefix, maxLine);
  return line.slice(prefix.length);
}

/**
 * `prefix` and `comment` as one line with its end. Throws a FormatError for what no parser would
 * read back: line ends, NUL, a lone surrogate (it has no UTF-8), a line that is too long.
 */
export function formatComment(comment: string, prefix: string, maxLine: number): string {
  if (/[\r\n\0]/.test(comment) || /\p{Surrogate}/u.test(comment)) {
    throw new FormatError(`"${prefix.trimEnd()}" has to be one line of text`);
  }
  const line = prefix + comment;
  checkLineLength(line, prefix, maxLine);
  return `${line}\n`;
}

function checkLineLength(line: string, prefix: string, maxLine: number): void {
  if (Buffer.byteLength(line) + 1 > maxLine) {
    throw new FormatError(`"${prefix.trimEnd()}" line is longer than ${maxLine} bytes`);
  }
}

/**
 * Decode base64 of exactly `length` bytes. Nothing is tolerated: no white space, no missing
 * padding, no bits set in the padding (stock minisign ignores those; one value, one text).
 */
export function decodeExactBase64(text: string, length: number, what: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== length || bytes.toString("base64") !== text) {
    throw new FormatError(`${what} is not base64 of ${length} bytes`);
  }
  return bytes;
}
