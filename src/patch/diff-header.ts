import { hasAt, lineAt, lineEnd, refuse, withoutCr } from "./diff-text.ts";
import {
  commonName,
  type FileLine,
  isBadPath,
  type PrefixedName,
  prefixesOf,
  readFileLine,
  wholeName,
} from "./diff-name.ts";
import { isHunk } from "./hunk.ts";

const DIFF_GIT = Buffer.from("diff --git ");
const OLD_FILE = Buffer.from("--- ");
const NEW_FILE = Buffer.from("+++ ");

/** What stands before the hunks of one file patch. Names are a character a byte. */
export interface FileHeader {
  readonly oldName: string | null;
  readonly newName: string | null;
  readonly change: "modify" | "create" | "delete" | "rename" | "copy";
  readonly oldMode: number | null;
  readonly newMode: number | null;
  readonly oldBlob: string | null;
  readonly newBlob: string | null;
  /** The directories that -p1 took away, before the old and the new name. */
  readonly prefixes: readonly [string, string];
  /** True if there are `---` and `+++` lines, which only hunks may follow. */
  readonly wantsHunks: boolean;
  /** A date of 1970 beside a name: depending on its exact form git takes it for "no such file". */
  readonly oldEpoch: boolean;
  readonly newEpoch: boolean;
  /** Offset just after the header. */
  readonly end: number;
}

/** True if a line that `git apply` takes for a git file header's first stands at `at`. */
export function isGitHeader(text: Buffer, at: number): boolean {
  return hasAt(text, at, DIFF_GIT);
}

/** True if the three lines by which `git apply` knows a diff without `diff --git` stand at `at`. */
export function isPlainHeader(text: Buffer, at: number): boolean {
  if (!hasAt(text, at, OLD_FILE)) return false;
  const second = lineEnd(text, at) + 1;
  return hasAt(text, second, NEW_FILE) && isHunk(text, lineEnd(text, second) + 1);
}

/** The extended header lines, by how they begin, and what each sets. */
type Field =
  | "old mode"
  | "new mode"
  | "deleted file mode"
  | "new file mode"
  | "copy from"
  | "copy to"
  | "rename from"
  | "rename to"
  | "similarity"
  | "index"
  | "---"
  | "+++";

const FIELDS: readonly (readonly [start: string, field: Field])[] = [
  ["index ", "index"],
  ["--- ", "---"],
  ["+++ ", "+++"],
  ["old mode ", "old mode"],
  ["new mode ", "new mode"],
  ["deleted file mode ", "deleted file mode"],
  ["new file mode ", "new file mode"],
  ["copy from ", "copy from"],
  ["copy to ", "copy to"],
  ["rename from ", "rename from"],
  ["rename to ", "rename to"],
  // git's first spelling of these two, which it still reads
  ["rename old ", "rename from"],
  ["rename new ", "rename to"],
  ["similarity index ", "similarity"],
  ["dissimilarity index ", "similarity"],
];
const FIELD_STARTS = FIELDS.map(([start, field]) => ({
  start: Buffer.from(start),
  length: start.length,
  field,
}));

/** One extended header line: what stands after its first words, and where it is. */
interface HeaderLine {
  readonly line: string;
  readonly length: number;
  readonly offset: number;
}

type Lines = Partial<Record<Field, HeaderLine>>;

/**
 * Reads the header that begins with the `diff --git` line at `from`.
 *
 * git takes these lines in any order, the last of each; every odd combination is refused here. So is
 * what git lets pass: names that differ between the lines, and a `diff --git` line alone, which would
 * lend its name to a later file patch.
 */
