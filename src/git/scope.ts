/**
 * Whose settings count. Those of a repository count only where one stands in its working tree: a
 * bare one can lie in any project that was cloned, and git takes its settings for those of whoever
 * comes along.
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
import { failure, runGitSync } from "./run.ts";

export interface OwnSettings {
  readonly config: Config;
  /** The top of the working tree one stands in; null in none. */
  readonly toplevel: string | null;
}

/** For a git that is to know the user's settings alone: there is no repository at this place. */
export const NO_REPOSITORY = { GIT_DIR: "/dev/null" } as const;

/**
 * git's settings as they count at a directory; none without git.
 *
 * @throws PatchsigError "git-failed" if git cannot read them: what they ask for must not be forgotten
 */
export function ownSettings(cwd: string): OwnSettings {
  const listed = runGitSync(LIST_SCOPES, { cwd, purpose: "settings" });
  if (listed === null) return { config: configOf([]), toplevel: null };
  if (listed.status !== 0)
    throw new PatchsigError("git-failed", "git cannot read its settings", {
      hint: failure(["config"], listed.stderr).message,
    });
  const settings = parseScopes(listed.stdout.toString());
  const isRepositorys = ({ scope }: ConfigSetting): boolean => REPOSITORY_SCOPES.has(scope);
  // git is asked no further where there is no repository
  const toplevel = settings.some(isRepositorys) ? workTreeAt(cwd) : null;
  const counts = (one: ConfigSetting): boolean => toplevel !== null || !isRepositorys(one);
  return { config: configOf(settings.filter(counts)), toplevel };
}

/**
 * The top of the working tree that a directory is in; null if it is in none.
 *
 * A repository can name any folder its working tree (core.worktree): it is one only if its `.git`
 * leads to the repository, which no clone can bring along, or if the user has named it
 * (GIT_WORK_TREE).
 */
function workTreeAt(cwd: string): string | null {
  const facts = ["--is-inside-work-tree", "--absolute-git-dir", "--show-toplevel"];
  const lines = ask(cwd, ...facts).split("\n");
  const [inside, repository, toplevel] = lines;
  // a name with a line end in it is not guessed at
  if (inside !== "true" || repository === undefined || lines.length !== facts.length) return null;
  if ((process.env["GIT_WORK_TREE"] ?? "") !== "") return toplevel!;
  const own = join(toplevel!, ".git");
  const linked = statSync(own, { throwIfNoEntry: false })?.isFile() === true;
  const its = linked ? ask(cwd, "--resolve-git-dir", own) : own;
  return real(resolve(cwd, its)) === realpathSync(repository) ? toplevel! : null;
}

/** Variables for a git that uses settings itself, so that it knows those that count and no others. */
export function whoseSettings(cwd: string): Readonly<Record<string, string>> {
  return workTreeAt(cwd) === null ? NO_REPOSITORY : {};
}

function ask(cwd: string, ...args: string[]): string {
  return (
    runGitSync(["rev-parse", ...args], { cwd })
      ?.stdout.toString()
      .replace(/\n$/, "") ?? ""
  );
}

function real(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
