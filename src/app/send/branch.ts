/** Finds the branch to send, its commits, and what is remembered of it. */

import { PatchsigError } from "../../errors.ts";
import type { FetchedRequest } from "../../git/pull-request.ts";
import type { Repository } from "../../git/repository.ts";
import { git, gitLines, gitSucceeds } from "../../git/run.ts";
import { readState, type StoredState } from "../../git/series-ref.ts";

/** A branch whose series is sent. */
export interface BranchToSend {
  /** Its short name. */
  readonly branch: string;
  /** For git format-patch: revisions. */
  readonly range: readonly string[];
  /** What is remembered of it; null if nothing is. */
  readonly stored: StoredState | null;
}

/**
 * @param words none: the branch that is checked out. A branch: what it adds to its upstream, or what no
 *   remote has. Anything else is a range, of the branch at its end
 * @throws PatchsigError "usage" if there is no such branch
 */
export async function branchToSend(
  repository: Repository,
  words: readonly string[],
): Promise<BranchToSend> {
  const [word, ...more] = words;
  const isNamed = word !== undefined && more.length === 0 && (await isBranch(repository, word));
  if (!isNamed && word !== undefined) await refuseUnknown(repository, word);
  const branch = isNamed ? word : await branchOf(repository, tipOf(words));
  if (branch === null) throw await onNoBranch(repository);
  const stored = await readState(repository, branch);
  if (word !== undefined && !isNamed) return { branch, range: words, stored };
  const base = stored?.state.settings.base ?? null;
  const range = base === null ? await rangeOf(repository, branch) : [`${base}..${branch}`];
  return { branch, range, stored };
}

async function onNoBranch({ cwd }: Repository): Promise<PatchsigError> {
  const [head] = await gitLines(["symbolic-ref", "--quiet", "--short", "HEAD"], { cwd });
  if (
    head !== undefined &&
    !(await gitSucceeds(["rev-parse", "--verify", "--quiet", "HEAD"], { cwd }))
  )
    return new PatchsigError("usage", `${head} has no commits yet`, { hint: "git commit" });
  return new PatchsigError("usage", "these commits are on no branch: nothing can be remembered", {
    hint: "git switch -c NAME; or, to send a branch: git patchsig send BRANCH",
  });
}

/** The commits of a pull request that no remote has; the series is remembered under `pull/`. */
export async function requestToSend(
  repository: Repository,
  { name, ref }: FetchedRequest,
): Promise<BranchToSend> {
  const branch = `pull/${name}`;
  const stored = await readState(repository, branch);
  return { branch, range: [ref, "--not", "--remotes", "--not"], stored };
}

/** The right side of the last range; HEAD if there is none. */
function tipOf(words: readonly string[]): string {
  const last = words.findLast((word) => !word.startsWith("-")) ?? "";
  const [, tip = ""] = /\.\.\.?(.*)$/.exec(last) ?? [];
  return tip === "" ? "HEAD" : tip;
}

async function isBranch({ cwd }: Repository, word: string): Promise<boolean> {
  return gitSucceeds(["show-ref", "--verify", "--quiet", `refs/heads/${word}`], { cwd });
}

/** git takes a word that names no commit for a path, and finds no commits then. */
async function refuseUnknown({ cwd }: Repository, word: string): Promise<void> {
  if (word.startsWith("-") || word.includes("..") || word.startsWith("^")) return;
  if (await gitSucceeds(["rev-parse", "--verify", "--quiet", `${word}^{commit}`], { cwd })) return;
  throw new PatchsigError("usage", `no branch or commit here is named ${word}`);
}

/** The branch that a revision names. */
async function branchOf({ cwd }: Repository, revision: string): Promise<string | null> {
  const [name] = await gitLines(
    ["rev-parse", "--symbolic-full-name", "--verify", "--quiet", revision],
    {
      cwd,
    },
  );
  return name?.startsWith("refs/heads/") === true ? name.slice("refs/heads/".length) : null;
}

/** As impliedRange does for HEAD, of a branch. */
async function rangeOf({ cwd }: Repository, branch: string): Promise<readonly string[]> {
  const upstream = ["rev-parse", "--verify", "--quiet", `${branch}@{u}`];
  if (await gitSucceeds(upstream, { cwd })) return [`${branch}@{u}..${branch}`];
  const remotes = await git(["for-each-ref", "--count=1", "refs/remotes"], { cwd });
  if (remotes.length > 0) return [branch, "--not", "--remotes", "--not"];
  throw new PatchsigError("usage", "no range given, and no remote here to compare with", {
    hint: "name what they are on: send main.., or trailers --base main",
  });
}
