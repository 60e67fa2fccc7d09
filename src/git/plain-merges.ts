/**
 * Finds merges that add nothing of their own: git merges the parents once more, and gets the same tree. It does so in a
 * temporary repository, which has no settings and attributes (trial.ts), and without the user's settings, too: these
 * could name programs that merge files.
 */

import { availableParallelism } from "node:os";
import { endOf, startGit } from "./piped.ts";
import type { Repository } from "./repository.ts";
import type { StartOptions } from "./run.ts";
import { inSandbox } from "./trial.ts";

/** All of them full names. */
export interface MadeMerge {
  readonly name: string;
  readonly parents: readonly string[];
  readonly tree: string;
}

/** How long git may take for a merge, in milliseconds: with a history that was made for that, it never gets through. */
const MAX_TIME = 60_000;

/**
 * The names of those merges that git makes of their parents by itself, without a conflict. None by a git before 2.38, and
 * in a shallow clone, where the merge base may be another; not one for which objects are missing. If one takes too long,
 * none of those that come after it.
 *
 * @param merges with two parents
 */
export async function plainMerges(
  repository: Repository,
  merges: readonly MadeMerge[],
): Promise<ReadonlySet<string>> {
  const plain = new Set<string>();
  if (merges.length === 0 || repository.shallow) return plain;
  await inSandbox(repository, null, async (options) => {
    const place = { ...options, env: { ...options.env, ...NO_SETTINGS } };
    const left = merges.values();
    let isLate = false;
    // several share what is left
    const lane = async (): Promise<void> => {
      for (const { name, parents, tree } of left) {
        const made = await mergedTree(place, parents);
        isLate ||= made === null;
        if (isLate) return;
        if (made === tree) plain.add(name);
      }
    };
    await Promise.all(Array.from({ length: Math.min(availableParallelism(), MOST) }, lane));
  });
  return plain;
}

/** Most gits at once. */
const MOST = 4;

/** Nobody's settings count, wherever they come from. */
const NO_SETTINGS = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_COUNT: "0",
  GIT_CONFIG_PARAMETERS: "",
};

/** The tree that git makes of two commits; "" if it cannot, or not alone; null if that takes too long. */
async function mergedTree(place: StartOptions, parents: readonly string[]): Promise<string | null> {
  const git = startGit(place, ["merge-tree", "--write-tree", "--no-messages", ...parents]);
  const timer = setTimeout(() => git.kill(), MAX_TIME);
  git.stdin.end();
  let said = "";
  for await (const bytes of git.stdout as AsyncIterable<Buffer>)
    said = (said + bytes.toString("latin1")).slice(0, 100);
  const status = await endOf(git);
  clearTimeout(timer);
  if (status === null) return null;
  return status === 0 ? said.trimEnd() : "";
}
