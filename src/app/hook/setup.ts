/**
 * Installs the hook where git looks for it, in one repository or in all of a user's, and removes
 * it.
 */

import { existsSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import {
  hooksFolder,
  refuseNoFile,
  setGlobalHooksPath,
  sharedHooks,
  unvalidated,
} from "../../git/hooks.ts";
import { isProgram } from "../../git/committed.ts";
import { gitText } from "../../git/run.ts";
import {
  hookState,
  installDispatchers,
  installHook,
  overwritten,
  uninstallDispatchers,
  uninstallHook,
} from "../../store/hook-file.ts";
import { defaultKeyPath } from "../../store/key-path.ts";
import { gitConfig } from "../settings.ts";
import { editingSetting } from "./edited-after.ts";

/** What was done, or had been done before. */
export type Installation =
  /** All repositories share hooks, and ours is among them. */
  | { readonly kind: "already"; readonly folder: string }
  /** A hook in a folder; an existing one is kept. */
  | {
      readonly kind: "hook";
      readonly path: string;
      readonly kept: string | null;
      readonly keptSigns: boolean;
    }
  /** core.hooksPath is now a folder of ours; hooks of others in it are kept. */
  | { readonly kind: "shared"; readonly folder: string; readonly kept: readonly string[] };

/** For the current repository. PatchsigError "exists", "not-found". */
export async function installHere(): Promise<Installation> {
  await checkOnPath();
  const { folder, shared } = await hooksFolder(process.cwd());
  if (!shared) return installIn(folder);
  if (hookState(folder).installed) return { kind: "already", folder };
  throw new PatchsigError("exists", `core.hooksPath makes all repositories use ${folder}`, {
    hint: "git patchsig hook install --global",
  });
}

/** For all repositories of the user. PatchsigError "exists", "not-found". */
export async function installForAll(): Promise<Installation> {
  await checkOnPath();
  const ours = ownFolder();
  const path = await sharedFolder(ours);
  if (path !== null && path !== ours) return installIn(path);
  // before anything is made
  if (path === null) refuseNoFile(process.env);
  const kept = overwritten(ours).filter((one) => existsSync(one));
  installDispatchers(ours);
  if (path === null) await setGlobalHooksPath(process.cwd(), ours);
  if ((await sharedHooks()).path !== ours)
    throw new PatchsigError(
      "exists",
      `git does not use ${ours}: another setting hides core.hooksPath`,
      { hint: "git config --show-origin --get core.hooksPath" },
    );
  return { kind: "shared", folder: ours, kept };
}

/** core.hooksPath, if a hook can be installed there for all; null if it is not set. */
async function sharedFolder(ours: string): Promise<string | null> {
  const { path, scope, sometimes } = await sharedHooks();
  if (sometimes.length > 0)
    throw new PatchsigError(
      "exists",
      `core.hooksPath is set for some repositories, by ${sometimes[0]}`,
      {
        hint: "one setting for all would hide their hooks: git patchsig hook install in each repository",
      },
    );
  if (path !== null && !isAbsolute(path))
    throw new PatchsigError(
      "exists",
      `core.hooksPath is ${path}: each repository has hooks of its own`,
      { hint: "git patchsig hook install in each repository" },
    );
  if (path !== null && path !== ours && scope === "system")
    throw new PatchsigError("exists", `core.hooksPath is ${path} for the whole system`, {
      hint: "only the system's administrator can add a hook there",
    });
  return path;
}

function installIn(folder: string): Installation {
  const kept = installHook(folder);
  const { path, otherLast } = hookState(folder);
  return { kind: "hook", path, kept, keptSigns: otherLast };
}

export interface Removal {
  readonly folder: string;
  /** The hook was there. */
  readonly found: boolean;
  /** core.hooksPath was unset. */
  readonly unset: boolean;
  /** The folder was ours, and stays for files of others. */
  readonly left: boolean;
}

/** PatchsigError "exists" where all repositories share hooks. */
export async function uninstallHere(): Promise<Removal> {
  const { folder, shared } = await hooksFolder(process.cwd());
  if (!shared) return { folder, found: uninstallHook(folder), unset: false, left: false };
  throw new PatchsigError("exists", `core.hooksPath makes all repositories use ${folder}`, {
    hint: "git patchsig hook uninstall --global",
  });
}

export async function uninstallForAll(): Promise<Removal> {
  const { path: set } = await sharedHooks();
  const ours = ownFolder();
  if (set !== null && set !== ours)
    return { folder: set, found: uninstallHook(set), unset: false, left: false };
  // first, so that git never looks for hooks in a missing folder
  if (set !== null) await setGlobalHooksPath(process.cwd(), null);
  const { found, empty } = uninstallDispatchers(ours);
  return { folder: ours, found, unset: set !== null, left: !empty };
}

export interface HookStatus {
  readonly installed: boolean;
  /** git send-email signs here. */
  readonly signs: boolean;
  readonly scope: "global" | "repository";
  readonly path: string;
  /** Another hook beside ours, and whether it signs too, and so runs last. */
  readonly other: string | null;
  readonly otherSigns: boolean;
  /** Dispatchers of ours that others have replaced: no repository's own hook of that name runs. */
  readonly overwritten: readonly string[];
}

export async function hookStatus(): Promise<HookStatus> {
  const { folder, shared } = await hooksFolder(process.cwd());
  const { path, installed, other, otherLast } = hookState(folder);
  return {
    installed,
    signs: installed && unvalidated(gitConfig()).usual === null,
    scope: shared ? "global" : "repository",
    path,
    other,
    otherSigns: otherLast,
    overwritten: folder === ownFolder() && installed ? overwritten(folder) : [],
  };
}

/** Settings that keep git from starting the hook, and one that makes the hook refuse. */
export interface Hindrances extends ReturnType<typeof unvalidated> {
  /** It opens an editor after the hook has signed; null if none does. */
  readonly edits: string | null;
}

export async function hindering(): Promise<Hindrances> {
  return { ...unvalidated(gitConfig()), edits: await editingSetting() };
}

/** The folder that stands in for every repository's hooks. */
function ownFolder(): string {
  return join(dirname(defaultKeyPath(process.env)), "hooks");
}

/** PatchsigError "not-found" if git would not find us. */
export async function checkOnPath(): Promise<void> {
  const name = "git-patchsig";
  const places = (process.env["PATH"] ?? "").split(delimiter);
  places.push(await gitText(["--exec-path"], { cwd: process.cwd() }));
  if (places.some((folder) => isProgram(join(folder, name)))) return;
  throw new PatchsigError("not-found", `${name} is not on the PATH: git would not find it`, {
    hint: "npm install -g patchsig puts it there",
  });
}
