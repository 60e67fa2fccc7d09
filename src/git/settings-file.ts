/** Single settings in one file of git's: the user's, or a repository's own. */

import { parse } from "node:path";
import { refuseNoFile } from "./hooks.ts";
import { git, runGit, type StartOptions } from "./run.ts";
import { NO_REPOSITORY } from "./scope.ts";

/** Which file: `git config --global`, or `--local` of the repository with this working tree. */
export type SettingsPlace =
  | { readonly scope: "global" }
  | { readonly scope: "local"; readonly repository: string };

function startOf(place: SettingsPlace): StartOptions {
  return place.scope === "global"
    ? { cwd: parse(process.cwd()).root, purpose: "settings", env: NO_REPOSITORY }
    : { cwd: place.repository, purpose: "settings", elsewhere: true };
}

/** Every value of a setting in that file, without what it includes. */
export async function valuesIn(place: SettingsPlace, name: string): Promise<readonly string[]> {
  const args = ["config", `--${place.scope}`, "--null", "--get-all", name];
  const { status, stdout } = await runGit(args, startOf(place));
  return status === 0 ? stdout.toString().split("\0").slice(0, -1) : [];
}

/**
 * Gives a setting its only value in that file; null takes it out.
 *
 * @throws PatchsigError "git-failed" if it has several there; "refused" if there is no file but a device
 */
export async function setIn(
  place: SettingsPlace,
  name: string,
  value: string | null,
): Promise<void> {
  if (place.scope === "global") refuseNoFile(process.env);
  const change = value === null ? ["--unset", name] : [name, value];
  await git(["config", `--${place.scope}`, ...change], startOf(place));
}
