import { inflateSync } from "node:zlib";
import { refuseAt } from "../refused.ts";
import { hasAt, LF, lineEnd } from "../primitives/bytes.ts";
import { lineAt } from "./text.ts";

/** The unpacked size of all binary patches of one mail together. */
export const MAX_UNPACKED = 128 * 1024 * 1024;

const FIRST_LINE = "GIT binary patch";
const BINARY_FILES = "Binary files ";
const FILES = "Files ";
const LITERAL = "literal ";
const DELTA = "delta ";
const SIZE_LINE = /^(?:literal|delta) (\d{1,10})$/;
const ALPHABET =
  "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

const BASE85 = new Int16Array(256).fill(-1);
for (const [value, byte] of Buffer.from(ALPHABET).entries()) BASE85[byte] = value;

/** How much is left of `MAX_UNPACKED`; counted down as binary patches are read. */
export interface UnpackBudget {
  left: number;
}

/**
 * Reads a `GIT binary patch` at `from`, if there is one: the new content, and perhaps the old one, each a
 * size line, base85 lines and an empty line. Returns the offset after it, or `from` if there is none.
 *
 * git unpacks the data when it parses it and refuses what does not come to the stated size, so this does too.
 */
export function readBinaryPatch(text: Buffer, from: number, budget: UnpackBudget): number {
  if (!hasAt(text, from, FIRST_LINE)) return from;
  const first = lineAt(text, from);
  const forward = lineEnd(text, from) + 1;
  // git takes "GIT binary patch\r" for chatter and would create an empty file
  const after = first === FIRST_LINE ? readBinaryBlock(text, forward, budget) : forward;
  if (after === forward) refuseAt("corrupt-binary", from, "a binary patch that git cannot read");
  return readBinaryBlock(text, after, budget);
}

/** True if the line at `from` tells git of a binary change without its data. */
export function isBinaryNotice(text: Buffer, from: number): boolean {
  const binary = hasAt(text, from, BINARY_FILES);
  if (!binary && !hasAt(text, from, FILES)) return false;
  if (lineAt(text, from).endsWith(" differ") && lineEnd(text, from) < text.length) return true;
  if (binary) refuseAt("corrupt-binary", from, 'a "Binary files" line that git would skip');
  return false;
}

function readBinaryBlock(text: Buffer, from: number, budget: UnpackBudget): number {
  if (!hasAt(text, from, LITERAL) && !hasAt(text, from, DELTA)) return from;
  const size = Number(SIZE_LINE.exec(lineAt(text, from))?.[1] ?? Number.NaN);
  if (Number.isNaN(size)) refuseAt("corrupt-binary", from, "a binary patch with a malformed size");
  budget.left -= size;
  if (budget.left < 0) {
    refuseAt("binary-too-large", from, `binary patches unpack to more than ${MAX_UNPACKED} bytes`);
  }

  const start = lineEnd(text, from) + 1;
  let at = start;
  let packedSize = 0;
  while (text[at] !== LF) {
    const end = lineEnd(text, at);
    packedSize += packedLength(text, at, end);
    at = end + 1;
  }
  const packed = Buffer.allocUnsafe(packedSize);
  let filled = 0;
  for (let line = start; line < at;) {
    filled = unpackLine(text, line, packed, filled);
    line = lineEnd(text, line) + 1;
  }
  if (!inflatesTo(packed, size)) {
    refuseAt("corrupt-binary", from, "binary data that does not unpack to its stated size");
  }
  return at + 1;
}

/** How many bytes the base85 line [at, end) encodes, by its first letter: A–Z, then a–z. */
function packedLength(text: Buffer, at: number, end: number): number {
  const letter = text[at] ?? 0;
  const upper = letter >= 0x41 && letter <= 0x5a;
  const lower = letter >= 0x61 && letter <= 0x7a;
  const length = upper ? letter - 0x40 : lower ? letter - 0x60 + 26 : 0;
  if (end === text.length || length === 0 || end - at - 1 !== Math.ceil(length / 4) * 5) {
    refuseAt("corrupt-binary", at, "a malformed line in a binary patch");
  }
  return length;
}

/** Decodes the base85 line at `at` into `out`; returns the offset after it. */
function unpackLine(text: Buffer, at: number, out: Buffer, to: number): number {
  const stop = to + packedLength(text, at, lineEnd(text, at));
  let next = to;
  for (let group = at + 1; next < stop; group += 5) {
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const digit = BASE85[text[group + i]!]!;
      if (digit < 0) refuseAt("corrupt-binary", at, "a malformed line in a binary patch");
      value = value * 85 + digit;
    }
    if (value > 0xffff_ffff) refuseAt("corrupt-binary", at, "a malformed line in a binary patch");
    for (let shift = 24; shift >= 0 && next < stop; shift -= 8) out[next++] = value >>> shift;
  }
  return next;
}

function inflatesTo(packed: Buffer, size: number): boolean {
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(size, 1) }).length === size;
  } catch {
    return false;
  }
}
