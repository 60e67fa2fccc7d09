/** Checks that a plain diff, applied to a commit's parent, gives the commit: git is asked only for the files. */

import { hash } from "node:crypto";
import { Blobs } from "../../git/blobs.ts";
import type { FileChange } from "../../git/commit-changes.ts";
import type { StartOptions } from "../../git/run.ts";
import { EMPTY } from "../../primitives/bytes.ts";
import { marksOf, TOP } from "../../record/line-marks.ts";
import {
  type AppliedFile,
  applyPlain,
  type PlainPatch,
  plainPatches,
  reversed,
} from "../../record/plain-diff.ts";
import { KeptFiles, type MarkedFile } from "./kept-files.ts";

/** A signed file patch, and how the commit changed that file. */
export interface PlainChange {
  readonly patch: PlainPatch;
  readonly change: FileChange;
}

/**
 * Pairs the commit's changes with the diff's file patches.
 *
 * @returns null if the diff is not plain, or the commit changed other files or modes: then git has to be asked
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
const NO_BLOB = /^0+$/;
const FILES = new Set(["100644", "100755"]);

function isSameKind({ kind, mode }: PlainPatch, { oldMode, newMode }: FileChange): boolean {
  if (kind === "create") return oldMode === NO_FILE && newMode === mode;
  if (kind === "delete") return oldMode === mode && newMode === NO_FILE;
  return oldMode === newMode && FILES.has(oldMode);
}

const NO_TEXT: MarkedFile = { bytes: EMPTY, marks: TOP };

type ObjectFormat = "sha1" | "sha256";

/**
 * Checks plain changes, and keeps files: the file that one commit leaves is the one that the next commit to it changes.
 * If the newest commits come first it is the other way round, but a diff works in both directions. So git is asked for
 * an old file only if the cache has neither the old nor the new one.
 */
export class PlainChecks {
  readonly #place: StartOptions;
  readonly #maxBytes: number;
  readonly #format: ObjectFormat;
  readonly #asked: Blobs;
  /** A second git for files that should have been kept, but were overwritten; null until one is needed. */
  #late: Blobs | null = null;
  /** Changes for which git was asked for the old file. */
  readonly #waiting = new Set<PlainChange>();
  /** Blobs that the announced changes will bring into the cache. */
  readonly #expected = new Set<string>();
  readonly #kept = new KeptFiles();

  /** @param maxBytes of a file that git is asked for; a change of a longer one does not count as made */
  constructor(place: StartOptions, format: ObjectFormat, maxBytes: number) {
    this.#place = place;
    this.#format = format;
    this.#maxBytes = maxBytes;
    this.#asked = new Blobs(place, maxBytes);
  }

  /** Asks git for the files that these changes will need, in one write: one for each would cost more than the files. */
  announce(changes: readonly PlainChange[]): void {
    const missing: string[] = [];
    for (const one of changes) {
      const { oldBlob, newBlob } = one.change;
      if (!this.#isExpected(oldBlob) && !this.#isExpected(newBlob)) {
        missing.push(oldBlob);
        this.#waiting.add(one);
      }
      this.#expected.add(oldBlob).add(newBlob);
    }
    if (missing.length > 0) this.#asked.ask(missing);
  }

  #isExpected(blob: string): boolean {
    return NO_BLOB.test(blob) || this.#expected.has(blob) || this.#kept.has(blob);
  }

  /**
   * True if each file patch gives the commit's file. If not, the diff may still apply: git may find another place for a
   * hunk.
   *
   * @param changes as announced, in the same order
   */
  async areMade(changes: readonly PlainChange[]): Promise<boolean> {
    let areMade = true;
    // not only up to the first that fails: the commits after this one need the files
    for (const one of changes) if (!(await this.#isMade(one))) areMade = false;
    return areMade;
  }

  async #isMade(one: PlainChange): Promise<boolean> {
    const { oldBlob, newBlob } = one.change;
    const { kind, hunks } = one.patch;
    this.#expected.delete(oldBlob);
    this.#expected.delete(newBlob);
    const after = this.#after(one);
    // if the reversed hunks turn the new file into the old one, the hunks turn the old one into the new
    if (after !== null)
      return this.#makes(applyPlain(after.bytes, reversed(hunks), after.marks), oldBlob);
    const before = kind === "create" ? NO_TEXT : await this.#before(one);
    if (before === null) return false;
    return this.#makes(applyPlain(before.bytes, hunks, before.marks), newBlob);
  }

  /** The new file, if the cache has it; null to start from the old one. */
  #after(one: PlainChange): MarkedFile | null {
    if (one.patch.kind === "delete") return NO_TEXT;
    const isOldTaken = one.patch.kind === "create" || this.#waiting.has(one);
    return isOldTaken ? null : this.#kept.get(one.change.newBlob);
  }

  async #before(one: PlainChange): Promise<MarkedFile | null> {
    const { oldBlob } = one.change;
    const isAsked = this.#waiting.delete(one);
    const kept = isAsked ? null : this.#kept.get(oldBlob);
    if (kept !== null) return kept;
    if (!isAsked) (this.#late ??= new Blobs(this.#place, this.#maxBytes)).ask([oldBlob]);
    const bytes = (await (isAsked ? this.#asked : this.#late!).take())?.bytes ?? null;
    if (bytes === null) return null;
    const marks = marksOf(bytes);
    this.#kept.keep(oldBlob, { bytes: this.#kept.join([bytes]), marks });
    return { bytes, marks };
  }

  #makes(applied: AppliedFile | null, blob: string): boolean {
    if (applied === null) return false;
    const { pieces, marks } = applied;
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const header = Buffer.from(`blob ${length}\0`);
    const object = this.#kept.join([header, ...pieces]);
    if (hash(this.#format, object, "hex") !== blob) return false;
    this.#kept.keep(blob, { bytes: object.subarray(header.length), marks });
    return true;
  }

  close(): void {
    this.#asked.close();
    this.#late?.close();
  }
}
