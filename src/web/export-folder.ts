/**
 * A folder with the pages of an export, which a web server may show all the while. A run makes the new pages beside
 * the old ones, and moves them into their places when all are there: until then nothing of the old ones changes, and
 * each page is replaced whole. What no page leads to any more is removed last. What an export did not write stays.
 */

import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { PatchsigError } from "../errors.ts";
import { holdLock } from "../store/lock.ts";
import { writeSynced, writing } from "../store/whole-file.ts";

export interface ExportCounts {
  readonly files: number;
  readonly written: number;
  readonly removed: number;
  /** Files that were changed by somebody else, and stay though no page leads to them. */
  readonly left: readonly string[];
}

/** The list of what was written, with digests. */
const MANIFEST = ".patchsig-export";
const LOCK = `${MANIFEST}.lock`;
/** Pages that are not in their places yet. */
const NEW = `${MANIFEST}.new`;

export class ExportFolder {
  readonly #folder: string;
  readonly #unlock: () => void;
  /** Digests of what exports before this one wrote; several, if one was killed while it moved pages. */
  readonly #before: ReadonlyMap<string, ReadonlySet<string>>;
  /** Digests of this one's pages, in the order in which they came. */
  readonly #now = new Map<string, string>();
  /** Those that are not in their places yet. */
  readonly #waiting: string[] = [];

  /**
   * Nobody else may write into it until `close`.
   *
   * @throws PatchsigError "exists" if the folder has files and no export; "busy" if another export is under way;
   *   "unwritable", "disk-full"
   */
  constructor(folder: string) {
    this.#folder = folder;
    writing(folder, () => void mkdirSync(folder, { recursive: true }), "make");
    const isOthers = readdirSync(folder).some((name) => !name.startsWith(MANIFEST));
    if (isOthers && !existsSync(this.#path(MANIFEST)))
      throw new PatchsigError("exists", `${folder} is not empty, and has no export`, {
        hint: "name an empty folder, or a new one",
      });
    let unlock: (() => void) | null = null;
    writing(folder, () => (unlock = holdLock(this.#path(LOCK))), "lock");
    if (unlock === null)
      throw new PatchsigError("exists", `another export is writing into ${folder}`, {
        hint: "wait until it has ended",
      });
    this.#unlock = unlock;
    this.#before = readManifest(this.#path(MANIFEST));
    // of a run that was killed
    writing(folder, () => rmSync(this.#path(NEW), { recursive: true, force: true }));
  }

  /** Another export may begin; what was not published is forgotten. */
  close(): void {
    rmSync(this.#path(NEW), { recursive: true, force: true });
    this.#unlock();
  }

  /** A page to publish. @param name `series/x.html` */
  put(name: string, content: Buffer): void {
    const digest = sha256(content);
    const file = this.#path(name);
    this.#now.set(name, digest);
    const there = digestOf(file);
    if (there === digest) return;
    if (!this.#before.has(name) && existsSync(file))
      throw new PatchsigError("exists", `${file} is there already, and is not of an export`);
    this.#draft(name, content);
    this.#waiting.push(name);
  }

  /**
   * Moves the pages into their places: first those to which no page that is there leads yet, then those that replace
   * others, the first page last. Then removes what is left of exports before.
   */
  publish(): ExportCounts {
    // before any of them is there: what a killed run has moved is known to the next one
    this.#writeManifest(
      [...this.#before].flatMap(([name, all]) => [...all].map((one) => [name, one])),
    );
    const [fresh, others] = [true, false].map((isNew) =>
      this.#waiting.filter((name) => existsSync(this.#path(name)) !== isNew).toReversed(),
    ) as [string[], string[]];
    for (const name of [...fresh, ...others]) this.#place(name);
    const left: string[] = [];
    let removed = 0;
    for (const [name, digests] of this.#before) {
      const file = this.#path(name);
      const digest = this.#now.has(name) ? null : digestOf(file);
      if (digest === null) continue;
      if (!digests.has(digest)) left.push(file);
      else {
        writing(file, () => rmSync(file), "remove");
        removed++;
      }
    }
    this.#writeManifest([]);
    return { files: this.#now.size, written: this.#waiting.length, removed, left };
  }

  #writeManifest(before: readonly (readonly string[])[]): void {
    const lines = [...before, ...this.#now].map(([name, digest]) => `${digest}  ${name}\n`);
    this.#draft(MANIFEST, lines.join(""));
    this.#place(MANIFEST);
  }

  #draft(name: string, content: Buffer | string): void {
    const draft = join(this.#path(NEW), name);
    writing(draft, () => {
      mkdirSync(dirname(draft), { recursive: true });
      writeSynced(draft, content);
    });
  }

  #place(name: string): void {
    const file = this.#path(name);
    writing(file, () => {
      mkdirSync(dirname(file), { recursive: true });
      renameSync(join(this.#path(NEW), name), file);
    });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

/** Names that an export writes, and no others: the folder may be anybody's. */
const LINE = /^([0-9a-f]{64}) {2}((?:[a-z]+\/)?[a-z0-9][a-z0-9.-]*)$/;

function readManifest(file: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const lines = existsSync(file) ? readFileSync(file, "latin1").split("\n") : [];
  for (const line of lines) {
    const [, digest, name] = LINE.exec(line) ?? [];
    if (digest === undefined || name === undefined) continue;
    const digests = found.get(name);
    if (digests === undefined) found.set(name, new Set([digest]));
    else digests.add(digest);
  }
  return found;
}

/** Null if there is no such file. */
function digestOf(file: string): string | null {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat?.isFile() === true ? sha256(readFileSync(file)) : null;
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
