/** Finds the trailers that archives and maintainers added above the break. */

import { createHash } from "node:crypto";

const TRAILER = /^[A-Za-z][A-Za-z0-9-]*: \S/;
/** All runs within this many last lines are tried: at most 528 candidates. */
const MAX_LINES = 32;
/** Bytes; an added line is never longer. Candidates are hashed 528 times. */
const MAX_LINE = 500;
/** Bytes; a longer message than any real one is not searched. */
const MAX_MESSAGE = 256 * 1024;

/**
 * Looks for one run of trailer lines in the last paragraph whose removal gives the message that
 * was signed.
 *
 * @param message canonical message
 * @param isSigned whether this SHA-256 (hex) is the signed message's; asked at most 528 times
 * @returns the signed message and the lines that were added, or null
 */
export function withoutTrailers(
  message: Buffer,
  isSigned: (digest: string) => boolean,
): { message: Buffer; added: string[] } | null {
  if (message.length > MAX_MESSAGE) return null;
  const [before, tail] = lastTrailers(message);
  for (let from = 0; from < tail.length; from++) {
    const kept = Buffer.concat([before, ...tail.slice(0, from)]);
    const hash = createHash("sha256").update(kept);
    for (let to = tail.length; to > from; to--) {
      const rest = tail.slice(to);
      // a paragraph of nothing but trailers leaves its blank line behind
      const bare = from === 0 && rest.length === 0 ? withoutBlank(kept) : kept;
      const begun = bare === kept ? hash.copy() : createHash("sha256").update(bare);
      for (const line of rest) begun.update(line);
      if (!isSigned(begun.digest("hex"))) continue;
      const added = tail.slice(from, to).map((line) => line.toString("utf8").replace(/\n$/, ""));
      return { message: Buffer.concat([bare, ...rest]), added };
    }
  }
  return null;
}

/** The message without its final trailers, and the trailers as lines with LF. */
function lastTrailers(message: Buffer): [Buffer, Buffer[]] {
  const lines: Buffer[] = [];
  let end = message.length;
  while (end > 0 && lines.length < MAX_LINES) {
    const start = message.lastIndexOf("\n", end - 2) + 1;
    const line = message.subarray(start, end);
    if (line.length > MAX_LINE || !TRAILER.test(line.toString("latin1"))) break;
    lines.unshift(line);
    end = start;
  }
  return [message.subarray(0, end), lines];
}

function withoutBlank(text: Buffer): Buffer {
  return text.at(-2) === 0x0a ? text.subarray(0, -1) : text;
}
