/**
 * Records of the patches that git am applies. They are kept in the git directory of the working tree until the
 * notes are written: at once, or when the user has gone on after a conflict, with our am or with git's, or at
 * the next run if this one was killed.
 */

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import type { Repository } from "../../git/repository.ts";
import { gitLines } from "../../git/run.ts";
import { type FileLock, lockFile } from "../../store/flock.ts";
import { writeWhole } from "../../store/whole-file.ts";
import type { Reporter } from "../reporter.ts";

export interface PendingRecord {
  /** `Name <address>`. */
  readonly author: string;
  readonly subject: string;
  /** The note, in base64. */
  readonly text: string;
}

export interface PendingAm {
  /** The commit that git began at; null for none. */
  readonly before: string | null;
  /** The branch there; null if HEAD is detached. */
  readonly branch: string | null;
  readonly forgotten: readonly string[];
  readonly records: readonly PendingRecord[];
}

/** Relative to the git directory of the working tree. */
const FILE = "patchsig/am.json";

/** Held while git am runs, so that two at once do not take each other's commits for their own. */
const LOCK = "patchsig/am.lock";

const pathIn = ({ gitFolder }: Repository, name: string): string => join(gitFolder, name);

/**
 * Runs `work` while no other am of ours does here; without a lock where the system has none.
 *
 * @throws PatchsigError "unwritable"
 */
export async function whileAlone<T>(
  repository: Repository,
  say: Reporter["say"],
  work: () => Promise<T>,
): Promise<T> {
  const file = pathIn(repository, LOCK);
  mkdirSync(dirname(file), { recursive: true });
  const lock = await lockIfPossible(file, () => say("waiting for another am here"));
  try {
    return await work();
  } finally {
    lock?.release();
  }
}

async function lockIfPossible(file: string, onWait: () => void): Promise<FileLock | null> {
  try {
    return await lockFile(file, onWait);
  } catch (error) {
    if (error instanceof PatchsigError && error.code === "unsupported") return null;
    throw error;
  }
}

/** @throws what node:fs throws */
export async function keepPending(
  repository: Repository,
  pending: Omit<PendingAm, "branch">,
): Promise<void> {
  const file = pathIn(repository, FILE);
  const options = { cwd: repository.cwd };
  const [branch = null] = await gitLines(["symbolic-ref", "--quiet", "HEAD"], options);
  mkdirSync(dirname(file), { recursive: true });
  writeWhole(file, JSON.stringify({ branch, ...pending }));
}

/** Null if no am of ours was stopped here. */
export async function readPending(repository: Repository): Promise<PendingAm | null> {
  try {
    return JSON.parse(readFileSync(pathIn(repository, FILE), "utf8")) as PendingAm;
  } catch {
    return null;
  }
}

/** @throws what node:fs throws */
export async function forgetPending(repository: Repository): Promise<void> {
  rmSync(pathIn(repository, FILE), { force: true });
}
