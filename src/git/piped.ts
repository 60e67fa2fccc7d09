/** A running git that answers requests. */

import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { Repository } from "./repository.ts";
import { spawnGit, type StartOptions } from "./run.ts";

export type Piped = ChildProcessWithoutNullStreams;

/** If git cannot start, or ends early, its output ends: the reader must report that. */
export function startGit(place: Repository | StartOptions, args: readonly string[]): Piped {
  const child = spawnGit(args, "config" in place ? { cwd: place.toplevel ?? place.cwd } : place);
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
