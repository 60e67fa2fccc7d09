import type { Diff, FilePatch, Result } from "../types.ts";
import {
  isBinaryNotice,
  MAX_UNPACKED,
  readBinaryPatch,
  type UnpackBudget,
} from "./binary-patch.ts";
import { canonicalOf } from "./canonical.ts";
import { diffFindings, type FoundPatch } from "./findings.ts";
import { type FileHeader, isPlainHeader, readGitHeader, readPlainHeader } from "./header.ts";
import { isGitHeader } from "./header-lines.ts";
import { attempt, refuseAt } from "../refused.ts";
import { LF, lineEnd } from "../primitives/bytes.ts";
import { type Hunks, isHunk, isOrphanHunk, readHunks } from "./hunk.ts";

/** A mail with more file patches than this is refused. */
export const MAX_FILES = 50_000;

/**
 * Finds every file patch that `git am` (that is, `git apply --index`) would find in a patch text.
 *
 * @param patch what `git mailinfo` writes to its patch file: all below the patch break, every MIME part of it
 * @param crs line feeds before which a CR was dropped that may belong to a file (`MailView.crs`)
 * @returns the file patches and their canonical bytes (docs/spec/patch-signature.md, "diff"), or a refusal:
 *
 * | reason | what was met |
 * |---|---|
 * | `bare-diff-git` | a `diff --git` line without header lines: it would name the next file patch |
 * | `bad-header` | repeated, malformed, incomplete or contradictory header lines |
 * | `bad-mode` | a file mode that git does not write, or mode lines that contradict each other |
 * | `bad-name` | a file name that is missing, malformed or ambiguous |
 * | `name-mismatch` | the lines of one header name different files |
 * | `bad-path` | an absolute path, or `.`, `..`, `.git` in it |
 * | `corrupt-hunk` | a hunk that git would refuse: counts, kinds of line, no change |
 * | `orphan-hunk` | a hunk without a file header |
 * | `no-change` | a header without a change, or `---` and `+++` without a hunk |
 * | `corrupt-binary` | a binary patch that git cannot read |
 * | `binary-too-large` | binary patches that unpack to more than `MAX_UNPACKED` bytes |
 * | `ambiguous-order` | a diff without `diff --git` follows a bare header, which could be read as its own |
 * | `nul-in-diff` | a NUL byte in a file patch |
 * | `too-many-files` | more than `MAX_FILES` file patches |
 *
 * git alone decides what counts: the rules were found by running git 2.39.5. This refuses what git refuses,
 * and what git would read differently from a person.
 */
export function readDiff(patch: Buffer, crs: ArrayLike<number> = []): Result<Diff> {
  return attempt(
    () => parse(patch, crs),
    (offset) => `line ${lineNumber(patch, offset)} of the patch`,
  );
}

function parse(text: Buffer, crs: ArrayLike<number>): Diff {
  const budget: UnpackBudget = { left: MAX_UNPACKED };
  const found: FoundPatch[] = [];
  let gap = findNext(text, 0, false);
  let pastHunk = -1;

  while (gap.next < text.length) {
    const start = gap.next;
    if (found.length === MAX_FILES) {
      refuseAt("too-many-files", start, `more than ${MAX_FILES} file patches`);
    }
    const isGit = isGitHeader(text, start);
    if (!isGit && found.at(-1)?.body === "none") {
      refuseAt("ambiguous-order", start, 'a diff without "diff --git" after a header alone');
    }
    const header = isGit ? readGitHeader(text, start) : readPlainHeader(text, start);
    const patch = readFileBody(text, start, header, budget);
    found.push(patch);
    gap = findNext(text, patch.end, patch.body === "hunks");
    if (pastHunk < 0) pastHunk = gap.pastHunk;
  }

  const { canonical, allCr, rawCr } = canonicalOf(text, found, crs);
  return {
    files: found.map(({ file }) => file),
    canonical,
    start: found[0]?.start ?? text.length,
    end: found.at(-1)?.end ?? 0,
    allCr,
    rawCr,
    findings: diffFindings(found, canonical, allCr, pastHunk < 0 ? "" : quoteLine(text, pastHunk)),
  };
}