export function readGitHeader(text: Buffer, from: number): FileHeader {
  const lines: Lines = {};
  let end = lineEnd(text, from) + 1;
  for (let field = fieldAt(text, end); field !== undefined; field = fieldAt(text, end)) {
    if (lines[field.field] !== undefined) refuse("bad-header", end, "the same header line twice");
    if (lines["+++"] !== undefined) refuse("bad-header", end, 'a header line after "+++"');
    if (lines["---"] !== undefined && field.field !== "+++") {
      refuse("bad-header", end, 'no "+++" line after "---"');
    }
    lines[field.field] = { line: lineAt(text, end), length: field.length, offset: end };
    end = lineEnd(text, end) + 1;
    // git takes no header line that lacks its line feed
    if (end > text.length) refuse("bad-header", from, "the header is cut off");
  }
  if (Object.keys(lines).length === 0) {
    refuse("bare-diff-git", from, 'a "diff --git" line that no header line follows');
  }
  if ((lines["---"] === undefined) !== (lines["+++"] === undefined)) {
    refuse("bad-header", from, '"---" and "+++" lines do not come in a pair');
  }
  const halves = lineAt(text, from).slice(DIFF_GIT.length);
  return { ...readNames(lines, halves, from), ...readModes(lines, from), ...readIndex(lines), end };
}

function fieldAt(text: Buffer, at: number): (typeof FIELD_STARTS)[number] | undefined {
  return FIELD_STARTS.find(({ start }) => hasAt(text, at, start));
}

type Names = Pick<
  FileHeader,
  "oldName" | "newName" | "change" | "prefixes" | "wantsHunks" | "oldEpoch" | "newEpoch"
>;

function readNames(lines: Lines, halves: string, offset: number): Names {
  const change = readChange(lines, offset);
  const from = lines["rename from"] ?? lines["copy from"];
  const to = lines["rename to"] ?? lines["copy to"];
  const oldFile = fileLine(lines["---"]);
  const newFile = fileLine(lines["+++"]);

  const inLines = [
    from === undefined ? null : wholeName(from.line, from.length, from.offset),
    to === undefined ? null : wholeName(to.line, to.length, to.offset),
    oldFile?.file?.name ?? null,
    newFile?.file?.name ?? null,
  ];
  const common = inLines.every((name) => name === null) ? commonName(halves, offset) : null;
  const oldName = inLines[0] ?? inLines[2] ?? (common ?? newFile?.file)?.name;
  const newName = inLines[1] ?? inLines[3] ?? (common ?? oldFile?.file)?.name;
  if (oldName === undefined || newName === undefined) {
    refuse("bad-name", offset, "a header without a file name");
  }

  const moved = change === "rename" || change === "copy";
  const prefixes = prefixesOf(
    common === null ? withoutCr(halves) : halves,
    oldName,
    newName,
    offset,
  );
  const agree =
    prefixes !== null &&
    (moved || oldName === newName) &&
    [oldName, null].includes(inLines[2] ?? null) &&
    [newName, null].includes(inLines[3] ?? null) &&
    prefixAgrees(oldFile, prefixes[0]) &&
    prefixAgrees(newFile, prefixes[1]);
  if (!agree) refuse("name-mismatch", offset, "the lines of a header name different files");
  if (oldFile !== undefined && newFile !== undefined) {
    const created = oldFile.file === null;
    const deleted = newFile.file === null;
    if (created !== (change === "create") || deleted !== (change === "delete")) {
      refuse("bad-header", offset, "/dev/null and the mode lines do not agree");
    }
  }
  checkPaths(oldName, newName, offset);
  return {
    oldName: change === "create" ? null : oldName,
    newName: change === "delete" ? null : newName,
    change,
    prefixes,
    wantsHunks: oldFile !== undefined,
    oldEpoch: false,
    newEpoch: false,
  };
}

function fileLine(line: HeaderLine | undefined): FileLine | undefined {
  return line === undefined ? undefined : readFileLine(line.line, line.offset, false);
}

function prefixAgrees(line: FileLine | undefined, prefix: string): boolean {
  const file = line?.file ?? null;
  return file === null || file.prefix === prefix;
}

function checkPaths(oldName: string, newName: string, offset: number): void {
  if (isBadPath(oldName) || isBadPath(newName)) {
    refuse("bad-path", offset, "a path that git would not write");
  }
}

