/** Names of commits for people. */

import type { Repository } from "./repository.ts";
import { gitLines } from "./run.ts";

/** As git describe names them. */
export async function describeAll(
  repository: Repository,
  commits: readonly string[],
): Promise<Map<string, string>> {
  if (commits.length === 0) return new Map();
  const args = ["describe", "--tags", "--always", "--abbrev=12", ...commits];
  const names = await gitLines(args, { cwd: repository.cwd });
  return new Map(commits.map((commit, i) => [commit, names[i] ?? ""]));
}
