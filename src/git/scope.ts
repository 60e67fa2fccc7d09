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
import { failure, runGitSync } from "./run.ts";

export interface OwnSettings {
  readonly config: Config;
  /** The top of the current working tree; null outside one. */
  readonly toplevel: string | null;
}

/** For a git that must see only the user's settings: there is no repository there. */
export const NO_REPOSITORY = { GIT_DIR: "/dev/null" } as const;

/**
 * git's settings that count in a directory; none without git.
 *
 * @throws PatchsigError "git-failed" if git cannot read them: they must not be ignored
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
  // no repository: no need to ask git again
  const toplevel = settings.some(isRepositorys) ? workTreeAt(cwd) : null;
  const counts = (one: ConfigSetting): boolean => toplevel !== null || !isRepositorys(one);
  return { config: configOf(settings.filter(counts)), toplevel };
}

/**
 * The top of the working tree that a directory is in; null if it is in none.
 *
 * A repository can claim any folder as its working tree (core.worktree). That counts only if its
 * `.git` leads to the repository, which no clone can contain, or if the user named it
 * (GIT_WORK_TREE).
 */
function workTreeAt(cwd: string): string | null {
  const facts = ["--is-inside-work-tree", "--absolute-git-dir", "--show-toplevel"];
  const lines = ask(cwd, ...facts).split("\n");
  const [inside, repository, toplevel] = lines;
  // do not guess at a name with a line end
  if (inside !== "true" || repository === undefined || lines.length !== facts.length) return null;
  if ((process.env["GIT_WORK_TREE"] ?? "") !== "") return toplevel!;
  const own = join(toplevel!, ".git");
  const linked = statSync(own, { throwIfNoEntry: false })?.isFile() === true;
  const its = linked ? ask(cwd, "--resolve-git-dir", own) : own;
  return real(resolve(cwd, its)) === realpathSync(repository) ? toplevel! : null;
}

/** Variables for a git that uses settings itself, so that it sees only those that count. */
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
