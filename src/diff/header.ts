import {
  type DiffHeaderField,
  type HeaderLines,
  readHeaderLines,
  type DiffHeaderValue,
} from "./header-lines.ts";
import {
  commonName,
  type FileLine,
  isBadPath,
  type PrefixedName,
  prefixesOf,
  readFileLine,
  wholeName,
} from "./name.ts";
import { refuseAt } from "../refused.ts";
import { hasAt, lineEnd } from "../primitives/bytes.ts";
import { lineAt, lineWithoutCr } from "./text.ts";
import { isHunk } from "./hunk.ts";

const OLD_FILE = "--- ";
const NEW_FILE = "+++ ";

/** The header of one file patch. Names have one character for each byte. */
export interface FileHeader {
  readonly oldName: string | null;
  readonly newName: string | null;
  readonly change: "modify" | "create" | "delete" | "rename" | "copy";
  readonly oldMode: number | null;
  readonly newMode: number | null;
  readonly oldBlob: string | null;
  readonly newBlob: string | null;
  /** The directories that -p1 stripped from the old and the new name. */
  readonly prefixes: readonly [string, string];
  /** True if there are `---` and `+++` lines, which only hunks may follow. */
  readonly wantsHunks: boolean;
  /** Offset just after the header. */
  readonly end: number;
}

/**
 * Reads the header that begins with the `diff --git` line at `from`. Refuses more than git does: names
 * that differ between the lines, modes that git never writes, contradictory lines.
 */
export function readGitHeader(text: Buffer, from: number): FileHeader {
  const lines = readHeaderLines(text, from);
  const change = readChange(lines, from);
  const names = readNames(lines, change, from);
  const index = readIndex(lines.fields.index);
  const modes = readModes(lines, index.mode, from);
  return {
    oldName: change === "create" ? null : names.oldName,
    newName: change === "delete" ? null : names.newName,
    change,
    oldMode: modes.oldMode,
    newMode: modes.newMode,
    oldBlob: index.oldBlob,
    newBlob: index.newBlob,
    prefixes: names.prefixes,
    wantsHunks: lines.fields.oldFile !== null,
    end: lines.end,
  };
}

/** Which lines make which change; both or none, and one row at most. */
const CHANGES: readonly (readonly [FileHeader["change"], DiffHeaderField, DiffHeaderField])[] = [
  ["create", "createdMode", "createdMode"],
  ["delete", "deletedMode", "deletedMode"],
  ["rename", "renameFrom", "renameTo"],
  ["copy", "copyFrom", "copyTo"],
];

function readChange({ fields }: HeaderLines, offset: number): FileHeader["change"] {
  let made: FileHeader["change"] = "modify";
  for (const [change, first, second] of CHANGES) {
    const one = fields[first] !== null;
    const two = fields[second] !== null;
    if (one !== two || (one && made !== "modify")) {
      refuseAt("bad-header", offset, "contradictory header lines");
    }
    if (one) made = change;
  }
  return made;
}

interface Names {
  /** The name, where there is only one file. */
  readonly oldName: string;
  readonly newName: string;
  readonly prefixes: readonly [string, string];
}

/** All names in the header's lines must agree: git would silently prefer one of them. */
// oxlint-disable-next-line complexity -- each name that is there against each other: a branch for each
function readNames(
  { halves, fields }: HeaderLines,
  change: FileHeader["change"],
  offset: number,
): Names {
  const moved = change === "rename" || change === "copy";
  const from = moveName(fields.renameFrom ?? fields.copyFrom);
  const to = moveName(fields.renameTo ?? fields.copyTo);
  const oldLine = fields.oldFile === null ? null : fileLine(fields.oldFile);
  const newLine = fields.newFile === null ? null : fileLine(fields.newFile);
  if (oldLine !== null && newLine !== null) {
    const created = oldLine.file === null;
    const deleted = newLine.file === null;
    if (created !== (change === "create") || deleted !== (change === "delete")) {
      refuseAt("bad-header", offset, "/dev/null and the mode lines do not agree");
    }
  }

  const oldFile = oldLine?.file ?? null;
  const newFile = newLine?.file ?? null;
  const needsHalves = !moved && oldFile === null && newFile === null;
  const common = needsHalves ? commonName(halves, offset) : null;
  const oldName = from ?? (oldFile ?? newFile)?.name ?? common;
  const newName = to ?? (newFile ?? oldFile)?.name ?? common;
  if (oldName === null || newName === null) {
    refuseAt("bad-name", offset, "a header without a file name");
  }

  // git reads no name from a line that ends in CR; neither may this, if it is the only name
  const prefixes = prefixesOf(
    needsHalves ? halves : lineWithoutCr(halves),
    oldName,
    newName,
    offset,
  );
  const agree =
    prefixes !== null &&
    (moved || oldName === newName) &&
    (oldFile === null || (oldFile.name === oldName && oldFile.prefix === prefixes[0])) &&
    (newFile === null || (newFile.name === newName && newFile.prefix === prefixes[1]));
  if (!agree) refuseAt("name-mismatch", offset, "the lines of a header name different files");
  checkPath(oldName, offset);
  if (moved) checkPath(newName, offset);
  return { oldName, newName, prefixes };
}

function moveName(value: DiffHeaderValue | null): string | null {
  return value === null ? null : wholeName(value.text, value.offset);
}

function fileLine(value: DiffHeaderValue): FileLine {
  return readFileLine(value.text, value.offset, false);
}

function checkPath(name: string, offset: number): void {
  if (isBadPath(name)) refuseAt("bad-path", offset, "a path that git would not write");
}

