/** What of a repository a test has run on. */

import { lstatSync } from "node:fs";
import { resolve } from "node:path";
import { PatchsigError } from "../errors.ts";
import type { Repository } from "./repository.ts";
import { git, gitLines, gitText } from "./run.ts";

/** Full object names. */
export interface TestedTree {
  readonly commit: string;
  readonly tree: string;
  /** Others can have it: it is on a remote's branch, or below a tag. */
  readonly isPublic: boolean;
}

/**
 * The tree of a commit.
 *
 * @param revision as a person named it
 * @throws PatchsigError "usage" if it names no commit
 */
export async function testedTree({ cwd }: Repository, revision: string): Promise<TestedTree> {
  const names = ["^{commit}", "^{tree}"].map((kind) => `${revision}${kind}`);
  const found = await Promise.all(
    names.map((name) =>
      gitText(["rev-parse", "--verify", "--quiet", "--end-of-options", name], { cwd }).catch(
        () => "",
      ),
    ),
  );
  const [commit = "", tree = ""] = found.map((text) => text.trim());
  if (commit === "" || tree === "")
    throw new PatchsigError("usage", `${revision} names no commit here`);
  const places = ["refs/remotes", "refs/tags"];
  const args = ["for-each-ref", "--count=1", `--contains=${commit}`, "--format=x", ...places];
  return { commit, tree, isPublic: (await gitLines(args, { cwd })).length > 0 };
}

/** The trees of commits that are here, in their order, by full names. */
export async function treesOfCommits(
  { cwd }: Repository,
  commits: readonly string[],
): Promise<readonly string[]> {
  if (commits.length === 0) return [];
  return gitLines(["rev-parse", ...commits.map((name) => `${name}^{tree}`)], { cwd });
}

/**
 * By no monitor's word, by all that the file system says of a file, and without a submodule's wish to be passed over:
 * git looks itself, in the user's own working tree, by its filters, as git status always does.
 */
async function status(cwd: string, untracked: "normal" | "no"): Promise<string[]> {
  const words =
    "-c core.fsmonitor=false -c core.untrackedCache=false -c core.checkStat=default -c core.trustctime=true " +
    `status --porcelain -z --untracked-files=${untracked} --no-renames --ignore-submodules=none`;
  const listed = await git(words.split(" "), { cwd, purpose: "work" });
  return listed
    .toString()
    .split("\0")
    .filter((entry) => entry !== "");
}

/**
 * The files of the working tree at which git was told not to look: git update-index --assume-unchanged, and
 * --skip-worktree of files that are there. A sparse checkout lacks its files.
 */
async function unseenFiles(toplevel: string): Promise<string[]> {
  const listed = await git(["ls-files", "-v", "-z"], { cwd: toplevel });
  const isThere = (name: string): boolean =>
    lstatSync(resolve(toplevel, name), { throwIfNoEntry: false }) !== undefined;
  return listed
    .toString()
    .split("\0")
    .filter(
      (entry) => /^[a-rt-z] /.test(entry) || (/^[sS] /.test(entry) && isThere(entry.slice(2))),
    )
    .map((entry) => entry.slice(2));
}

/** The tracked files of the working tree that are not as in HEAD; none without one. */
export async function changedFiles({ cwd, toplevel }: Repository): Promise<readonly string[]> {
  return toplevel === null ? [] : (await status(cwd, "no")).map((entry) => entry.slice(3));
}

/**
 * The files in the working tree that git does not know: their whole names, or those of folders.
 *
 * @throws PatchsigError "refused" if tracked files are not as in HEAD: then the tree that was tested has no name
 */
export async function untrackedFiles({ cwd, toplevel }: Repository): Promise<readonly string[]> {
  if (toplevel === null)
    throw new PatchsigError("usage", "there is no working tree here", {
      hint: "name the commit that was tested",
    });
  const entries = await status(cwd, "normal");
  const changed = entries.filter((entry) => !entry.startsWith("??"));
  const [first] = changed;
  if (first !== undefined)
    throw new PatchsigError(
      "refused",
      `${first.slice(3)} is not as committed: nobody else can have the tree that was tested`,
      { hint: "commit, and test that; or name the commit that was tested" },
    );
  const [unseen] = await unseenFiles(toplevel);
  if (unseen !== undefined)
    throw new PatchsigError(
      "refused",
      `git was told not to look whether ${unseen} is as committed`,
      {
        hint: "git ls-files -v lists them; git update-index --no-assume-unchanged",
      },
    );
  return entries
    .filter((entry) => entry.startsWith("??"))
    .map((entry) => resolve(toplevel, entry.slice(3)));
}

/** The parents of a commit and of those before it along the first ones: [commit, its first parent]. */
export async function firstParents(
  { cwd }: Repository,
  commit: string,
  most: number,
): Promise<readonly (readonly [string, string | null])[]> {
  const args = ["rev-list", "--first-parent", "--parents", `--max-count=${most}`, commit, "--"];
  const lines = await gitLines(args, { cwd });
  return lines.map((line) => {
    const [name = "", parent] = line.split(" ");
    return [name, parent ?? null] as const;
  });
}
