import { createHash } from "node:crypto";
import type { Diff, FilePatch } from "../types.ts";
import { isPlainHeader, readGitHeader, readPlainHeader } from "../diff/header.ts";
import { isGitHeader } from "../diff/header-lines.ts";
import { lineEnd } from "../primitives/bytes.ts";
import { isHunk, readHunks } from "../diff/hunk.ts";

/**
 * The patch-id that `git format-patch --base` writes for a prerequisite. git prints it nowhere else,
 * and `git patch-id` differs for renames, modes, binary and empty files. Learned from git 2.39.5 and
 * 2.55; it is
 *
 * - the sum, little-endian and without its last carry, of a hash for each file, of
 * - `diff--git`, both names, and for a file that comes or goes or changes its mode these modes;
 * - of a binary file the names of both blobs, of a text the `---` and `+++` lines and those of the
 *   hunks, without their blanks, tabs and line ends.
 *
 * @param algorithm that of the repository
 * @param binary the blob of a file patch without text, a rename for one, if that file is binary
 * @returns hex; zeros for an empty diff; null if git would need more than the text
 */
export function gitPatchId(
  diff: Pick<Diff, "files" | "canonical">,
  algorithm: "sha1" | "sha256",
  binary: (file: FilePatch) => string | null = () => null,
): string | null {
  const digits = algorithm === "sha1" ? 40 : 64;
  const sum = Buffer.alloc(digits / 2);
  for (const { file, hunks } of changesOf(diff)) {
    const hash = createHash(algorithm).update(headOf(file));
    const blobs = file.binary ? [file.oldBlob, file.newBlob] : Array(2).fill(binary(file));
    if (blobs.some((blob) => blob !== null)) {
      if (!blobs.every((blob) => blob?.length === digits)) return null;
      hash.update(blobs.join(""));
    } else {
      hash.update(`---${sideOf("a", file.oldName)}+++${sideOf("b", file.newName)}`, "latin1");
      for (const part of hunks) hash.update(part);
    }
    add(sum, hash.digest());
  }
  return sum.toString("hex");
}

interface HashedFile {
  readonly file: FilePatch;
  /** Lines of hunks as they are hashed. */
  readonly hunks: readonly Buffer[];
}

/** The file patches; git counts a change of a file's type as one. */
function changesOf({ files, canonical }: Pick<Diff, "files" | "canonical">): HashedFile[] {
  const changes: HashedFile[] = [];
  let at = 0;
  for (const file of files) {
    const read = isGitHeader(canonical, at) ? readGitHeader : readPlainHeader;
    const start = read(canonical, at).end;
    at = isHunk(canonical, start) ? readHunks(canonical, start).end : start;
    const hunks = isHunk(canonical, start) ? [hashed(canonical.subarray(start, at))] : [];
    while (at < canonical.length && !isGitHeader(canonical, at) && !isPlainHeader(canonical, at))
      at = lineEnd(canonical, at) + 1;
    const last = changes.at(-1);
    const retyped =
      last?.file.kind === "delete" &&
      file.kind === "create" &&
      last.file.oldName!.equals(file.newName!);
    if (!retyped) changes.push({ file, hunks });
    else changes[changes.length - 1] = joined(last, { file, hunks });
  }
  return changes;
}

function joined(gone: HashedFile, come: HashedFile): HashedFile {
  const { oldName, oldMode, oldBlob } = gone.file;
  const binary = gone.file.binary || come.file.binary;
  const file: FilePatch = { ...come.file, kind: "modify", binary, oldName, oldMode, oldBlob };
  return { file, hunks: [...gone.hunks, ...come.hunks] };
}

function headOf({ kind, oldName, newName, oldMode, newMode }: FilePatch): Buffer {
  const octal = (mode: number | null): string => mode?.toString(8).padStart(6, "0") ?? "";
  const names = `${sideOf("a", oldName ?? newName)}${sideOf("b", newName ?? oldName)}`;
  const modes =
    kind === "create"
      ? `newfilemode${octal(newMode)}`
      : kind === "delete"
        ? `deletedfilemode${octal(oldMode)}`
        : oldMode === newMode
          ? ""
          : `oldmode${octal(oldMode)}newmode${octal(newMode)}`;
  return Buffer.from(`diff--git${names}${modes}`, "latin1");
}

/** One name, a character a byte. */
function sideOf(side: "a" | "b", name: Buffer | null): string {
  if (name === null) return "/dev/null";
  return `${side}/${name.toString("latin1").replaceAll(/[ \t\r\n]/g, "")}`;
}

const [TAB, LF, CR, BLANK, AT, BACKSLASH] = Buffer.from("\t\n\r @\\");

/** Lines of hunks, without hunk headers and "no newline" lines. */
function hashed(hunks: Buffer): Buffer {
  const out = Buffer.allocUnsafe(hunks.length);
  let to = 0;
  for (let at = 0; at < hunks.length;) {
    const end = lineEnd(hunks, at);
    const first = hunks[at];
    if (first !== AT && first !== BACKSLASH)
      for (; at < end; at++) {
        const byte = hunks[at]!;
        if (byte !== BLANK && byte !== TAB && byte !== CR && byte !== LF) out[to++] = byte;
      }
    at = end + 1;
  }
  return out.subarray(0, to);
}

function add(sum: Buffer, hash: Buffer): void {
  let carry = 0;
  for (let i = 0; i < sum.length; i++) {
    carry += sum[i]! + hash[i]!;
    sum[i] = carry & 0xff;
    carry >>= 8;
  }
}