/** Which lines make which change; all of a row or none, and one row at most. */
const CHANGES: readonly (readonly [FileHeader["change"], readonly Field[]])[] = [
  ["create", ["new file mode"]],
  ["delete", ["deleted file mode"]],
  ["rename", ["rename from", "rename to"]],
  ["copy", ["copy from", "copy to"]],
];

function readChange(lines: Lines, offset: number): FileHeader["change"] {
  const made = CHANGES.filter(([, fields]) => fields.some((field) => lines[field] !== undefined));
  const whole = made.every(([, fields]) => fields.every((field) => lines[field] !== undefined));
  if (made.length > 1 || !whole) refuse("bad-header", offset, "contradictory header lines");
  return made[0]?.[0] ?? "modify";
}

// what git itself writes: file, executable, symbolic link, submodule
const MODES = new Map(
  ["100644", "100755", "120000", "160000"].map((mode) => [mode, Number.parseInt(mode, 8)]),
);
const INDEX = /^index ([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: (\d+)[ \t\r]*|\r?)$/;

function readModes(lines: Lines, offset: number): Pick<FileHeader, "oldMode" | "newMode"> {
  const created = modeOf(lines["new file mode"]);
  const deleted = modeOf(lines["deleted file mode"]);
  const before = modeOf(lines["old mode"]);
  const after = modeOf(lines["new mode"]);
  const same = knownMode(INDEX.exec(lines.index?.line ?? "")?.[3], lines.index?.offset ?? offset);
  const whole = (before === null) === (after === null);
  const given = [created, deleted, before, same].filter((mode) => mode !== null).length;
  if (!whole || given > 1 || (before !== null && before === after)) {
    refuse("bad-mode", offset, "contradictory mode lines");
  }
  return { oldMode: deleted ?? before ?? same, newMode: created ?? after ?? same };
}

function modeOf(line: HeaderLine | undefined): number | null {
  if (line === undefined) return null;
  return knownMode(line.line.slice(line.length).replace(/[ \t\r]{1,9}$/, ""), line.offset);
}

function knownMode(mode: string | undefined, offset: number): number | null {
  if (mode === undefined) return null;
  return MODES.get(mode) ?? refuse("bad-mode", offset, "a file mode that git does not write");
}

function readIndex(lines: Lines): Pick<FileHeader, "oldBlob" | "newBlob"> {
  if (lines.index === undefined) return { oldBlob: null, newBlob: null };
  const blobs = INDEX.exec(lines.index.line);
  if (blobs === null) refuse("bad-header", lines.index.offset, 'a malformed "index" line');
  return { oldBlob: blobs[1] ?? null, newBlob: blobs[2] ?? null };
}

const EPOCH = /\b(?:1969-12-31|1970-01-01)\b/;

/**
 * Reads the `---` and `+++` lines at `from` of a diff without `diff --git`, as quilt and `diff -u` write
 * them. git would choose one of two different names; here they must be the same.
 */
export function readPlainHeader(text: Buffer, from: number): FileHeader {
  const second = lineEnd(text, from) + 1;
  const oldFile = readFileLine(lineAt(text, from), from, true);
  const newFile = readFileLine(lineAt(text, second), second, true);
  const known: PrefixedName | null = oldFile.file ?? newFile.file;
  if (known === null) refuse("bad-name", from, "a header without a file name");
  const oldName = oldFile.file?.name ?? null;
  const newName = newFile.file?.name ?? null;
  if (oldName !== null && newName !== null && oldName !== newName) {
    refuse("name-mismatch", from, "the lines of a header name different files");
  }
  checkPaths(known.name, known.name, from);
  return {
    oldName,
    newName,
    change: oldName === null ? "create" : newName === null ? "delete" : "modify",
    oldMode: null,
    newMode: null,
    oldBlob: null,
    newBlob: null,
    prefixes: [(oldFile.file ?? known).prefix, (newFile.file ?? known).prefix],
    wantsHunks: true,
    oldEpoch: EPOCH.test(oldFile.date),
    newEpoch: EPOCH.test(newFile.date),
    end: lineEnd(text, second) + 1,
  };
}
