/** A git that is asked and answers while it runs. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Repository } from "./repository.ts";

export type Piped = ChildProcessWithoutNullStreams;

/** Of a partial clone only what is here counts: looking must not fetch. */
export const NO_FETCH: Readonly<Record<string, string>> = {
  GIT_NO_LAZY_FETCH: "1",
  GIT_OPTIONAL_LOCKS: "0",
};

/** If it cannot be started, or ends early, its output ends: whoever reads that has to say so. */
export function startGit(repository: Repository | string, args: readonly string[]): Piped {
  const child = spawn("git", args, {
    cwd: typeof repository === "string" ? repository : (repository.toplevel ?? repository.cwd),
    env: { ...process.env, ...NO_FETCH },
    stdio: "pipe",
  });
  child.stdin.on("error", () => undefined);
  child.on("error", () => undefined);
  child.stderr.resume();
  return child;
}

/** Its exit status, once it has ended; null if it was killed. */
export function endOf(child: Piped): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", resolve));
}
