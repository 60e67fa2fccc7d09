/**
 * Installs the hook where git looks for it, in one repository or in all new ones of a user, and
 * removes it.
 */

import { existsSync, rmSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import {
  hooksFolder,
  refuseNoFile,
  setSharedPath,
  sharedPath,
  unvalidated,
} from "../../git/hooks.ts";
import { isProgram } from "../../git/committed.ts";
import { gitText } from "../../git/run.ts";
import { copyTemplate, isInNew } from "../../git/template.ts";
import { temporaryFolder } from "../../places.ts";
import {
  hookState,
  installHook,
  makeWhole,
  removeDispatchers,
  removeSame,
  uninstallHook,
} from "../../store/hook-file.ts";
import { defaultKeyPath } from "../../store/key-path.ts";
import { gitConfig } from "../settings.ts";
import { editingSetting } from "./edited-after.ts";

const HOOKS_PATH = "core.hooksPath";
const TEMPLATE = "init.templateDir";

/** A hook that was put into a folder; an existing one is kept. */
export interface Installed {
  readonly path: string;
  readonly kept: string | null;
  readonly keptSigns: boolean;
}

/** What was done, or had been done before. */
export type Installation =
  /** All repositories share hooks, and ours is among them. */
  | { readonly kind: "already"; readonly folder: string }
  | ({ readonly kind: "hook" } & Installed)
  | {
      readonly kind: "template";
      /** git copies it into new repositories. */
      readonly template: Installed;
      /** In the current repository; null outside one, or if it has a core.hooksPath of its own. */
      readonly here: Installed | null;
      /** The folder of an older form that was removed; null if there was none. */
      readonly replaced: Removal | null;
    };

/** For the current repository. PatchsigError "exists", "not-found". */
export async function installHere(): Promise<Installation> {
  await checkOnPath();
  const { folder, shared } = await hooksFolder(process.cwd());
  if (!shared) return { kind: "hook", ...installIn(folder) };
  if (hookState(folder).installed && folder !== dispatchers()) return { kind: "already", folder };
  throw new PatchsigError("exists", `core.hooksPath makes all repositories use ${folder}`, {
    hint: "git patchsig hook install --global",
  });
}

/**
 * For all repositories that are made or cloned from now on, and the current one; if all share hooks
 * already, for all. PatchsigError "exists", "not-found".
 */
export async function installForAll(): Promise<Installation> {
  await checkOnPath();
  const { path, scope } = await sharedPath(HOOKS_PATH);
  if (path !== null && path !== dispatchers())
    return { kind: "hook", ...installIn(usable(path, scope)) };
  const template = await installInTemplate();
  const replaced = path === null ? null : await removeOldForm();
  const { folder, scope: own } = await hooksFolder(process.cwd()).catch(outside);
  const here = folder !== null && own === null ? installIn(folder) : null;
  return { kind: "template", template, here, replaced };
}

const NOWHERE = { folder: null, scope: null };
function outside(error: unknown): typeof NOWHERE {
  if (error instanceof PatchsigError && error.code === "git-failed") return NOWHERE;
  throw error;
}

/** PatchsigError "exists" for a shared folder into which no hook can be put. */
function usable(path: string, scope: string | null): string {
  if (!isAbsolute(path))
    throw new PatchsigError(
      "exists",
      `core.hooksPath is ${path}: each repository has hooks of its own`,
      { hint: "git patchsig hook install in each repository" },
    );
  if (scope === "system")
    throw new PatchsigError("exists", `core.hooksPath is ${path} for the whole system`, {
      hint: "only the system's administrator can add a hook there",
    });
  return path;
}

async function installInTemplate(): Promise<Installed> {
  const { path, scope } = await sharedPath(TEMPLATE);
  // before anything is made
  refuseNoFile(process.env);
  const theirs = path !== null && scope !== "system" ? path : null;
  if (theirs !== null && !isAbsolute(theirs))
    throw new PatchsigError("exists", `${TEMPLATE} is ${theirs}, which is relative`);
  const folder = theirs ?? ownTemplate();
  if (folder === ownTemplate() && !existsSync(folder)) await makeWhole(folder, copyTemplate);
  const installed = installIn(join(folder, "hooks"));
  if (theirs === null) await setSharedPath(TEMPLATE, folder);
  if (!(await isInNew("hooks/sendemail-validate")))
    throw new PatchsigError("exists", `git does not use ${folder} for new repositories`, {
      hint: "see GIT_TEMPLATE_DIR; git config --show-origin --get init.templateDir",
    });
  return installed;
}

function installIn(folder: string): Installed {
  const kept = installHook(folder);
  const { path, otherLast } = hookState(folder);
  return { path, kept, keptSigns: otherLast };
}

export interface Removal {
  readonly folder: string;
  /** The hook was there. */
  readonly found: boolean;
  /** The setting that was unset; null if none. */
  readonly unset: string | null;
  /** The folder was ours, and stays for files of others. */
  readonly left: boolean;
}

/** PatchsigError "exists" where all repositories share hooks. */
export async function uninstallHere(): Promise<Removal> {
  const { folder, shared } = await hooksFolder(process.cwd());
  if (!shared) return removeFrom(folder);
  throw new PatchsigError("exists", `core.hooksPath makes all repositories use ${folder}`, {
    hint: "git patchsig hook uninstall --global",
  });
}

function removeFrom(folder: string): Removal {
  return { folder, found: uninstallHook(folder), unset: null, left: false };
}

/** From where `installForAll` puts it, and where it once did. */
export async function uninstallForAll(): Promise<readonly Removal[]> {
  const [hooks, template] = [await sharedPath(HOOKS_PATH), await sharedPath(TEMPLATE)];
  const removals = [await removeOldForm()];
  if (hooks.path !== null && hooks.path !== dispatchers()) removals.push(removeFrom(hooks.path));
  if (template.path !== null && template.path !== ownTemplate())
    removals.push(removeFrom(join(template.path, "hooks")));
  removals.push(await removeTemplate(template.path === ownTemplate()));
  return removals.filter(({ found, unset, left }) => found || unset !== null || left);
}

/** A folder for core.hooksPath with a script for every hook of git, which an older version made. */
async function removeOldForm(): Promise<Removal> {
  const folder = dispatchers();
  const isSet = (await sharedPath(HOOKS_PATH)).path === folder;
  // first, so that git never looks for hooks in a missing folder
  if (isSet) await setSharedPath(HOOKS_PATH, null);
  const { found, empty } = removeDispatchers(folder);
  return { folder, found, unset: isSet ? HOOKS_PATH : null, left: !empty && (found || isSet) };
}

async function removeTemplate(isSet: boolean): Promise<Removal> {
  const folder = ownTemplate();
  if (isSet) await setSharedPath(TEMPLATE, null);
  const unset = isSet ? TEMPLATE : null;
  if (!existsSync(folder)) return { folder, found: false, unset, left: false };
  const found = uninstallHook(join(folder, "hooks"));
  const gits = temporaryFolder("patchsig-");
  try {
    await copyTemplate(gits);
    return { folder, found, unset, left: !removeSame(folder, gits) };
  } finally {
    rmSync(gits, { recursive: true, force: true });
  }
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
  /** It is there in a form that makes git slow, which an older version made. */
  readonly isOldForm: boolean;
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
    isOldForm: folder === dispatchers() && installed,
  };
}

/** Settings that keep git from starting the hook, and one that makes the hook refuse. */
export interface Hindrances extends ReturnType<typeof unvalidated> {
  /** It opens an editor after the hook has signed; null if none does. */
  readonly edits: string | null;
}

export async function hindering(): Promise<Hindrances> {
  const config = gitConfig();
  return { ...unvalidated(config), edits: await editingSetting(config) };
}

/** What git copies into new repositories, unless the user has set another folder. */
function ownTemplate(): string {
  return join(dirname(defaultKeyPath(process.env)), "template");
}

/** Once stood in for every repository's hooks. */
function dispatchers(): string {
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
