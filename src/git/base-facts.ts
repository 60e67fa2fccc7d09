/** What a repository knows of the commit that a mail names as its base. */

import { type BaseFacts, NOWHERE } from "../base/check.ts";
import { publicRef, remoteRefs } from "./base.ts";
import type { Objects } from "./objects.ts";
import { isObjectName, type Repository } from "./repository.ts";
import { gitLines, gitSucceeds, gitText } from "./run.ts";
import { shellCommand } from "../primitives/shell.ts";

/** @param commit as in the mail: looked up over stdin, used only if it is a full name here */
export async function baseFacts(
  repository: Repository,
  objects: Objects,
  commit: string,
): Promise<BaseFacts> {
  const [info] = isObjectName(repository, commit) ? await objects.look([commit]) : [null];
  if (info?.type !== "commit") return { type: info?.type ?? null, place: NOWHERE };
  const options = { cwd: repository.cwd };
  const refs = await remoteRefs(repository, "HEAD");
  const [ref, [name], [branch], [distance]] = await Promise.all([
    publicRef(repository, commit, refs),
    gitLines(["describe", "--tags", "--abbrev=12", commit], options),
    gitLines(["symbolic-ref", "--quiet", "--short", "HEAD"], options),
    gitLines(["rev-list", "--left-right", "--count", `HEAD...${commit}`, "--"], options),
  ]);
  const [behind, ahead] = (distance ?? "").split("\t").map(Number);
  return {
    type: "commit",
    place: {
      public: refs.tips.size === 0 ? null : ref !== null,
      ref: ref?.name ?? null,
      name: name ?? null,
      branch: branch ?? "HEAD",
      behind: ahead === undefined ? null : (behind ?? null),
      ahead: ahead ?? null,
    },
  };
}

/**
 * The command that fetches a missing commit: from the tree that the mail names, by the remote's
 * name if it is one, else from the configured remotes.
 *
 * @param tree `<url> <branch>` as readBaseLines accepts it, or null
 */
export async function fetchCommand(repository: Repository, tree: string | null): Promise<string> {
  const names = (await gitText(["remote"], { cwd: repository.cwd })).split("\n").filter(Boolean);
  const [url, branch] = tree?.split(" ") ?? [];
  if (url !== undefined) {
    const known = names.find((name) => repository.config.string(`remote.${name}.url`) === url);
    return shellCommand("git fetch", known ?? url, branch ?? "");
  }
  if (repository.shallow) return "git fetch --unshallow";
  if (names.length === 0) return "";
  return names.length === 1 ? shellCommand("git fetch", names[0]!) : "git fetch --all";
}

/**
 * Is this commit reachable from a branch, a tag or HEAD? Its mere presence proves nothing: objects
 * stay after one look at them.
 */
export async function isOnRef(repository: Repository, commit: string): Promise<boolean> {
  const options = { cwd: repository.cwd };
  const places = ["refs/remotes", "refs/heads", "refs/tags"];
  const args = ["for-each-ref", "--count=1", `--contains=${commit}`, "--format=x", ...places];
  return (
    (await gitLines(args, options)).length > 0 ||
    gitSucceeds(["merge-base", "--is-ancestor", commit, "HEAD"], options)
  );
}
