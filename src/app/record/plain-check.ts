/** Whether a commit is what a plain diff makes of its parent: without git, except for the old files. */

import { createHash } from "node:crypto";
import type { Blobs } from "../../git/blobs.ts";
import type { FileChange } from "../../git/commit-changes.ts";
import { EMPTY } from "../../primitives/bytes.ts";
import { applyPlain, type PlainPatch, plainPatches } from "../../record/plain-diff.ts";

/** A file patch, and what the commit did to that file. */
export interface PlainChange {
  readonly patch: PlainPatch;
  readonly change: FileChange;
}

/**
 * The commit's changes, each with its file patch; null if the diff is not plain, or the commit changed other
 * files or modes: then git has to be asked.
 */
export function plainChanges(diff: Buffer, changes: readonly FileChange[]): PlainChange[] | null {
  const patches = plainPatches(diff);
  if (patches === null || patches.length !== changes.length) return null;
  const byPath = new Map(changes.map((change) => [change.path, change]));
  const pairs: PlainChange[] = [];
  for (const patch of patches) {
    const change = byPath.get(patch.path);
    if (change === undefined || !byPath.delete(patch.path) || !isSameKind(patch, change))
      return null;
    pairs.push({ patch, change });
  }
  return pairs;
}

const NO_FILE = "000000";
const FILES = new Set(["100644", "100755"]);

function isSameKind({ kind, mode }: PlainPatch, { oldMode, newMode }: FileChange): boolean {
  if (kind === "create") return oldMode === NO_FILE && newMode === mode;
  if (kind === "delete") return oldMode === mode && newMode === NO_FILE;
  return oldMode === newMode && FILES.has(oldMode);
}

/** The blobs to ask for. */
export function oldBlobs(pairs: readonly PlainChange[]): string[] {
  return pairs.filter(({ patch }) => patch.kind !== "create").map(({ change }) => change.oldBlob);
}

/**
 * True if each file patch makes the file of the commit. False does not mean that the diff does not: git may
 * find another place for a hunk.
 *
 * @param blobs which were asked for `oldBlobs`
 */
export async function isMadeBy(
  pairs: readonly PlainChange[],
  blobs: Blobs,
  format: "sha1" | "sha256",
): Promise<boolean> {
  let isMade = true;
  for (const { patch, change } of pairs) {
    const old = patch.kind === "create" ? EMPTY : ((await blobs.take())?.bytes ?? null);
    const pieces: Buffer[] | null = old === null || !isMade ? null : applyPlain(old, patch.hunks);
    isMade &&= pieces !== null && isResult(pieces, patch, change, format);
  }
  return isMade;
}

function isResult(
  pieces: readonly Buffer[],
  { kind }: PlainPatch,
  { newBlob }: FileChange,
  format: "sha1" | "sha256",
): boolean {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (kind === "delete") return length === 0;
  const hash = createHash(format).update(`blob ${length}\0`);
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex") === newBlob;
}
