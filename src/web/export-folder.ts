/**
 * A folder of exported pages, which a web server may show all the time. A run writes all new pages beside the old ones,
 * and then moves each into its place: until then, the old pages stay as they are, and each is replaced in one step.
 * Then pages that are no longer part of the export are removed. Files that no export wrote stay.
 */

import { createHash } from "node:crypto";
import { existsSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { PatchsigError } from "../errors.ts";
import { holdLock } from "../store/lock.ts";
import { writeSynced, writing } from "../store/whole-file.ts";
import { makeFolders } from "../places.ts";

export interface ExportCounts {
  /** All pages of the export. */
  readonly files: number;
  /** Those that are new, or have changed. */
  readonly written: number;
  readonly removed: number;
  /** Files that are no longer part of the export, but stay, because somebody else has changed them. */
  readonly left: readonly string[];
}

/** The file with the names and digests of all exported pages. */
const MANIFEST = ".patchsig-export";
const LOCK = `${MANIFEST}.lock`;
/** The folder for new pages that are not in their places yet. */
const NEW = `${MANIFEST}.new`;

/** One export: `put` each page, then `publish`, and `close` in any case. */
export class ExportFolder {
  readonly #folder: string;
  readonly #unlock: () => void;
  /**
   * Digests of the pages that earlier exports wrote; several of one page if an export was killed while it moved
   * pages.
   */
  readonly #before: ReadonlyMap<string, ReadonlySet<string>>;
  /** Digests of this export's pages, in the order of `put`. */
  readonly #now = new Map<string, string>();
  /** Names of pages that are not in their places yet. */
  readonly #waiting: string[] = [];

  /**
   * Locks the folder until `close`.
   *
   * @throws PatchsigError "exists" if the folder holds something else, or another export is writing into it;
   *   "unwritable", "disk-full"
   */
  constructor(folder: string) {
    this.#folder = folder;
    writing(folder, () => makeFolders(folder), "make");
    const isOthers = readdirSync(folder).some((name) => !name.startsWith(MANIFEST));
    if (isOthers && !existsSync(this.#path(MANIFEST)))
      throw new PatchsigError("exists", `${folder} is neither empty nor an export`, {
        hint: "name an empty folder, or a new one",
      });
    for (const name of [MANIFEST, LOCK, NEW]) refuseLink(this.#path(name));
    let unlock: (() => void) | null = null;
    writing(folder, () => (unlock = holdLock(this.#path(LOCK))), "lock");
    if (unlock === null)
      throw new PatchsigError("exists", `another export is writing into ${folder}`, {
        hint: "wait until it has ended",
      });
    this.#unlock = unlock;
    this.#before = readManifest(this.#path(MANIFEST));
    // what a killed run left
    writing(folder, () => rmSync(this.#path(NEW), { recursive: true, force: true }));
  }

  /** Unlocks the folder, and deletes pages that were not published. */
  close(): void {
    rmSync(this.#path(NEW), { recursive: true, force: true });
    this.#unlock();
  }

  /**
   * Adds a page.
   *
   * @param name `series/x.html`
   * @throws PatchsigError "exists" if there is a file of this name that no export wrote
   */
  put(name: string, content: Buffer): void {
    const digest = sha256(content);
    const file = this.#page(name);
    this.#now.set(name, digest);
    const there = digestOf(file);
    if (there === digest) return;
    if (!this.#before.has(name) && existsSync(file))
      throw new PatchsigError("exists", `${file} exists, and no export wrote it`);
    this.#draft(name, content);
    this.#waiting.push(name);
  }

  /**
   * Moves the pages into their places: first the new ones, to which no old page links, then those that replace others,
   * the first page last. So all links lead to pages that are there. Then removes what only earlier exports had.
   */
  publish(): ExportCounts {
    for (const name of this.#before.keys()) this.#page(name);
    // before any page is moved: if this run is killed, the next one knows what it may have moved
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
      const file = this.#page(name);
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
      makeFolders(dirname(draft));
      writeSynced(draft, content);
    });
  }

  #place(name: string): void {
    const file = this.#page(name);
    writing(file, () => {
      makeFolders(dirname(file));
      renameSync(join(this.#path(NEW), name), file);
    });
  }

  /** The path of a page. @throws PatchsigError "exists" if its folder is a symbolic link */
  #page(name: string): string {
    const below = dirname(name);
    if (below !== ".") refuseLink(this.#path(below));
    return this.#path(name);
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

/** A line of the manifest. Only names that an export can write: the file may have been changed. */
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

/** A symbolic link may lead out of the export, to somebody else's files, which would then be replaced like pages. */
function refuseLink(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return;
  throw new PatchsigError("exists", `${path} is a symbolic link`, {
    hint: "an export does not write through links: remove it",
  });
}

/** Null if there is no such regular file; a link to one does not count. */
function digestOf(file: string): string | null {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  return stat?.isFile() === true ? sha256(readFileSync(file)) : null;
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
