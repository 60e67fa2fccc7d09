/**
 * Records of the patches that git am is applying. A file in the working tree's git directory holds them until their
 * notes are written: usually at once; after a conflict, when the user has gone on, with our am or git's; if this run
 * was killed, at the next run.
 */

import { lstatSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { isObjectName, type Repository } from "../../git/repository.ts";
import { gitLines } from "../../git/run.ts";
import { lockIfPossible } from "../../store/flock.ts";
import { writeWhole, writing } from "../../store/whole-file.ts";
import type { Reporter } from "../reporter.ts";
import { makeFolders } from "../../places.ts";

/** The record of one patch, and what its commit is recognised by. */
export interface PendingRecord {
  /** `Name <address>`. */
  readonly author: string;
  readonly subject: string;
  /** The note, in base64. */
  readonly text: string;
}

/** What is kept on disk while git am runs. */
export interface PendingAm {
  /** Full name of the commit on which git am began; null on an unborn branch. */
  readonly before: string | null;
  /** The branch that HEAD was on, a full ref; null if HEAD was detached. */
  readonly branch: string | null;
  /** As of `PatchesToApply`. */
  readonly forgotten: readonly string[];
  readonly records: readonly PendingRecord[];
}

/** Relative to the git directory of the working tree. */
const FILE = "patchsig/am.json";

/** Held while git am runs: two at once would take each other's commits for their own. */
const LOCK = "patchsig/am.lock";

const pathIn = ({ gitFolder }: Repository, name: string): string => join(gitFolder, name);

/**
 * Runs `work` while no other am of ours runs in this working tree. Where the system has no file locks, it runs at once.
 *
 * @throws PatchsigError "unwritable"
 */
export async function whileAlone<T>(
  repository: Repository,
  say: Reporter["say"],
  work: () => Promise<T>,
): Promise<T> {
  const file = pathIn(repository, LOCK);
  writing(dirname(file), () => makeFolders(dirname(file)), "make");
  const lock = await lockIfPossible(file, () => say("waiting for another am here"));
  try {
    return await work();
  } finally {
    lock?.release();
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
  makeFolders(dirname(file));
  writeWhole(file, JSON.stringify({ branch, ...pending }));
}

/** Null if no am of ours left records here. Whoever made the repository may have put anything in their place. */
export async function readPending(repository: Repository): Promise<PendingAm | null> {
  const file = pathIn(repository, FILE);
  try {
    if (!lstatSync(file).isFile()) return null;
    const pending = JSON.parse(readFileSync(file, "utf8")) as PendingAm;
    return isPending(repository, pending) ? pending : null;
  } catch {
    return null;
  }
}

/** The options of git am that `gitWords` (app/apply/git-options.ts) may have kept for `am --continue`. */
const FORGOTTEN =
  /^--(?:no-gpg-sign|gpg-sign(?:=.*)?|no-verify|committer-date-is-author-date|ignore-date)$/s;

type Unchecked<T> = { readonly [name in keyof T]?: unknown };

/** Whether it is what `keepPending` writes. git is given parts of it, and must take none for an option of its own. */
function isPending(
  repository: Repository,
  { before, branch, forgotten, records }: Unchecked<PendingAm>,
): boolean {
  return (
    (before === null || (isText(before) && isObjectName(repository, before))) &&
    (branch === null || (isText(branch) && branch.startsWith("refs/"))) &&
    Array.isArray(forgotten) &&
    forgotten.every((word) => isText(word) && FORGOTTEN.test(word)) &&
    Array.isArray(records) &&
    records.every((record: Unchecked<PendingRecord> | null) =>
      [record?.author, record?.subject, record?.text].every(isText),
    )
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** @throws what node:fs throws */
export async function forgetPending(repository: Repository): Promise<void> {
  rmSync(pathIn(repository, FILE), { force: true });
}
