/** Archives and maintainers add trailers above the break; this finds which ones. */

const TRAILER = /^[A-Za-z][A-Za-z0-9-]*: \S/;
/** Tried are all runs of lines within so many last lines: at most 528 candidates. */
const MAX_LINES = 32;
/** Each candidate is hashed as a whole, so a message longer than any real one is not looked into. */
const MAX_MESSAGE = 256 * 1024;

/**
 * Looks for one run of trailer lines in the last paragraph whose removal gives the message that
 * was signed.
 *
 * @param message canonical message
 * @param isSigned whether a candidate is the signed message; asked at most 528 times
 * @returns the signed message and the lines that were added, or null
 */
export function withoutTrailers(
  message: Buffer,
  isSigned: (candidate: Buffer) => boolean,
): { message: Buffer; added: string[] } | null {
  if (message.length > MAX_MESSAGE) return null;
  const text = message.toString("latin1");
  const lines = text.split("\n").slice(0, -1);
  let first = lines.length;
  while (first > 0 && lines.length - first < MAX_LINES && TRAILER.test(lines[first - 1]!)) first--;
  for (let from = first; from < lines.length; from++) {
    for (let to = lines.length; to > from; to--) {
      const kept = [...lines.slice(0, from), ...lines.slice(to)];
      // a paragraph that consisted of nothing else leaves its blank line behind
      if (kept.at(-1) === "") kept.pop();
      const candidate = Buffer.from(kept.map((line) => `${line}\n`).join(""), "latin1");
      if (!isSigned(candidate)) continue;
      const added = lines
        .slice(from, to)
        .map((line) => Buffer.from(line, "latin1").toString("utf8"));
      return { message: candidate, added };
    }
  }
  return null;
}
