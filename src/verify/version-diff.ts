/** What changed from one version of a series to another. Pure. */

import type { Verdict } from "../types.ts";

/** A version that is compared. */
export interface ComparedVersion {
  /** In `series list`. */
  readonly number: number;
  readonly name: string;
  readonly subject: string;
  readonly total: number;
  readonly verdict: Verdict;
  /** The keys that signed its patches, and who they are; none if a patch is not signed. */
  readonly publicKeys: readonly string[];
  readonly signers: readonly string[];
  /** The base that was signed, else the one that the mails name. */
  readonly base: string | null;
}

export interface PatchChange {
  /** Its number in each version; null if it is not there. */
  readonly old: number | null;
  readonly new: number | null;
  /**
   * `unchanged`: git would make the same commit of it, dates apart. `moved`: the same change in other
   * surroundings. `message`: only author or message differ.
   */
  readonly change: "unchanged" | "moved" | "message" | "diff" | "added" | "removed";
  readonly subject: string;
  /** Lines as git range-diff has them, without indentation; "" if there is nothing to show. */
  readonly text: string;
}

/** The record of `diff --json` (docs/schema/series.md). */
export interface VersionDiff {
  readonly type: "diff";
  readonly old: ComparedVersion;
  readonly new: ComparedVersion;
  /** Null if neither is signed. */
  readonly sameKey: boolean | null;
  /** Null if neither names a base. */
  readonly sameBase: boolean | null;
  readonly how: "range-diff" | "text";
  /** Why the patches are compared as text; "" if they are not. */
  readonly why: string;
  readonly patches: readonly PatchChange[];
}

/** A line of git range-diff, and what stands below it. */
export interface RangePair {
  /** Places in the two ranges, from 1; null if there is none. */
  readonly old: number | null;
  readonly new: number | null;
  readonly sign: "=" | "!" | "<" | ">";
  readonly text: string;
}

const PAIR =
  /^ *(?:(\d+)|-): +(?:[0-9a-f]{4,64}|-+) ([=!<>]) +(?:(\d+)|-): +(?:[0-9a-f]{4,64}|-+)(?: |$)/;
const INDENT = "    ";

/** Reads what git range-diff writes. */
export function readRangeDiff(output: Buffer): RangePair[] {
  const pairs: (Omit<RangePair, "text"> & { lines: string[] })[] = [];
  for (const line of output.toString("utf8").split("\n")) {
    const [found, older, sign, newer] = PAIR.exec(line) ?? [];
    if (found === undefined) {
      if (line.startsWith(INDENT)) pairs.at(-1)?.lines.push(line.slice(INDENT.length));
      continue;
    }
    const number = (text: string | undefined): number | null =>
      text === undefined ? null : Number(text);
    pairs.push({
      old: number(older),
      new: number(newer),
      sign: sign as RangePair["sign"],
      lines: [],
    });
  }
  return pairs.map(({ lines, ...pair }) => ({ ...pair, text: lines.join("\n") }));
}

/** What pairing needs of a patch. */
export interface PairedPatch {
  readonly index: number;
  readonly title: string;
  readonly diff: string | null;
}

/**
 * Pairs of patches by their diffs, then by their titles, then by their numbers: those of the new version
 * in order, then those of the old one that are gone. Places in the lists.
 */
export function pairsOf(
  older: readonly PairedPatch[],
  newer: readonly PairedPatch[],
): { readonly old: number | null; readonly new: number | null }[] {
  const taken = new Set<number>();
  const partners = new Map<number, number>();
  const same: ((a: PairedPatch, b: PairedPatch) => boolean)[] = [
    (a, b) => a.diff !== null && a.diff === b.diff,
    (a, b) => a.title === b.title,
    (a, b) => a.index === b.index && older.length === newer.length,
  ];
  for (const isSame of same)
    for (const [at, patch] of newer.entries()) {
      if (partners.has(at)) continue;
      const found = older.findIndex((one, i) => !taken.has(i) && isSame(one, patch));
      if (found < 0) continue;
      taken.add(found);
      partners.set(at, found);
    }
  const pairs = newer.map((_, at) => ({ old: partners.get(at) ?? null, new: at }));
  const gone = [...older.keys()].filter((at) => !taken.has(at));
  return [...pairs, ...gone.map((old) => ({ old, new: null }))];
}
