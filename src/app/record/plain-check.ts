/** Whether a commit is what a plain diff makes of its parent: without git, except for the old files. */

import { hash } from "node:crypto";
import { Blobs } from "../../git/blobs.ts";
import type { FileChange } from "../../git/commit-changes.ts";
import type { StartOptions } from "../../git/run.ts";
import { EMPTY } from "../../primitives/bytes.ts";
import { KeptFiles } from "./kept-files.ts";
import { applyPlain, type PlainPatch, plainPatches, reversed } from "../../record/plain-diff.ts";

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
const NO_BLOB = /^0+$/;
const FILES = new Set(["100644", "100755"]);

function isSameKind({ kind, mode }: PlainPatch, { oldMode, newMode }: FileChange): boolean {
  if (kind === "create") return oldMode === NO_FILE && newMode === mode;
  if (kind === "delete") return oldMode === mode && newMode === NO_FILE;
  return oldMode === newMode && FILES.has(oldMode);
}

type ObjectFormat = "sha1" | "sha256";

/**
 * Checks plain changes. A file that a commit left is mostly the one that the next commit to it found, or the other way
 * round if the newest come first; and a diff says either file by the other. So git is asked only for those of which
 * neither is here.
 */
export class PlainChecks {
  readonly #place: StartOptions;
  readonly #maxBytes: number;
  readonly #format: ObjectFormat;
  readonly #asked: Blobs;
  /** For files that are not here, though they should be; null until there is one. */
  #late: Blobs | null = null;
  /** Changes whose old files git was asked for. */
  readonly #waiting = new Set<PlainChange>();
  /** Blobs that will be here when what was announced is checked. */
  readonly #expected = new Set<string>();
  readonly #kept = new KeptFiles();

  /** @param maxBytes of a file: a longer one makes its change none of the plain ones */
  constructor(place: StartOptions, format: ObjectFormat, maxBytes: number) {
    this.#place = place;
    this.#format = format;
    this.#maxBytes = maxBytes;
    this.#asked = new Blobs(place, maxBytes);
  }

  /** Asks git for what these changes will need, at once: a write for each would cost more than the files. */
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
   * True if each change makes the file of the commit. False does not mean that the diff does not: git may find
   * another place for a hunk.
   *
   * @param changes as they were announced, in that order
   */
  async areMade(changes: readonly PlainChange[]): Promise<boolean> {
    let areMade = true;
    // all of them, for the commits after this one
    for (const one of changes) if (!(await this.#isMade(one))) areMade = false;
    return areMade;
  }

  async #isMade(one: PlainChange): Promise<boolean> {
    const { oldBlob, newBlob } = one.change;
    const { kind, hunks } = one.patch;
    this.#expected.delete(oldBlob);
    this.#expected.delete(newBlob);
    const after = this.#after(one);
    // what makes the old file of the new one makes the new one of it
    if (after !== null) return this.#makes(applyPlain(after, reversed(hunks)), oldBlob);
    const before = kind === "create" ? EMPTY : await this.#before(one);
    return before !== null && this.#makes(applyPlain(before, hunks), newBlob);
  }

  /** The new file; null if the old one is to be taken. */
  #after(one: PlainChange): Buffer | null {
    if (one.patch.kind === "delete") return EMPTY;
    const isOldTaken = one.patch.kind === "create" || this.#waiting.has(one);
    return isOldTaken ? null : this.#kept.get(one.change.newBlob);
  }

  async #before(one: PlainChange): Promise<Buffer | null> {
    const { oldBlob } = one.change;
    const isAsked = this.#waiting.delete(one);
    const kept = isAsked ? null : this.#kept.get(oldBlob);
    if (kept !== null) return kept;
    if (!isAsked) (this.#late ??= new Blobs(this.#place, this.#maxBytes)).ask([oldBlob]);
    const bytes = (await (isAsked ? this.#asked : this.#late!).take())?.bytes ?? null;
    if (bytes !== null) this.#kept.keep(oldBlob, this.#kept.join([bytes]));
    return bytes;
  }

  #makes(pieces: readonly Buffer[] | null, blob: string): boolean {
    if (pieces === null) return false;
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const header = Buffer.from(`blob ${length}\0`);
    const object = this.#kept.join([header, ...pieces]);
    if (hash(this.#format, object, "hex") !== blob) return false;
    this.#kept.keep(blob, object.subarray(header.length));
    return true;
  }

  close(): void {
    this.#asked.close();
    this.#late?.close();
  }
}
