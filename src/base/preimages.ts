/** What a series says of the tree it was made against: which blob stood at which path. */

import type { Diff } from "../types.ts";

export interface Preimage {
  /** Bytes of the name, a character each (latin1). */
  readonly path: string;
  /** Hex digits, perhaps not all of them. */
  readonly blob: string;
}

export interface Preimages {
  readonly wanted: readonly Preimage[];
  /** Files that the series makes, of which nothing is known. */
  readonly created: number;
  /** Files that are changed but not looked for: without an index line, or beyond the bounds. */
  readonly left: number;
}

/** Fewer digits than git ever writes by itself say nothing. */
const MIN_DIGITS = 7;
const GITLINK = 0o160000;
/** Each is looked up in every commit. */
const MAX_PATHS = 1000;
const MAX_BYTES = 64 << 10;

/** @param diffs of the patches in their order; what an earlier one made says nothing of the base */
export function preimagesOf(diffs: readonly Diff[]): Preimages {
  const wanted = new Map<string, string>();
  const touched = new Set<string>();
  let [created, left, bytes] = [0, 0, 0];
  for (const { files } of diffs) {
    const names: string[] = [];
    for (const { oldName, newName, oldBlob, oldMode } of files) {
      const path = oldName?.toString("latin1");
      if (newName !== null) names.push(newName.toString("latin1"));
      if (path === undefined) created++;
      if (path === undefined || touched.has(path) || wanted.has(path)) continue;
      names.push(path);
      bytes += path.length;
      const known = oldBlob !== null && oldBlob.length >= MIN_DIGITS && /[1-9a-f]/.test(oldBlob);
      const fits = wanted.size < MAX_PATHS && bytes <= MAX_BYTES && !path.includes("\n");
      if (known && fits && oldMode !== GITLINK) wanted.set(path, oldBlob);
      else left++;
    }
    // the old names of one patch all stand for the tree before it
    for (const name of names) touched.add(name);
  }
  return { wanted: [...wanted].map(([path, blob]) => ({ path, blob })), created, left };
}
