/** What a diff may have been before a transport changed its line ends. */

import { CR, LF, lineEnd } from "../primitives/bytes.ts";

const HUNK = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;
const [BLANK, PLUS, MINUS, BACKSLASH] = Buffer.from(" +-\\");

/**
 * Which lines of the hunks had CRs: all (a CRLF file), the old ones (a change to LF), the new ones (a
 * change to CRLF), or some kinds of lines (a file with mixed line ends).
 */
const KINDS: readonly (readonly (number | undefined)[])[] = [
  [],
  [BLANK, PLUS, MINUS],
  [MINUS],
  [PLUS],
  [PLUS, MINUS],
  [BLANK, MINUS],
  [BLANK, PLUS],
  [BLANK],
];

/**
 * The diff with other line ends: without any CR at its line ends, and with one on all lines of some
 * kinds. Each differs from `canonical`. Only for explaining what happened, not for a verdict.
 */
export function* otherLineEnds(canonical: Buffer): Generator<Buffer> {
  for (const kinds of KINDS) {
    const diff = withCrOn(canonical, kinds);
    if (!diff.equals(canonical)) yield diff;
  }
}

function withCrOn(canonical: Buffer, kinds: readonly (number | undefined)[]): Buffer {
  const out = Buffer.allocUnsafe(2 * canonical.length);
  let to = 0;
  let oldLeft = 0;
  let newLeft = 0;
  for (let at = 0, next = 0; at < canonical.length; at = next) {
    const newline = lineEnd(canonical, at);
    next = newline + 1;
    const end = withoutCrsAt(canonical, at, newline);
    const kind = canonical[at];
    const inHunk = oldLeft > 0 || newLeft > 0;
    if (inHunk && kind !== PLUS && kind !== BACKSLASH) oldLeft--;
    if (inHunk && kind !== MINUS && kind !== BACKSLASH) newLeft--;
    if (!inHunk) [oldLeft, newLeft] = hunkSizes(canonical, at);
    to += canonical.copy(out, to, at, end);
    // the last line of a file may have no line end, and then no CR
    if (inHunk && kinds.includes(kind) && canonical[next] !== BACKSLASH) out[to++] = CR;
    if (newline < canonical.length) out[to++] = LF;
  }
  return out.subarray(0, to);
}

/** How many old and new lines the hunk has that begins here; none if none does. */
function hunkSizes(canonical: Buffer, at: number): [number, number] {
  const found = HUNK.exec(canonical.toString("latin1", at, at + 80));
  if (found === null) return [0, 0];
  const [, old = "1", fresh = "1"] = found;
  return [Number(old), Number(fresh)];
}

/** The end of the line at `at` without its CRs. */
function withoutCrsAt(canonical: Buffer, at: number, newline: number): number {
  let end = newline;
  while (end > at && canonical[end - 1] === CR) end--;
  return end;
}
