/** Names of commits for people, and the commit of a day. */

import type { Candidate } from "../verify/base-guess.ts";
import { NO_FETCH } from "./objects.ts";
import type { Repository } from "./repository.ts";
import { gitLines } from "./run.ts";

/** As git describe names each; in their order. */
export async function describeAll(
  repository: Repository,
  commits: readonly Candidate[],
): Promise<string[]> {
  if (commits.length === 0) return [];
  const names = commits.map(({ commit }) => commit);
  const args = ["describe", "--tags", "--always", "--abbrev=12", ...names];
  return gitLines(args, { cwd: repository.cwd, env: NO_FETCH });
}

/** The newest commit of a branch that is not newer than a time; any, if that is null. */
export async function newestBefore(
  repository: Repository,
  tip: string,
  time: number | null,
): Promise<Candidate | null> {
  const limit = time === null ? [] : [`--before=${time}`];
  const args = ["rev-list", "--first-parent", "--timestamp", "--max-count=1", ...limit, tip, "--"];
  const [line] = await gitLines(args, { cwd: repository.cwd, env: NO_FETCH });
  const [seconds, commit] = line?.split(" ") ?? [];
  return commit === undefined ? null : { commit, time: Number(seconds) };
}
