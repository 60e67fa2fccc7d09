/**
 * Applies plain diffs: changed, new and deleted text files, each hunk at the line that it names. So nearly all
 * patches are, and git need not be asked. What is not plain is left to git: null.
 */

import { EMPTY, hasAt, lineEnd } from "../primitives/bytes.ts";

/** A file patch without anything odd. */
export interface PlainPatch {
  readonly path: string;
  readonly kind: "change" | "create" | "delete";
  /** Of a new file, as git writes it: `100644`. */
  readonly mode: string;
  readonly hunks: readonly PlainHunk[];
}

interface PlainHunk {
  /** From 0, in the old file. */
  readonly line: number;
  /** What stands there, and what takes its place: slices of the diff's lines, without their first column. */
  readonly old: Buffer;
  readonly new: Buffer;
  /** Lines of `old`. */
  readonly lines: number;
  /** The hunk has to end at the end of the file: there is no context below its changes. */
  readonly isLast: boolean;
}

/** As git writes names without quoting; never a blank, for which it writes a tab behind the name. */
const HEADER =
  /diff --git a\/([!#-[\]-~]+) b\/\1\n(?:(new|deleted) file mode (100644|100755)\n)?index [0-9a-f]+\.\.[0-9a-f]+(?: 100644| 100755)?\n--- (a\/\1|\/dev\/null)\n\+\+\+ (b\/\1|\/dev\/null)\n(?=@@ )/y;
const HUNK = /@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@[^\n]*\n/y;
const KINDS = { new: "create", deleted: "delete" } as const;
const [BLANK, PLUS, MINUS] = Buffer.from(" +-");

/** @param diff canonical; null if a part of it is not plain */
export function plainPatches(diff: Buffer): PlainPatch[] | null {
  const text = diff.toString("latin1");
  const patches: PlainPatch[] = [];
  for (let at = 0; at < text.length;) {
    HEADER.lastIndex = at;
    const [header = "", path = "", word, mode = "", from, to] = HEADER.exec(text) ?? [];
    const kind = word === undefined ? "change" : KINDS[word as keyof typeof KINDS];
    const isCreated = from === "/dev/null";
    const isDeleted = to === "/dev/null";
    if (header === "" || isCreated !== (kind === "create") || isDeleted !== (kind === "delete"))
      return null;
    const read = hunksAt(diff, text, at + header.length);
    if (read === null) return null;
    patches.push({ path, kind, mode, hunks: read.hunks });
    at = read.end;
  }
  return patches;
}

/** Null if git would look for a hunk elsewhere than at its line, or a line has no line end. */
function hunksAt(
  diff: Buffer,
  text: string,
  from: number,
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
    // git begins to look at the line of the new file
    if (newLine !== line + shift) return null;
    const body = bodyAt(diff, at + head.length, oldLines, newLines);
    if (body === null || (line > 0 && !body.hasContextAbove)) return null;
    hunks.push({ line, lines: oldLines, ...body });
    shift += newLines - oldLines;
    at = body.end;
  }
  return at === from || hasAt(diff, at, "\\") ? null : { hunks, end: at };
}

function bodyAt(
  diff: Buffer,
  from: number,
  oldLines: number,
  newLines: number,
):
  | (Pick<PlainHunk, "old" | "new" | "isLast"> & {
      readonly hasContextAbove: boolean;
      readonly end: number;
    })
  | null {
  const old: Buffer[] = [];
  const fresh: Buffer[] = [];
  let [oldLeft, newLeft] = [oldLines, newLines];
  let at = from;
  let last: number | undefined;
  while (oldLeft > 0 || newLeft > 0) {
    const kind = diff[at];
    const end = lineEnd(diff, at) + 1;
    if (end > diff.length) return null;
    const line = diff.subarray(at + 1, end);
    if (kind === BLANK || kind === MINUS) oldLeft--;
    if (kind === BLANK || kind === PLUS) newLeft--;
    if (kind !== BLANK && kind !== MINUS && kind !== PLUS) return null;
    if (oldLeft < 0 || newLeft < 0) return null;
    if (kind !== PLUS) old.push(line);
    if (kind !== MINUS) fresh.push(line);
    last = kind;
    at = end;
  }
  return {
    old: Buffer.concat(old),
    new: Buffer.concat(fresh),
    isLast: last !== BLANK,
    hasContextAbove: diff[from] === BLANK,
    end: at,
  };
}

/**
 * The pieces of the file that hunks make of an old one; null if one does not fit at its line, and git would
 * look elsewhere or refuse.
 */
export function applyPlain(old: Buffer, hunks: readonly PlainHunk[]): Buffer[] | null {
  const pieces: Buffer[] = [];
  let line = 0;
  let at = 0;
  let kept = 0;
  for (const hunk of hunks) {
    for (; line < hunk.line; line++) {
      if (at >= old.length) return null;
      at = lineEnd(old, at) + 1;
    }
    // the last line of a file may have no line end
    if (at > old.length) return null;
    const end = at + hunk.old.length;
    if (end > old.length || old.compare(hunk.old, 0, hunk.old.length, at, end) !== 0) return null;
    if (hunk.isLast && end !== old.length) return null;
    pieces.push(old.subarray(kept, at), hunk.new);
    line += hunk.lines;
    kept = at = end;
  }
  pieces.push(kept < old.length ? old.subarray(kept) : EMPTY);
  return pieces;
}
