/**
 * A folder of exported pages, which a web server may show all the time. A run writes all new pages beside the old ones,
 * and then moves each into its place: until then, the old pages stay as they are, and each is replaced in one step.
 * Then pages that are no longer part of the export are removed. Files that no export wrote stay.
 */

import { createHash } from "node:crypto";
import { existsSync, lstatSync, renameSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { PatchsigError } from "../errors.ts";
import { makeFolders } from "../places.ts";
import { HeldFolder, linkThere } from "../store/held-folder.ts";
import { holdLock } from "../store/lock.ts";
import { writeSynced, writing } from "../store/whole-file.ts";

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

/** Pages that are synced to the disk at a time: one by one, that takes as long as making them. */
const AT_A_TIME = 64;

/** One export: `put` each page, then `publish`, and `close` in any case. */
export class ExportFolder {
  readonly #folder: string;
  readonly #held: HeldFolder;
  readonly #unlock: () => void;
  /** Folders of pages that are held: of the export by `series`, of new pages by `.patchsig-export.new/series`. */
  readonly #below = new Map<string, HeldFolder>();
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
    this.#held = opened(folder);
    try {
      this.#unlock = this.#locked();
      this.#before = readManifest(this.#held.read(MANIFEST));
      // what a killed run left
      writing(folder, () => this.#held.remove(NEW));
    } catch (error) {
      this.#held.close();
      throw error;
    }
  }

  #locked(): () => void {
    const names = this.#held.names();
    if (names.some((name) => !name.startsWith(MANIFEST)) && !names.includes(MANIFEST))
      throw new PatchsigError("exists", `${this.#folder} is neither empty nor an export`, {
        hint: "name an empty folder, or a new one",
      });
    for (const name of [MANIFEST, LOCK, NEW])
      if (isLink(this.#held.path(name))) throw linkThere(join(this.#folder, name));
    let unlock: (() => void) | null = null;
    writing(this.#folder, () => (unlock = holdLock(this.#held.path(LOCK))), "lock");
    if (unlock !== null) return unlock;
    throw new PatchsigError("exists", `another export is writing into ${this.#folder}`, {
      hint: "wait until it has ended",
    });
  }

  /** Unlocks the folder, and deletes pages that were not published. */
  close(): void {
    for (const folder of this.#below.values()) folder.close();
    try {
      this.#held.remove(NEW);
    } finally {
      this.#unlock();
      this.#held.close();
    }
  }

  /**
   * Adds a page.
   *
   * @param name `series/x.html`
   * @throws PatchsigError "exists" if there is a file of this name that no export wrote, or its folder is a link
   */
  put(name: string, content: Buffer): void {
    const digest = sha256(content);
    this.#now.set(name, digest);
    const place = this.#placeOf(name);
    const there = this.#digestOf(place);
    if (there === digest) return;
    if (!this.#before.has(name) && place !== null && existsSync(place.folder.path(place.file)))
      throw new PatchsigError(
        "exists",
        `${join(this.#folder, name)} exists, and no export wrote it`,
      );
    this.#draft(name, (path) => writeFileSync(path, content, { flag: "wx" }));
    this.#waiting.push(name);
  }

  /**
   * Moves the pages into their places: first the new ones, to which no old page links, then those that replace others,
   * the first page last. So all links lead to pages that are there. Then removes what only earlier exports had.
   */
  async publish(): Promise<ExportCounts> {
    await this.#sync();
    for (const name of this.#before.keys()) this.#placeOf(name);
    // before any page is moved: if this run is killed, the next one knows what it may have moved
    this.#writeManifest(
      [...this.#before].flatMap(([name, all]) => [...all].map((one) => [name, one])),
    );
    const [fresh, others] = [true, false].map((isNew) =>
      this.#waiting.filter((name) => this.#isThere(name) !== isNew).toReversed(),
    ) as [string[], string[]];
    for (const name of [...fresh, ...others]) this.#move(name);
    const left: string[] = [];
    let removed = 0;
    for (const [name, digests] of this.#before) {
      const place = this.#now.has(name) ? null : this.#placeOf(name);
      const digest = this.#digestOf(place);
      if (place === null || digest === null) continue;
      const shown = join(this.#folder, name);
      if (!digests.has(digest)) left.push(shown);
      else {
        writing(shown, () => place.folder.remove(place.file), "remove");
        removed++;
      }
    }
    this.#writeManifest([]);
    return { files: this.#now.size, written: this.#waiting.length, removed, left };
  }

  async #sync(): Promise<void> {
    for (let at = 0; at < this.#waiting.length; at += AT_A_TIME)
      await Promise.all(
        this.#waiting.slice(at, at + AT_A_TIME).map(async (name) => {
          const { folder, file } = this.#placeOf(`${NEW}/${name}`)!;
          const failed = await synced(folder.path(file));
          writing(join(this.#folder, name), () => {
            if (failed !== null) throw failed.error;
          });
        }),
      );
  }

  #writeManifest(before: readonly (readonly string[])[]): void {
    const lines = [...before, ...this.#now].map(([name, digest]) => `${digest}  ${name}\n`);
    this.#draft(MANIFEST, (path) => writeSynced(path, lines.join("")));
    this.#move(MANIFEST);
  }

  #draft(name: string, write: (path: string) => void): void {
    writing(join(this.#folder, NEW, name), () => {
      const { folder, file } = this.#placeOf(`${NEW}/${name}`, true)!;
      write(folder.path(file));
    });
  }

  #move(name: string): void {
    const draft = this.#placeOf(`${NEW}/${name}`)!;
    writing(join(this.#folder, name), () => {
      const { folder, file } = this.#placeOf(name, true)!;
      renameSync(draft.folder.path(draft.file), folder.path(file));
    });
  }

  #isThere(name: string): boolean {
    const place = this.#placeOf(name);
    return place !== null && existsSync(place.folder.path(place.file));
  }

  /**
   * Where a page is, or will be.
   *
   * @param make makes its folder if it is missing
   * @returns null if its folder is missing
   * @throws PatchsigError "exists" if its folder is a symbolic link
   */
  #placeOf(name: string, make = false): PagePlace | null {
    const parts = name.split("/");
    const file = parts.pop()!;
    let folder = this.#held;
    for (const [i, part] of parts.entries()) {
      const path = parts.slice(0, i + 1).join("/");
      const known = this.#below.get(path) ?? folder.below(part, make);
      if (known === null) return null;
      this.#below.set(path, known);
      folder = known;
    }
    return { folder, file };
  }

  /** Null if there is no such regular file; a link to one does not count. */
  #digestOf(place: PagePlace | null): string | null {
    const bytes = place?.folder.read(place.file) ?? null;
    return bytes === null ? null : sha256(bytes);
  }
}

interface PagePlace {
  readonly folder: HeldFolder;
  readonly file: string;
}

/** @throws PatchsigError "unwritable" */
function opened(name: string): HeldFolder {
  let folder: HeldFolder | null = null;
  writing(name, () => (folder = HeldFolder.open(name)), "open");
  return folder!;
}

/** Syncs a file to the disk. Null, or why it cannot. */
async function synced(path: string): Promise<{ readonly error: unknown } | null> {
  try {
    const file = await open(path, "r");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    return null;
  } catch (error) {
    return { error };
  }
}

/** A line of the manifest. Only names that an export can write: the file may have been changed. */
const LINE = /^([0-9a-f]{64}) {2}((?:[a-z]+\/)?[a-z0-9][a-z0-9.-]*)$/;

function readManifest(bytes: Buffer | null): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const line of (bytes ?? "").toString("latin1").split("\n")) {
    const [, digest, name] = LINE.exec(line) ?? [];
    if (digest === undefined || name === undefined) continue;
    const digests = found.get(name);
    if (digests === undefined) found.set(name, new Set([digest]));
    else digests.add(digest);
  }
  return found;
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
