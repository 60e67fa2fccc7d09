/**
 * Applies plain diffs: text files that are changed, created or deleted, each hunk exactly at its line. Nearly all
 * patches are plain, and asking git for each commit would take most of the time. For any other diff, or a hunk that
 * does not fit, the functions return null, and git decides.
 */

import { hasAt, LF, lineEnd } from "../primitives/bytes.ts";
import { lastMark, type LineMarks, MarkWriter, TOP } from "./line-marks.ts";

/** The plain part of a diff that is about one file. */
export interface PlainPatch {
  readonly path: string;
  readonly kind: "change" | "create" | "delete";
  /** Of a created or deleted file, as git writes it: `100644`; else "". */
  readonly mode: string;
  readonly hunks: readonly PlainHunk[];
}

interface PlainHunk {
  /** Its first line in the old file, counted from 0. */
  readonly line: number;
  /** The lines that it replaces, and those that it puts there, without the first column. */
  readonly old: Buffer;
  readonly new: Buffer;
  /** How many lines `old` and `new` have. */
  readonly lines: number;
  readonly newLines: number;
  /** No context follows the last change: git then accepts the hunk only at the end of the file. */
  readonly isLast: boolean;
}

/** Only names that git writes without quotes, and without blanks: after such a name git writes a tab. */
const HEADER =
  /diff --git a\/([!#-[\]-~]+) b\/\1\n(?:(new|deleted) file mode (100644|100755)\n)?index [0-9a-f]+\.\.[0-9a-f]+(?: 100644| 100755)?\n--- (a\/\1|\/dev\/null)\n\+\+\+ (b\/\1|\/dev\/null)\n(?=@@ )/y;
const HUNK = /@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@[^\n]*\n/y;
const KINDS = { new: "create", deleted: "delete" } as const;
const [BLANK, PLUS, MINUS] = Buffer.from(" +-");

/**
 * @param diff canonical
 * @returns its file patches; null if one of them is not plain
 */
export function plainPatches(diff: Buffer): PlainPatch[] | null {
  const text = diff.toString("latin1");
  const side = (): Side => ({ bytes: Buffer.allocUnsafe(diff.length), end: 0 });
  const sides = { old: side(), new: side() };
  const patches: PlainPatch[] = [];
  for (let at = 0; at < text.length;) {
    HEADER.lastIndex = at;
    const [header = "", path = "", word, mode = "", from, to] = HEADER.exec(text) ?? [];
    const kind = word === undefined ? "change" : KINDS[word as keyof typeof KINDS];
    const isCreated = from === "/dev/null";
    const isDeleted = to === "/dev/null";
    if (header === "" || isCreated !== (kind === "create") || isDeleted !== (kind === "delete"))
      return null;
    const read = hunksAt(diff, text, at + header.length, sides);
    if (read === null) return null;
    patches.push({ path, kind, mode, hunks: read.hunks });
    at = read.end;
  }
  return patches;
}

/** Null if git would search for a hunk's place, or if a line has no newline at its end. */
function hunksAt(
  diff: Buffer,
  text: string,
  from: number,
  sides: HunkSides,
): { readonly hunks: readonly PlainHunk[]; readonly end: number } | null {
  const hunks: PlainHunk[] = [];
  let shift = 0;
  let at = from;
  for (;;) {
    HUNK.lastIndex = at;
    const found = HUNK.exec(text);
    if (found === null) break;
    const [head, oldAt, oldCount = "1", newAt, newCount = "1"] = found;
    const [oldLines, newLines] = [Number(oldCount), Number(newCount)];
    const line = oldLines === 0 ? Number(oldAt) : Number(oldAt) - 1;
    const newLine = newLines === 0 ? Number(newAt) : Number(newAt) - 1;
    // git starts its search at the line of the new file: it must be where the old line is by now
    if (newLine !== line + shift) return null;
    const body = bodyAt(diff, at + head.length, [oldLines, newLines], sides);
    if (body === null || (line > 0 && !body.hasContextAbove)) return null;
    hunks.push({ line, lines: oldLines, newLines, ...body });
    shift += newLines - oldLines;
    at = body.end;
  }
  return at === from || hasAt(diff, at, "\\") ? null : { hunks, end: at };
}

/** Lines without their first column. All hunks of a diff share this buffer. */
interface Side {
  readonly bytes: Buffer;
  end: number;
}

interface HunkSides {
  readonly old: Side;
  readonly new: Side;
}

type HunkBody = Pick<PlainHunk, "old" | "new" | "isLast">;

/** One loop over the bytes, for speed: a call for each line takes several times as long. */
function bodyAt(
  diff: Buffer,
  from: number,
  [oldLines, newLines]: readonly [number, number],
  { old, new: fresh }: HunkSides,
): (HunkBody & { readonly hasContextAbove: boolean; readonly end: number }) | null {
  const [oldFrom, newFrom] = [old.end, fresh.end];
  let [oldLeft, newLeft, oldEnd, newEnd] = [oldLines, newLines, oldFrom, newFrom];
  let at = from;
  let kind: number | undefined;
  while (oldLeft > 0 || newLeft > 0) {
    kind = diff[at++];
    if (kind !== BLANK && kind !== MINUS && kind !== PLUS) return null;
    if (kind !== PLUS && --oldLeft < 0) return null;
    if (kind !== MINUS && --newLeft < 0) return null;
    for (let byte = -1; byte !== LF;) {
      if (at === diff.length) return null;
      byte = diff[at++]!;
      if (kind !== PLUS) old.bytes[oldEnd++] = byte;
      if (kind !== MINUS) fresh.bytes[newEnd++] = byte;
    }
  }
  [old.end, fresh.end] = [oldEnd, newEnd];
  return {
    old: old.bytes.subarray(oldFrom, oldEnd),
    new: fresh.bytes.subarray(newFrom, newEnd),
    isLast: kind !== BLANK,
    hasContextAbove: diff[from] === BLANK,
    end: at,
  };
}

/** The hunks that turn the new file back into the old one. */
export function reversed(hunks: readonly PlainHunk[]): PlainHunk[] {
  let shift = 0;
  return hunks.map(({ line, lines, newLines, old, new: fresh, isLast }) => {
    const back = { line: line + shift, lines: newLines, newLines: lines, isLast };
    shift += newLines - lines;
    return { ...back, old: fresh, new: old };
  });
}

/** A file in pieces, and where its lines are. */
export interface AppliedFile {
  readonly pieces: readonly Buffer[];
  readonly marks: LineMarks;
}

/**
 * Applies hunks to a file.
 *
 * @param marks of the file
 * @returns the new file; null if a hunk does not fit at its line, where git would search, or refuse
 */
export function applyPlain(
  old: Buffer,
  hunks: readonly PlainHunk[],
  marks: LineMarks = TOP,
): AppliedFile | null {
  const pieces: Buffer[] = [];
  const made = new MarkMover(marks);
  let line = 0;
  let at = 0;
  for (const hunk of hunks) {
    const start = startOfLine(old, marks, { line, at }, hunk.line);
    if (start === null) return null;
    const end = start + hunk.old.length;
    if (end > old.length || hunk.old.compare(old, start, end) !== 0) return null;
    if (hunk.isLast && end !== old.length) return null;
    pieces.push(old.subarray(at, start), hunk.new);
    made.replace(hunk, start);
    line = hunk.line + hunk.lines;
    at = end;
  }
  pieces.push(old.subarray(at));
  return { pieces, marks: made.end() };
}

/** The offset of a line; null if the file ends before. @param known a line above it, and its offset */
function startOfLine(
  file: Buffer,
  marks: LineMarks,
  known: { readonly line: number; readonly at: number },
  line: number,
): number | null {
  const mark = lastMark(marks, line);
  const isNearer = marks.lines[mark]! > known.line;
  let start = isNearer ? marks.offsets[mark]! : known.at;
  const lines = line - (isNearer ? marks.lines[mark]! : known.line);
  for (let i = 0; i < lines; i++) {
    if (start >= file.length) return null;
    start = lineEnd(file, start) + 1;
  }
  // the last line of a file may have no line end
  return lines < 0 || start > file.length ? null : start;
}

/** Makes the marks of a file that hunks change of those of the file before. */
class MarkMover {
  readonly #old: LineMarks;
  readonly #made = new MarkWriter();
  /** The first old mark below the last hunk. */
  #next = 0;
  #lines = 0;
  #bytes = 0;

  constructor(old: LineMarks) {
    this.#old = old;
  }

  /** @param start the offset of the hunk in the old file */
  replace({ line, lines, newLines, old, new: fresh }: PlainHunk, start: number): void {
    this.#move(line);
    this.#made.add(line + this.#lines, start + this.#bytes);
    while (this.#old.lines[this.#next]! < line + lines) this.#next++;
    this.#lines += newLines - lines;
    this.#bytes += fresh.length - old.length;
    this.#made.add(line + lines + this.#lines, start + old.length + this.#bytes);
  }

  /** Takes the old marks down to a line. */
  #move(line: number): void {
    for (; this.#old.lines[this.#next]! <= line; this.#next++)
      this.#made.add(
        this.#old.lines[this.#next]! + this.#lines,
        this.#old.offsets[this.#next]! + this.#bytes,
      );
  }

  end(): LineMarks {
    this.#move(Infinity);
    return this.#made.lines.length > 1 ? this.#made : TOP;
  }
}
