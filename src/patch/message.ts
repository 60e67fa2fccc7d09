/** The commit message in canonical form (spec, "message"). */

import { copyLine, hasAt, isSpace, LF } from "../primitives/bytes.ts";

const GT = 0x3e;

/**
 * The body of the message as `git am` commits it, without any `>` before a `From ` at the start of a
 * line: programs add one each time they store a mail in an mbox. As in git-stripspace(1), trailing
 * white space goes, runs of blank lines become one, none are left at either end, and the last line
 * ends in LF. Empty in, empty out.
 */
export function canonicalMessage(message: Buffer): Buffer {
  const out = Buffer.allocUnsafe(message.length + 1);
  let length = 0;
  let blanks = 0;
  for (let start = 0; start < message.length;) {
    const newline = message.indexOf(LF, start);
    const next = newline < 0 ? message.length : newline + 1;
    let end = newline < 0 ? message.length : newline;
    while (end > start && isSpace(message[end - 1])) end--;
    if (end === start) {
      blanks++;
    } else {
      if (blanks > 0 && length > 0) out[length++] = LF;
      blanks = 0;
      length = copyLine(message, belowQuotes(message, start), end, out, length);
      out[length++] = LF;
    }
    start = next;
  }
  return out.subarray(0, length);
}

/** Where the line at `start` begins without the `>` of `>>From `. */
function belowQuotes(message: Buffer, start: number): number {
  let at = start;
  while (message[at] === GT) at++;
  return hasAt(message, at, "From ") ? at : start;
}

/** A subject without git's white space: mailing lists refold it ("st, stm32"). */
export function canonicalSubject(subject: Buffer): Buffer {
  let out: Buffer | null = null;
  let length = 0;
  // not subject.entries(): that makes an array for each byte
  for (let i = 0; i < subject.length; i++) {
    const byte = subject[i]!;
    if (isSpace(byte)) {
      if (out === null) [out, length] = [Buffer.from(subject), i];
    } else if (out !== null) out[length++] = byte;
  }
  return out === null ? subject : out.subarray(0, length);
}
