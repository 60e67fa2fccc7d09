/**
 * Whose settings count. A repository's settings count only inside its working tree: a bare one can
 * lie in any cloned project, and git would obey its settings for whoever comes along.
 */

import { realpathSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { PatchsigError } from "../errors.ts";
import {
  type Config,
  configOf,
  LIST_SCOPES,
  parseScopes,
  REPOSITORY_SCOPES,
  type ConfigSetting,
} from "./config.ts";
import { askGit, factsAt, type RepositoryFacts } from "./facts.ts";
import { failure, runGitSync } from "./run.ts";

export interface OwnSettings {
  readonly config: Config;
  /** The top of the current working tree; null outside one. */
  readonly toplevel: string | null;
  /** Of the repository there, whether or not its settings count; null if there is none. */
  readonly facts: RepositoryFacts | null;
}

/** For a git that must see only the user's settings: there is no repository there. */
export const NO_REPOSITORY = { GIT_DIR: "/dev/null" } as const;

/**
 * All of git's settings in a directory, whether they count or not; none without git.
 *
 * @throws PatchsigError "git-failed" if git cannot read them: they must not be ignored
 */
export function listSettings(cwd: string): readonly ConfigSetting[] {
  const listed = runGitSync(LIST_SCOPES, { cwd, purpose: "settings" });
  if (listed === null) return [];
  if (listed.status !== 0)
    throw new PatchsigError("git-failed", "git cannot read its settings", {
      hint: failure(["config"], listed.stderr).message,
    });
  return parseScopes(listed.stdout.toString());
}

/** Those that count there. Throws as `listSettings`, of which `settings` are the answer. */
export function ownSettings(cwd: string, settings = listSettings(cwd)): OwnSettings {
  const isRepositorys = ({ scope }: ConfigSetting): boolean => REPOSITORY_SCOPES.has(scope);
  // no repository: no need to ask git again
  const facts = settings.some(isRepositorys) ? repositoryAt(cwd) : null;
  const toplevel = workTreeOf(cwd, facts);
  const counts = (one: ConfigSetting): boolean => toplevel !== null || !isRepositorys(one);
  return { config: configOf(settings.filter(counts)), toplevel, facts };
}

function repositoryAt(cwd: string): RepositoryFacts | null {
  const facts = factsAt(cwd);
  return facts !== null && "toplevel" in facts ? facts : null;
}

/**
 * The top of the working tree that a directory is in; null if it is in none.
 *
 * A repository can claim any folder as its working tree (core.worktree). That counts only if its
 * `.git` leads to the repository, which no clone can contain, or if the user named it
 * (GIT_WORK_TREE).
 */
function workTreeOf(cwd: string, facts: RepositoryFacts | null): string | null {
  const toplevel = facts?.toplevel ?? null;
  if (facts === null || toplevel === null) return null;
  if ((process.env["GIT_WORK_TREE"] ?? "") !== "") return toplevel;
  const own = join(toplevel, ".git");
  const linked = statSync(own, { throwIfNoEntry: false })?.isFile() === true;
  const its = linked ? askGit(cwd, "--resolve-git-dir", own) : own;
  return real(resolve(cwd, its)) === realpathSync(facts.gitFolder) ? toplevel : null;
}

/** Variables for a git that uses settings itself, so that it sees only those that count. */
export function whoseSettings(cwd: string): Readonly<Record<string, string>> {
  return workTreeOf(cwd, repositoryAt(cwd)) === null ? NO_REPOSITORY : {};
}

function real(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