// what git writes: file, executable, symbolic link, submodule
const MODES: Readonly<Record<string, number>> = {
  "100644": 0o100644,
  "100755": 0o100755,
  // as others write the modes of files that their group may write; git makes the two above of them
  "100664": 0o100644,
  "100775": 0o100755,
  "120000": 0o120000,
  "160000": 0o160000,
};
const MODE = /^(\d{6})[ \t\r]*$/;
const INDEX = /^([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: (\d{6})[ \t\r]*|\r?)$/;

function readModes(
  { fields }: HeaderLines,
  same: number | null,
  offset: number,
): { oldMode: number | null; newMode: number | null } {
  const created = modeOf(fields.createdMode);
  const deleted = modeOf(fields.deletedMode);
  const before = modeOf(fields.oldMode);
  const after = modeOf(fields.newMode);
  const given = Number(created !== null) + Number(deleted !== null) + Number(same !== null);
  const changed = before !== null || after !== null;
  const whole = before !== null && after !== null && before !== after;
  if (given + Number(changed) > 1 || (changed && !whole)) {
    refuseAt("bad-mode", offset, "contradictory mode lines");
  }
  return { oldMode: deleted ?? before ?? same, newMode: created ?? after ?? same };
}

function modeOf(value: DiffHeaderValue | null): number | null {
  return value === null ? null : knownMode(MODE.exec(value.text)?.[1] ?? "", value.offset);
}

function knownMode(mode: string, offset: number): number {
  return MODES[mode] ?? refuseAt("bad-mode", offset, "a file mode that git does not write");
}

interface Index {
  readonly oldBlob: string | null;
  readonly newBlob: string | null;
  /** The old and new mode, if this header has them. */
  readonly mode: number | null;
}

function readIndex(value: DiffHeaderValue | null): Index {
  if (value === null) return { oldBlob: null, newBlob: null, mode: null };
  const parts = INDEX.exec(value.text);
  if (parts === null) refuseAt("bad-header", value.offset, 'a malformed "index" line');
  const mode = parts[3] === undefined ? null : knownMode(parts[3], value.offset);
  return { oldBlob: parts[1] ?? null, newBlob: parts[2] ?? null, mode };
}

/** True if the three lines by which `git apply` recognises a diff without `diff --git` are at `at`. */
export function isPlainHeader(text: Buffer, at: number): boolean {
  if (!hasAt(text, at, OLD_FILE)) return false;
  const second = lineEnd(text, at) + 1;
  return hasAt(text, second, NEW_FILE) && isHunk(text, lineEnd(text, second) + 1);
}

/** `x.c.orig` or `x.c~fix` beside `x.c`, as `diff -u` and quilt users write it: git takes the shorter name. */
function isBackup(old: PrefixedName | null, file: PrefixedName | null): boolean {
  if (old === null || file === null || !old.name.startsWith(file.name)) return false;
  return old.prefix === file.prefix && BACKUP.test(old.name.slice(file.name.length));
}

const BACKUP = /^(?:~[^/]*|\.orig)$/;
const EPOCH = /\b(?:1969-12-31|1970-01-01)\b/;

interface PlainNames {
  readonly oldFile: PrefixedName;
  readonly newFile: PrefixedName;
  /** The old name is that of a backup. */
  readonly backup: boolean;
}

/** One name, from either line; git would choose one of two. */
function plainNames(oldLine: FileLine, newLine: FileLine, offset: number): PlainNames {
  const newFile = newLine.file ?? oldLine.file;
  const backup = isBackup(oldLine.file, newFile);
  const oldFile = backup ? newFile : (oldLine.file ?? newFile);
  if (oldFile === null || newFile === null) {
    refuseAt("bad-name", offset, "a header without a file name");
  }
  if (oldFile.name !== newFile.name) {
    refuseAt("name-mismatch", offset, "the lines of a header name different files");
  }
  checkPath(oldFile.name, offset);
  return { oldFile, newFile, backup };
}

/**
 * Reads the `---` and `+++` lines at `from` of a diff without `diff --git`, as quilt and `diff -u` write
 * them. git would choose one of two different names; here they must be the same.
 *
 * In some forms of `diff -N`, a date of 1970 means "no such file": the file counts as created (deleted), and
 * `readDiff` makes sure that the hunk leaves git no choice.
 */
export function readPlainHeader(text: Buffer, from: number): FileHeader {
  const second = lineEnd(text, from) + 1;
  const oldLine = readFileLine(lineAt(text, from).slice(OLD_FILE.length), from, true);
  const newLine = readFileLine(lineAt(text, second).slice(NEW_FILE.length), second, true);
  const { oldFile, newFile, backup } = plainNames(oldLine, newLine, from);
  const created = oldLine.file === null || EPOCH.test(oldLine.date);
  const deleted = newLine.file === null || EPOCH.test(newLine.date);
  if (backup && (created || deleted)) refuseAt("name-mismatch", from, "a backup of a new file");
  if (created && deleted) refuseAt("bad-name", from, "a file that is neither before nor after");
  return {
    oldName: created ? null : oldFile.name,
    newName: deleted ? null : newFile.name,
    change: created ? "create" : deleted ? "delete" : "modify",
    oldMode: null,
    newMode: null,
    oldBlob: null,
    newBlob: null,
    prefixes: backup && newFile.prefix === "a" ? ["a", "b"] : [oldFile.prefix, newFile.prefix],
    wantsHunks: true,
    end: lineEnd(text, second) + 1,
  };
}
