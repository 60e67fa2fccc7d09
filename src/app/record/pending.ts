/**
 * Records of patches that git am stopped at. They are kept in the git directory of the working tree, and
 * written when the user has gone on, with our am or with git's.
 */

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Repository } from "../../git/repository.ts";
import { gitLines, gitText } from "../../git/run.ts";
import { writeWhole } from "../../store/whole-file.ts";

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

async function fileIn({ cwd }: Repository): Promise<string> {
  return resolve(cwd, await gitText(["rev-parse", "--git-path", FILE], { cwd }));
}

/** @throws what node:fs throws */
export async function keepPending(
  repository: Repository,
  pending: Omit<PendingAm, "branch">,
): Promise<void> {
  const file = await fileIn(repository);
  const options = { cwd: repository.cwd };
  const [branch = null] = await gitLines(["symbolic-ref", "--quiet", "HEAD"], options);
  mkdirSync(dirname(file), { recursive: true });
  writeWhole(file, JSON.stringify({ branch, ...pending }));
}

/** Null if no am of ours was stopped here. */
export async function readPending(repository: Repository): Promise<PendingAm | null> {
  try {
    return JSON.parse(readFileSync(await fileIn(repository), "utf8")) as PendingAm;
  } catch {
    return null;
  }
}

/** @throws what node:fs throws */
export async function forgetPending(repository: Repository): Promise<void> {
  rmSync(await fileIn(repository), { force: true });
}
