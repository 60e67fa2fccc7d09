/**
 * A folder that is held open: what is done in it is done in that folder, even if somebody else meanwhile puts a symbolic
 * link in its place. Elsewhere than on Linux, which shows a program its open files as paths, only its name is known.
 */

import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";
import { PatchsigError } from "../errors.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const OPEN_FILES = "/proc/self/fd";
/** For nothing, a socket, and a link. */
const NOT_A_FILE: ReadonlySet<string> = new Set(["ENOENT", "ENXIO", "ELOOP", "EMLINK"]);
const hasOpenFiles = existsSync(OPEN_FILES);

export class HeldFolder {
  readonly #fd: number;
  readonly #name: string;

  private constructor(fd: number, name: string) {
    this.#fd = fd;
    this.#name = name;
  }

  /** @throws what node:fs throws */
  static open(name: string): HeldFolder {
    return new HeldFolder(openSync(name, O_RDONLY | O_DIRECTORY), name);
  }

  /**
   * A folder in it; null if there is none.
   *
   * @param make makes it if it is missing
   * @throws PatchsigError "exists" if it is a symbolic link; what node:fs throws
   */
  below(name: string, make = false): HeldFolder | null {
    const path = this.path(name);
    try {
      if (make) mkdirSync(path);
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const shown = join(this.#name, name);
    try {
      return new HeldFolder(openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), shown);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return null;
      const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
      throw isLink ? linkThere(shown) : error;
    }
  }

  /** A path to work with: what it names is in this folder, unless that itself is a link. */
  path(name: string): string {
    return join(hasOpenFiles ? `${OPEN_FILES}/${this.#fd}` : this.#name, name);
  }

  names(): string[] {
    return readdirSync(this.path("."));
  }

  /**
   * The bytes of a regular file in it; null for anything else, and if there is none.
   *
   * @throws what node:fs throws
   */
  read(name: string): Buffer | null {
    let fd: number;
    try {
      fd = openSync(this.path(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if (NOT_A_FILE.has(codeOf(error))) return null;
      throw error;
    }
    try {
      return fstatSync(fd).isFile() ? readFileSync(fd) : null;
    } finally {
      closeSync(fd);
    }
  }

  /**
   * Removes what has this name: a file, a link, or a folder with all that is in it.
   *
   * @throws what node:fs throws, unless there is nothing of this name
   */
  remove(name: string): void {
    try {
      unlinkSync(this.path(name));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return;
      // POSIX has EPERM for folders, Linux EISDIR
      if (codeOf(error) !== "EISDIR" && codeOf(error) !== "EPERM") throw error;
      const folder = this.below(name);
      if (folder === null) return;
      try {
        for (const one of folder.names()) folder.remove(one);
      } finally {
        folder.close();
      }
      rmdirSync(this.path(name));
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** A symbolic link may lead out of a folder, to somebody else's files. */
export function linkThere(path: string): PatchsigError {
  return new PatchsigError("exists", `${path} is a symbolic link`, {
    hint: "an export does not write through links: remove it",
  });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}
