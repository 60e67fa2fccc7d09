/** Settings of git config, for all commands. */

import { resolve } from "node:path";
import { CliError } from "../errors.ts";
import type { Config } from "../git/config.ts";
import { type OwnSettings, ownSettings } from "../git/scope.ts";
import { defaultKeyPath } from "../store/key-path.ts";

let read: OwnSettings | null = null;

function settings(): OwnSettings {
  return (read ??= ownSettings(process.cwd()));
}

/**
 * git's settings, as they count where the program was started (git/scope.ts); read once.
 *
 * @throws CliError "git-failed" if git cannot read them
 */
export function gitConfig(): Config {
  return settings().config;
}

/** Folders with keys for X-Developer-Signature: `--dev-keyring`, then `patchsig.devKeyring`. */
export function devKeyringsOf(option: readonly string[] | undefined): string[] {
  return [...(option ?? []), ...gitConfig().paths("patchsig.devKeyring")];
}

/** The key to sign with: a file, or one that ssh-agent holds. */
export type KeyChoice =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "agent"; readonly selector: string };

const AGENT = "ssh:";

/** `--key`, else `patchsig.key`, else the user's own file; a path is made absolute. */
export function keyChoiceOf(option: string | undefined): KeyChoice {
  const name = option ?? gitConfig().path("patchsig.key") ?? defaultKeyPath(process.env);
  if (name.startsWith(AGENT)) return { kind: "agent", selector: name.slice(AGENT.length) };
  return { kind: "file", path: resolve(name) };
}

/** The same, where only a file will do: its path. CliError "usage" for a key in ssh-agent. */
export function keyPathOf(option: string | undefined): string {
  const choice = keyChoiceOf(option);
  if (choice.kind === "file") return choice.path;
  throw new CliError("usage", `this needs a key file, and ${AGENT}${choice.selector} is none`, {
    hint: "name one: --key FILE",
  });
}
