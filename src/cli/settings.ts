/** Settings of git config (`patchsig.*`) that more than one command reads. */

import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
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

/** The secret key file: `--key`, else `patchsig.key`, else the user's own; absolute. */
export function keyPathOf(option: string | undefined): string {
  return resolve(option ?? gitConfig("patchsig.key", "path") ?? defaultKeyPath(process.env));
}
