/**
 * Tries whether diffs apply to a commit, without a trace: in a bare repository of its own in a temporary
 * folder, which has the repository's objects as alternates, and none of its settings and attributes. HEAD,
 * index, working tree, refs and objects stay as they are, even if this process is killed.
 */

import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolders, temporaryFolder } from "../places.ts";
import { PatchsigError } from "../errors.ts";
import { idsBetween } from "./patch-ids.ts";
import { isObjectName, type Repository } from "./repository.ts";
import { failure, git, gitText, runGit, type StartOptions } from "./run.ts";

export type TrialOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** Which of the diffs, from 0. */
      readonly at: number;
      /** Names as git says them; escape them before printing. */
      readonly files: readonly string[];
    };

/** As `git am` applies. */
export const APPLY = ["apply", "--cached", "--whitespace=nowarn", "--no-ignore-whitespace"];
const MAX_FILES = 20;

/** Folders of this process; removed at the latest when it ends. */
const open = new Set<string>();
process.on("exit", () => {
  for (const folder of open) {
    try {
      // rename first: a git still running may be about to write into it
      renameSync(folder, `${folder}-`);
      rmSync(`${folder}-`, { recursive: true, force: true });
    } catch {
      // somebody else removed it, and there is nobody left to tell
    }
  }
});

/**
 * Applies diffs one after the other.
 *
 * @param commit full name of a commit that is here
 * @param diffs canonical ones, oldest first
 */
export async function tryDiffs(
  repository: Repository,
  commit: string,
  diffs: readonly Buffer[],
): Promise<TrialOutcome> {
  return inSandbox(repository, commit, async (options) => {
    for (const [at, diff] of diffs.entries()) {
      const outcome = await applyOne(diff, options);
      if (outcome !== null) return { ok: false, at, files: outcome };
    }
    return { ok: true };
  });
}

/**
 * The trees that diffs make, one on top of the other.
 *
 * @param commit full name of a commit that is here; null to begin with nothing
 * @param words more for git apply
 * @returns full names; shorter than `diffs` if one does not apply
 */
export async function treesOf(
  repository: Repository,
  commit: string | null,
  diffs: readonly Buffer[],
  words: readonly string[] = [],
): Promise<string[]> {
  return inSandbox(repository, commit, async (options) => {
    const trees: string[] = [];
    for (const diff of diffs) {
      if ((await applyOne(diff, options, words)) !== null) break;
      trees.push(await gitText(["write-tree"], options));
    }
    return trees;
  });
}

/** Most diffs to try for an id: each takes git a few starts. */
const MAX_TRIED = 100;

/**
 * Finds the diffs with these ids after git has regenerated them: a mail can show the same change in
 * other lines, with more context for example. Each is tried on the commit and on those found before
 * it, as long as more are found.
 *
 * @returns diffs by id
 */
export async function diffsByOwnId(
  repository: Repository,
  commit: string,
  diffs: readonly Buffer[],
  wanted: readonly string[],
): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  const asked = new Set(wanted);
  if (asked.size === 0 || diffs.length === 0) return found;
  return inSandbox(repository, commit, async (options) => {
    const treeOf = (): Promise<string> => gitText(["write-tree"], options);
    let before = await treeOf();
    let left = diffs.filter(({ length }) => length > 0);
    for (let tried = 0, more = true; more;) {
      more = false;
      for (const diff of left) {
        if (asked.size === 0 || tried++ >= MAX_TRIED) return found;
        if ((await applyOne(diff, options)) !== null) continue;
        const after = await treeOf();
        const ids = await idsBetween(repository, before, after, options.env ?? {});
        const id = ids.find((one) => asked.delete(one));
        if (id === undefined) await git(["read-tree", before], options);
        else {
          found.set(id, diff);
          left = left.filter((other) => other !== diff);
          before = after;
          more = true;
        }
      }
    }
    return found;
  });
}

/** @param work gets how to start git there; the folder is removed afterwards */
export async function inSandbox<T>(
  repository: Repository,
  commit: string | null,
  work: (options: StartOptions) => Promise<T>,
): Promise<T> {
  if (commit !== null && !isObjectName(repository, commit))
    throw new PatchsigError("usage", `${commit} is not the full name of a commit`);
  const folder = temporaryFolder("patchsig-trial-");
  open.add(folder);
  try {
    const options = sandbox(repository, folder);
    await git(["read-tree", commit ?? "--empty"], options);
    return await work(options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    open.delete(folder);
  }
}

/** Null if the diff applies, else the files in which it does not. */
export async function applyOne(
  diff: Buffer,
  options: StartOptions,
  words: readonly string[] = [],
): Promise<readonly string[] | null> {
  if (diff.length === 0) return null;
  const { status, stderr } = await runGit([...APPLY, ...words], { ...options, input: diff });
  if (status === 0) return null;
  if (status > 1 && !CLASH.test(stderr)) throw failure(["apply"], stderr);
  return filesOf(stderr);
}

/** Makes `folder` a bare repository that has the repository's objects too, and returns how to start git in it. */
export function sandbox({ objects, objectFormat }: Repository, folder: string): StartOptions {
  const own = join(folder, "objects");
  makeFolders(join(own, "info"));
  makeFolders(join(folder, "refs"));
  writeFileSync(join(own, "info", "alternates"), `${quoted(objects)}\n`);
  writeFileSync(join(folder, "HEAD"), "ref: refs/heads/master\n");
  writeFileSync(join(folder, "config"), CONFIG[objectFormat]);
  const more = process.env[MORE_OBJECTS] ?? "";
  const env = { LC_ALL: "C", GIT_OBJECT_DIRECTORY: own };
  return {
    cwd: folder,
    elsewhere: true,
    env: more === "" ? env : { ...env, [MORE_OBJECTS]: more },
  };
}

/** Objects besides the repository's: within a hook of a server, those that are there already. */
const MORE_OBJECTS = "GIT_ALTERNATE_OBJECT_DIRECTORIES";

const CONFIG = {
  sha1: "[core]\n\tbare = true\n\trepositoryFormatVersion = 0\n",
  sha256:
    "[core]\n\tbare = true\n\trepositoryFormatVersion = 1\n[extensions]\n\tobjectFormat = sha256\n",
} as const;

/** A path for a file of git's that has one a line. */
function quoted(path: string): string {
  return `"${path.replaceAll(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

/** A file where a folder is, or the reverse: git dies, but it did try. */
const CLASH = /^error: unable to add cache entry for /m;
/** Which file an `error: ` of git apply is about. */
const FILE = [
  /^error: patch failed: (.*):\d+$/,
  /^error: unable to add cache entry for (.*)$/,
  /^error: (.*): .*$/,
];

function filesOf(stderr: string): string[] {
  const names = stderr.split("\n").flatMap((line) => {
    const [found] = FILE.flatMap((pattern) => pattern.exec(line)?.[1] ?? []);
    return found ?? [];
  });
  return [...new Set(names)].slice(0, MAX_FILES);
}
