/** Settings of git config, for all commands. */

import { isAbsolute, resolve } from "node:path";
import { PatchsigError } from "../errors.ts";
import { type Config, type ConfigSetting, REPOSITORY_SCOPES } from "../git/config.ts";
import { openRepository, type Repository } from "../git/repository.ts";
import { listSettings, NO_REPOSITORY, type OwnSettings, ownSettings } from "../git/scope.ts";
import { defaultKeyPath } from "../store/key-path.ts";

let listed: readonly ConfigSetting[] | null = null;
let read: OwnSettings | null = null;

function allSettings(): readonly ConfigSetting[] {
  return (listed ??= listSettings(process.cwd()));
}

function settings(): OwnSettings {
  return (read ??= ownSettings(process.cwd(), allSettings()));
}

/**
 * git's settings, as they count where the program was started (git/scope.ts); read once.
 *
 * @throws PatchsigError "git-failed" if git cannot read them
 */
export function gitConfig(): Config {
  return settings().config;
}

/** The repository where the program was started; PatchsigError as from `openRepository`. */
export function openHere(): Promise<Repository> {
  return openRepository(process.cwd(), settings());
}

/**
 * The repository that `--repo` names, "." without the option.
 *
 * @returns null if none is named, and there is none here
 */
export async function repositoryOrNone(directory: string): Promise<Repository | null> {
  try {
    return await openRepository(directory);
  } catch (error) {
    const isNone = error instanceof PatchsigError && error.code === "no-repository";
    if (isNone && directory === ".") return null;
    throw error;
  }
}

/** Variables for a git that uses settings itself, so that it sees only those that count here. */
export function settingsEnvironment(): Readonly<Record<string, string>> {
  return settings().toplevel === null ? NO_REPOSITORY : {};
}

/** What the user or the system has set, whatever a repository says: for what is to be started. */
export function usersSetting(key: string): string | null {
  const lower = key.toLowerCase();
  const set = allSettings().filter((one) => one.key === lower);
  return set.findLast(({ scope }) => !REPOSITORY_SCOPES.has(scope))?.value ?? null;
}

/** A folder, or `ref:REPO:REF:PATH`, that a setting names. */
interface NamedPlace {
  readonly name: string;
  /** The user named it, and it does not depend on the current directory. */
  readonly fixed: boolean;
}

/**
 * The places that a setting names, in git's order. A relative one is relative to the top of the working
 * tree; outside of one it could be anything, and is ignored. Places from the command line are the
 * user's, and relative to the current directory.
 */
export function placesOf(key: string): readonly NamedPlace[] {
  const { config, toplevel } = settings();
  const lower = key.toLowerCase();
  const set = config.settings.filter((setting) => setting.key === lower);
  return config.paths(key).flatMap((name, i) => {
    const scope = set[i]?.scope ?? "";
    if (scope === "command") return { name, fixed: true };
    const [, repository, rest] = /^ref:([^:]*)(:.*)$/s.exec(name) ?? [];
    const path = repository ?? name;
    if (isAbsolute(path)) return { name, fixed: !REPOSITORY_SCOPES.has(scope) };
    if (toplevel === null) return [];
    const whole = resolve(toplevel, path);
    return { name: rest === undefined ? whole : `ref:${whole}${rest}`, fixed: false };
  });
}

/** Folders with keys for X-Developer-Signature: `--dev-keyring`, then `patchsig.devKeyring`. */
export function devKeyringsOf(option: readonly string[] | undefined): string[] {
  return [...(option ?? []), ...placesOf("patchsig.devKeyring").map(({ name }) => name)];
}

/** The key to sign with: a file, or one that ssh-agent holds. */
export type KeyChoice =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "agent"; readonly selector: string };

/** Before the name of a key in ssh-agent. */
export const AGENT = "ssh:";

/** `--key`, else `patchsig.key`, else the user's own file; a path is made absolute. */
export function keyChoiceOf(option: string | undefined): KeyChoice {
  const name = option ?? gitConfig().path("patchsig.key") ?? defaultKeyPath(process.env);
  if (name.startsWith(AGENT)) return { kind: "agent", selector: name.slice(AGENT.length) };
  // as in git's own user.signingKey, or as ssh-add prints it
  const [, ssh] = /^(?:key::)?((?:sk-)?(?:ssh|ecdsa)-\S+ +AAAA.*|SHA256:\S+)$/.exec(name) ?? [];
  if (ssh !== undefined)
    throw new PatchsigError("usage", "a key in ssh-agent is named with ssh: before it", {
      hint: `"${AGENT}${ssh}"`,
    });
  return { kind: "file", path: resolve(name) };
}

/** The same if it must be a file: its path. PatchsigError "usage" for a key in ssh-agent. */
export function keyPathOf(option: string | undefined): string {
  const choice = keyChoiceOf(option);
  if (choice.kind === "file") return choice.path;
  throw new PatchsigError("usage", `this needs a key file, not ${AGENT}${choice.selector}`, {
    hint: "name one: --key FILE",
  });
}
