/** Settings of git config (`patchsig.*`) that more than one command reads. */

import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { CliError } from "../errors.ts";
import { defaultKeyPath } from "../store/key-path.ts";

/** One value of git config, or null if it is not set or there is no git. */
export function gitConfig(name: string, type?: "path" | "bool" | "int"): string | null {
  const args = [
    "config",
    ...(type === undefined ? [] : [`--type=${type}`]),
    "--null",
    "--get",
    name,
  ];
  try {
    const value = execFileSync("git", args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return value.slice(0, -1);
  } catch {
    return null;
  }
}

/** All values of one name of git config that hold paths; `~/` is expanded. */
export function gitConfigPaths(name: string): string[] {
  try {
    const args = ["config", "--type=path", "--null", "--get-all", name];
    const values = execFileSync("git", args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return values.split("\0").slice(0, -1);
  } catch {
    return [];
  }
}

/** Folders with keys for X-Developer-Signature: `--dev-keyring`, then `patchsig.devKeyring`. */
export function devKeyringsOf(option: readonly string[] | undefined): string[] {
  return [...(option ?? []), ...gitConfigPaths("patchsig.devKeyring")];
}

/** The key to sign with: a file, or one that ssh-agent holds. */
export type KeyChoice =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "agent"; readonly selector: string };

const AGENT = "ssh:";

/** `--key`, else `patchsig.key`, else the user's own file; a path is made absolute. */
export function keyChoiceOf(option: string | undefined): KeyChoice {
  const name = option ?? gitConfig("patchsig.key", "path") ?? defaultKeyPath(process.env);
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
