/** What a series says about the tree it was made against: which blob was at which path. */

import type { Diff, FilePatch } from "../types.ts";

export interface Preimage {
  /** Bytes of the name, a character each (latin1). */
  readonly path: string;
  /** Hex digits, perhaps not all of them. */
  readonly blob: string;
}

export interface Preimages {
  readonly wanted: readonly Preimage[];
  /** Files that the series creates: they say nothing. */
  readonly created: number;
  /** Changed files that are not searched for: without an index line, or beyond the bounds. */
  readonly left: number;
}

/** Fewer digits than git ever writes are ignored. */
const MIN_DIGITS = 7;
const GITLINK = 0o160000;
/** Each is searched for in every commit. */
const MAX_PATHS = 1000;
const MAX_BYTES = 64 << 10;

/** @param diffs of the patches in their order; what an earlier patch made says nothing about the base */
export function preimagesOf(diffs: readonly Diff[]): Preimages {
  const wanted = new Map<string, string>();
  const touched = new Set<string>();
  let [created, left, bytes] = [0, 0, 0];
  for (const { files } of diffs) {
    const names: string[] = [];
    for (const file of files) {
      const { oldName, newName } = file;
      const path = oldName?.toString("latin1");
      if (newName !== null) names.push(newName.toString("latin1"));
      if (path === undefined) created++;
      if (path === undefined || touched.has(path) || wanted.has(path)) continue;
      names.push(path);
      bytes += path.length;
      const blob = searchableBlob(file);
      const fits = wanted.size < MAX_PATHS && bytes <= MAX_BYTES && !path.includes("\n");
      if (blob !== null && fits) wanted.set(path, blob);
      else left++;
    }
    // the old names of a patch all refer to the tree before it
    for (const name of names) touched.add(name);
  }
  return { wanted: [...wanted].map(([path, blob]) => ({ path, blob })), created, left };
}

/** The blob before the patch, if it names one: no submodule, and enough of its name. */
function searchableBlob({ oldBlob, oldMode }: FilePatch): string | null {
  if (oldBlob === null || oldMode === GITLINK) return null;
  return oldBlob.length >= MIN_DIGITS && /[1-9a-f]/.test(oldBlob) ? oldBlob : null;
}
