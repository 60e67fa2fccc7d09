/** Settings of git config, for all commands. */

import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { CliError } from "../errors.ts";
import { type Config, LIST_CONFIG, parseConfig } from "../git/config.ts";
import { defaultKeyPath } from "../store/key-path.ts";

let read: Config | null = null;

/**
 * git's settings, as they are where the program was started; read once, none without git.
 *
 * @throws CliError "git-failed" if git cannot read them: what they ask for must not be forgotten
 */
export function gitConfig(): Config {
  return (read ??= parseConfig(listing()));
}

function listing(): string {
  const { status, stdout, stderr, ...run } = spawnSync("git", LIST_CONFIG, {
    maxBuffer: MAX_CONFIG,
  });
  const error: NodeJS.ErrnoException | undefined = run.error;
  if (error?.code === "ENOENT") return "";
  if (status === 0 && error === undefined) return stdout.toString();
  throw new CliError("git-failed", "git cannot read its settings", {
    hint: /^(?:fatal|error): (.*)/m.exec(stderr?.toString() ?? "")?.[1] ?? "git config --list",
    cause: error,
  });
}

const MAX_CONFIG = 16 << 20;

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