/** The text between two file patches. */
interface Gap {
  /** Offset of the next file patch, or the text's length. */
  readonly next: number;
  /** Offset of a line that seems to belong to the hunk before the gap, or -1. */
  readonly pastHunk: number;
}

const [BLANK, PLUS, MINUS, BACKSLASH] = Buffer.from(" +-\\");

/** Skips what git ignores. `afterHunk` is true if a hunk ends at `from`. */
function findNext(text: Buffer, from: number, afterHunk: boolean): Gap {
  let inRun = afterHunk;
  let pastHunk = -1;
  let at = from;
  while (at < text.length) {
    const first = text[at];
    if (isGitHeader(text, at) || isPlainHeader(text, at)) break;
    if (isOrphanHunk(text, at)) refuseAt("orphan-hunk", at, "a hunk without a file header");
    if (inRun) {
      const second = text[at + 1];
      // "-- " begins a signature, "--=" a MIME boundary, "---" a rule
      const change = first === PLUS || (first === MINUS && second !== MINUS);
      if (change && pastHunk < 0) pastHunk = at;
      inRun = change || first === BLANK || first === BACKSLASH;
    }
    at = lineEnd(text, at) + 1;
  }
  return { next: Math.min(at, text.length), pastHunk };
}

/** Reads what follows a header: hunks, or a binary patch, or nothing. */
function readFileBody(
  text: Buffer,
  start: number,
  header: FileHeader,
  budget: UnpackBudget,
): FoundPatch {
  const at = header.end;
  if (isHunk(text, at)) {
    const hunks = readHunks(text, at);
    checkHunks(header, hunks);
    return foundPatch(start, hunks.end, header, "hunks", hunks);
  }
  if (header.wantsHunks) refuseAt("no-change", start, '"---" and "+++" lines that no hunk follows');
  const afterBinary = readBinaryPatch(text, at, budget);
  if (afterBinary > at) return foundPatch(start, afterBinary, header, "binary", NO_HUNKS);
  if (isBinaryNotice(text, at)) {
    return foundPatch(start, lineEnd(text, at) + 1, header, "notice", NO_HUNKS);
  }
  if (header.change === "modify" && header.oldMode === header.newMode) {
    refuseAt("no-change", start, "a header that changes nothing");
  }
  return foundPatch(start, at, header, "none", NO_HUNKS);
}

const NO_HUNKS = { added: 0, deleted: 0, emptyLines: 0, oldLines: 0, newLines: 0 };

function checkHunks(header: FileHeader, { oldLines, newLines }: Hunks): void {
  if (!header.wantsHunks) refuseAt("bad-header", header.end, 'hunks without "---" and "+++" lines');
  const { change } = header;
  if ((change === "create" && oldLines > 0) || (change === "delete" && newLines > 0)) {
    refuseAt("corrupt-hunk", header.end, "a hunk with lines of a file that is not there");
  }
}

function foundPatch(
  start: number,
  end: number,
  header: FileHeader,
  body: FoundPatch["body"],
  hunks: Omit<Hunks, "end" | "count">,
): FoundPatch {
  const { oldName, newName } = header;
  const oldBytes = oldName === null ? null : Buffer.from(oldName, "latin1");
  const file: FilePatch = {
    oldName: oldBytes,
    newName:
      newName === oldName ? oldBytes : newName === null ? null : Buffer.from(newName, "latin1"),
    kind: header.change === "modify" && body === "none" ? "mode" : header.change,
    binary: body === "binary" || body === "notice",
    oldMode: header.oldMode,
    newMode: header.newMode,
    oldBlob: header.oldBlob,
    newBlob: header.newBlob,
    added: hunks.added,
    deleted: hunks.deleted,
  };
  return { file, start, end, body, header, emptyLines: hunks.emptyLines };
}

/** The beginning of the line at `from`, for a message. */
function quoteLine(text: Buffer, from: number): string {
  return text.toString("utf8", from, Math.min(lineEnd(text, from), from + 60));
}

function lineNumber(text: Buffer, offset: number): number {
  let line = 1;
  for (let at = text.indexOf(LF); at >= 0 && at < offset; at = text.indexOf(LF, at + 1)) line++;
  return line;
}
