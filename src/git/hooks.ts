/** Where git looks for hooks, which settings say so, and whether git send-email runs its hook. */

import { statSync } from "node:fs";
import path from "node:path";
import { PatchsigError } from "../errors.ts";
import { homeFolder } from "../places.ts";
import type { Config } from "./config.ts";
import { git, gitText, runGit } from "./run.ts";
import { NO_REPOSITORY } from "./scope.ts";

/** Who has set core.hooksPath, in git's words ("local", "global" …); null if unset. */
type HooksScope = string | null;

/** Where git looks for the hooks of the repository that `directory` is in. */
export interface HooksFolder {
  readonly folder: string;
  readonly scope: HooksScope;
  /** All repositories share it: it is set for all, and is no relative path. */
  readonly shared: boolean;
}

const SHARED: ReadonlySet<HooksScope> = new Set(["global", "system"]);

export async function hooksFolder(directory: string): Promise<HooksFolder> {
  const options = { cwd: directory, purpose: "settings" } as const;
  const folder = path.resolve(
    directory,
    await gitText(["rev-parse", "--git-path", "hooks"], options),
  );
  const { status, stdout } = await runGit(
    ["config", "--null", "--show-scope", "--type=path", "--get", "core.hooksPath"],
    options,
  );
  const [scope = null, value = ""] = status === 0 ? stdout.toString().split("\0") : [];
  return { folder, scope, shared: SHARED.has(scope) && path.isAbsolute(value) };
}

/** The hooks that settings name (`hook.<name>.event`), besides those in the folder: git 2.54 and later run them. */
export function hooksNamed(config: Config): ReadonlySet<string> {
  const isOn = (name: string): boolean => config.bool(`hook.${name}.enabled`) !== false;
  const events = config.settings.flatMap(({ key, value }) => {
    const [, name] = /^hook\.(.+)\.event$/s.exec(key) ?? [];
    return name !== undefined && isOn(name) && isOn(value) ? [value] : [];
  });
  return new Set(events);
}

/** A path that is set for the user or for the system, in included files too. */
export interface SharedPath {
  /** Null if unset. */
  readonly path: string | null;
  readonly scope: HooksScope;
}

/**
 * Asked outside any repository, so no includeIf condition holds.
 *
 * @param key core.hooksPath or init.templateDir
 */
export async function sharedPath(key: string): Promise<SharedPath> {
  const { status, stdout } = await runGit(
    ["config", "--null", "--show-scope", "--type=path", "--get", key],
    { cwd: path.parse(process.cwd()).root, purpose: "settings", env: NO_REPOSITORY },
  );
  const [scope = null, value = null] = status === 0 ? stdout.toString().split("\0") : [];
  return { path: value, scope };
}

/**
 * git replaces the settings file that it changes, even a device: root would lose /dev/null, which
 * GIT_CONFIG_GLOBAL or a link often names to turn settings off.
 *
 * @throws PatchsigError "refused"
 */
export function refuseNoFile(environment: Readonly<Record<string, string | undefined>>): void {
  const { GIT_CONFIG_GLOBAL: set, XDG_CONFIG_HOME: config } = environment;
  const places = (): string[] => [
    path.join(homeFolder(), ".gitconfig"),
    path.join(config || path.join(homeFolder(), ".config"), "git", "config"),
  ];
  for (const file of set === undefined ? places() : [set]) {
    if (statSync(file, { throwIfNoEntry: false })?.isFile() ?? true) continue;
    throw new PatchsigError("refused", `${file} is not a file: git would replace it with one`, {
      hint: "for this command, let GIT_CONFIG_GLOBAL name your settings' file",
    });
  }
}

/** Sets a path for the user; null unsets it. */
export async function setSharedPath(key: string, folder: string | null): Promise<void> {
  refuseNoFile(process.env);
  const change = folder === null ? ["--unset", key] : [key, folder];
  await git(["config", "--global", ...change], { cwd: process.cwd(), purpose: "settings" });
}

/** The name of the setting of git send-email that counts for an identity. */
export function sendEmailKey(config: Config, name: string, identity: string | null): string {
  const own = identity === null ? null : `sendemail.${identity}.${name}`;
  return own !== null && config.string(own) !== null ? own : `sendemail.${name}`;
}

/**
 * The names of the settings that make git send-email skip the hook: by default, and for each
 * --identity.
 */
export function unvalidated(config: Config): {
  readonly usual: string | null;
  readonly identities: readonly { readonly identity: string; readonly key: string }[];
} {
  const off = (identity: string | null): string | null => {
    const key = sendEmailKey(config, "validate", identity);
    return config.bool(key) === false ? key : null;
  };
  const names = config.settings.flatMap(
    ({ key }) => /^sendemail\.(.+)\.[^.]+$/s.exec(key)?.[1] ?? [],
  );
  const current = config.string("sendemail.identity");
  const identities = [...new Set(names)].flatMap((identity) => {
    const key = identity === current ? null : off(identity);
    return key === null ? [] : [{ identity, key }];
  });
  const usual = off(current);
  return { usual, identities: usual === null ? identities : [] };
}
