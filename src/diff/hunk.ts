import { refuseAt } from "../refused.ts";
import { hasAt, LF, lineEnd } from "../primitives/bytes.ts";

const HUNK = "@@ -";
const MARKER = "\\ ";
const [BLANK, PLUS, COMMA, MINUS, ZERO, AT, BACKSLASH] = Buffer.from(" +,-0@\\");

/** Line numbers and counts above this are refused; no file has so many lines. */
const MAX_LINE_NUMBER = 0x7fff_ffff;

/**
 * The shortest accepted `\ No newline at end of file` line, in any language. git counts its bytes too; whether
 * it accepts a shorter one depends on what follows, so shorter ones are refused.
 */
const MIN_MARKER = 13;

/** The sum of the hunks of one file patch. */
export interface Hunks {
  /** Offset just after the last hunk. */
  readonly end: number;
  readonly count: number;
  readonly added: number;
  readonly deleted: number;
  /** Lines of the old and of the new file that the hunks mention, context included. */
  readonly oldLines: number;
  readonly newLines: number;
  /** Context lines that lost their one blank in transport. */
  readonly emptyLines: number;
}

/** True if `git apply` reads the line at `at` as the first of a hunk. */
export function isHunk(text: Buffer, at: number): boolean {
  return text[at] === AT && hasAt(text, at, HUNK);
}

/** True if `git apply` would complain that the hunk at `at` has no file header. */
export function isOrphanHunk(text: Buffer, at: number): boolean {
  return isHunk(text, at) && isDigit(text[at + HUNK.length]);
}

/**
 * Reads the consecutive hunks at `from`. Like `git apply`, it counts lines: no text in a line ends a hunk
 * early, not even `-- `.
 *
 * Like git, it refuses lines of another kind, wrong counts, and a hunk that changes nothing.
 */
export function readHunks(text: Buffer, from: number): Hunks {
  let at = from;
  const sum = { count: 0, added: 0, deleted: 0, oldLines: 0, newLines: 0, emptyLines: 0 };

  while (isHunk(text, at)) {
    const start = at;
    const head = readHunkHeader(text, at);
    let { oldLeft, newLeft } = head;
    let added = 0;
    let deleted = 0;
    // the kind of the line before, because not every line can lack its line feed
    let before = AT;
    at = head.end;
    while (oldLeft > 0 || newLeft > 0) {
      const kind = text[at];
      if (kind === BLANK) {
        oldLeft--;
        newLeft--;
      } else if (kind === PLUS) {
        newLeft--;
        added++;
      } else if (kind === MINUS) {
        oldLeft--;
        deleted++;
      } else if (kind === LF) {
        oldLeft--;
        newLeft--;
        sum.emptyLines++;
      } else if (kind === BACKSLASH) {
        checkMarker(text, at, before);
      } else {
        refuseAt("corrupt-hunk", at, "the hunk ends before its counts do");
      }
      if (oldLeft < 0 || newLeft < 0) {
        refuseAt("corrupt-hunk", at, "the hunk has more lines than its header counts");
      }
      before = kind;
      at = lineEnd(text, at) + 1;
      if (at > text.length) refuseAt("corrupt-hunk", start, "the hunk's last line is cut off");
    }
    if (added + deleted === 0) refuseAt("corrupt-hunk", start, "the hunk changes nothing");
    if (hasAt(text, at, MARKER)) {
      checkMarker(text, at, before);
      at = Math.min(lineEnd(text, at) + 1, text.length);
    }
    sum.count++;
    sum.added += added;
    sum.deleted += deleted;
    sum.oldLines += head.oldLeft;
    sum.newLines += head.newLeft;
  }
  return { end: at, ...sum };
}

function checkMarker(text: Buffer, at: number, before: number | undefined): void {
  const length = lineEnd(text, at) - at;
  const follows = before === BLANK || before === PLUS || before === MINUS;
  if (length < MIN_MARKER || !follows || !hasAt(text, at, MARKER)) {
    refuseAt("corrupt-hunk", at, 'a misplaced or malformed "no newline" line');
  }
}

interface HunkHeader {
  readonly oldLeft: number;
  readonly newLeft: number;
  /** Offset of the hunk's first line. */
  readonly end: number;
}

/** Reads `@@ -1,3 +1,4 @@ any text`; a count left out is 1. */
function readHunkHeader(text: Buffer, from: number): HunkHeader {
  let at = from + HUNK.length;
  const number = (): number => {
    let value = 0;
    const first = at;
    for (let digit = text[at]; isDigit(digit); digit = text[++at]) {
      value = value * 10 + (digit - ZERO!);
      if (value > MAX_LINE_NUMBER) refuseAt("corrupt-hunk", from, "a line number is too large");
    }
    if (at === first) refuseAt("corrupt-hunk", from, "the hunk header lacks a number");
    return value;
  };
  const range = (after: string): number => {
    number();
    let count = 1;
    if (text[at] === COMMA) {
      at++;
      count = number();
    }
    for (let i = 0; i < after.length; i++) {
      if (text[at++] !== after.charCodeAt(i)) {
        refuseAt("corrupt-hunk", from, "the hunk header is malformed");
      }
    }
    return count;
  };
  const oldLeft = range(" +");
  const newLeft = range(" @@");
  return { oldLeft, newLeft, end: lineEnd(text, at) + 1 };
}

function isDigit(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= ZERO! && byte <= ZERO! + 9;
}
