/** Where git looks for hooks, and the setting that says so. */

import path from "node:path";
import { LIST_CONFIG, parseConfig } from "./config.ts";
import { git, gitText, runGit } from "./run.ts";

/** Who has set core.hooksPath, in git's words ("local", "global" …); null if nobody has. */
export type HooksScope = string | null;

/** Where git looks for the hooks of the repository that `directory` is in. */
export async function hooksFolder(
  directory: string,
): Promise<{ readonly folder: string; readonly scope: HooksScope }> {
  const options = { cwd: directory, purpose: "settings" } as const;
  const folder = path.resolve(
    directory,
    await gitText(["rev-parse", "--git-path", "hooks"], options),
  );
  const { status, stdout } = await runGit(
    ["config", "--null", "--show-scope", "--get", "core.hooksPath"],
    options,
  );
  return { folder, scope: status === 0 ? stdout.toString().split("\0", 1)[0]! : null };
}

/** core.hooksPath as it is set for the user, or for the whole system; null if it is not. */
export async function sharedHooksPath(
  directory: string,
  whose: "global" | "system",
): Promise<string | null> {
  const { status, stdout } = await runGit([...LIST_CONFIG, `--${whose}`], {
    cwd: directory,
    purpose: "settings",
  });
  return status === 0 ? parseConfig(stdout.toString()).path("core.hooksPath") : null;
}

/** Sets it for the user; null unsets it. */
export async function setGlobalHooksPath(directory: string, folder: string | null): Promise<void> {
  const change = folder === null ? ["--unset", "core.hooksPath"] : ["core.hooksPath", folder];
  await git(["config", "--global", ...change], { cwd: directory, purpose: "settings" });
}
