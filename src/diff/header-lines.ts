import { refuseAt } from "../refused.ts";
import { hasAt, lineEnd } from "../primitives/bytes.ts";
import { MAX_HEADER_LINE } from "./text.ts";

const DIFF_GIT = "diff --git ";

/** What the lines below `diff --git` can set. */
export type DiffHeaderField =
  | "oldMode"
  | "newMode"
  | "deletedMode"
  | "createdMode"
  | "copyFrom"
  | "copyTo"
  | "renameFrom"
  | "renameTo"
  | "similarity"
  | "index"
  | "oldFile"
  | "newFile";

/** The rest of such a line after its first words, one character for each byte; and its offset. */
export interface DiffHeaderValue {
  readonly text: string;
  readonly offset: number;
}

export interface HeaderLines {
  /** What stands after `diff --git `. */
  readonly halves: string;
  readonly fields: Readonly<Record<DiffHeaderField, DiffHeaderValue | null>>;
  /** Offset just after the header. */
  readonly end: number;
}

const STARTS: readonly (readonly [start: string, field: DiffHeaderField])[] = [
  ["index ", "index"],
  ["--- ", "oldFile"],
  ["+++ ", "newFile"],
  ["old mode ", "oldMode"],
  ["new mode ", "newMode"],
  ["deleted file mode ", "deletedMode"],
  ["new file mode ", "createdMode"],
  ["copy from ", "copyFrom"],
  ["copy to ", "copyTo"],
  ["rename from ", "renameFrom"],
  ["rename to ", "renameTo"],
  // git's first spelling of these two, which it still reads
  ["rename old ", "renameFrom"],
  ["rename new ", "renameTo"],
  ["similarity index ", "similarity"],
  ["dissimilarity index ", "similarity"],
];

interface Start {
  readonly word: string;
  readonly field: DiffHeaderField;
}

/** A header line, without its line feed [at, stop). */
interface FoundLine {
  readonly start: Start;
  readonly at: number;
  readonly stop: number;
}

/** `STARTS` by first byte. */
const STARTS_BY_BYTE: readonly Start[][] = Array.from({ length: 256 }, () => []);
for (const [start, field] of STARTS)
  STARTS_BY_BYTE[start.charCodeAt(0)]!.push({ word: start, field });

const NO_FIELDS: Readonly<Record<DiffHeaderField, DiffHeaderValue | null>> = {
  oldMode: null,
  newMode: null,
  deletedMode: null,
  createdMode: null,
  copyFrom: null,
  copyTo: null,
  renameFrom: null,
  renameTo: null,
  similarity: null,
  index: null,
  oldFile: null,
  newFile: null,
};

/** True if `git apply` reads the line at `at` as the first of a git file header. */
export function isGitHeader(text: Buffer, at: number): boolean {
  return hasAt(text, at, DIFF_GIT);
}

/**
 * Collects the lines of the header that begins with the `diff --git` line at `from`. git accepts any order
 * and uses the last of each kind; here each may occur only once, with `---` and `+++` at the end.
 */
export function readHeaderLines(text: Buffer, from: number): HeaderLines {
  const found: FoundLine[] = [];
  const firstStop = lineEnd(text, from);
  let end = firstStop + 1;
  for (let start = startAt(text, end); start !== undefined; start = startAt(text, end)) {
    if (found.length === STARTS.length) refuseAt("bad-header", end, "too many header lines");
    const stop = lineEnd(text, end);
    // git takes no header line that lacks its line feed
    if (stop === text.length) refuseAt("bad-header", end, "the header is cut off");
    found.push({ start, at: end, stop });
    end = stop + 1;
  }
  if (found.length === 0) {
    refuseAt("bare-diff-git", from, 'a "diff --git" line that no header line follows');
  }
  if (end - from > MAX_HEADER_LINE) refuseAt("bad-header", from, "a header is too long");

  const all = text.toString("latin1", from, end);
  const fields = { ...NO_FIELDS };
  for (const { start, at, stop } of found) {
    const { word, field } = start;
    if (fields[field] !== null) refuseAt("bad-header", at, "the same header line twice");
    if (fields.newFile !== null || (fields.oldFile !== null && field !== "newFile")) {
      refuseAt("bad-header", at, 'a header line after "---" or "+++"');
    }
    fields[field] = { text: all.slice(at - from + word.length, stop - from), offset: at };
  }
  if ((fields.oldFile === null) !== (fields.newFile === null)) {
    refuseAt("bad-header", from, '"---" and "+++" lines do not come in a pair');
  }
  return { halves: all.slice(DIFF_GIT.length, firstStop - from), fields, end };
}

function startAt(text: Buffer, at: number): Start | undefined {
  const candidates = STARTS_BY_BYTE[text[at] ?? 0]!;
  for (const candidate of candidates) if (hasAt(text, at, candidate.word)) return candidate;
  return undefined;
}
