import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");

export interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What users start. */
export const PROGRAM = join(ROOT, "bin", "patchsig.js");

/** Runs the built program. `home` is where it keeps its keys and its database. */
export function patchsig(
  args: readonly string[],
  options: {
    cwd?: string;
    home: string;
    input?: Buffer | string;
    env?: Record<string, string>;
  },
): Run {
  const run = spawnSync(process.execPath, [PROGRAM, ...args], {
    cwd: options.cwd ?? options.home,
    input: options.input ?? "",
    env: { ...process.env, XDG_DATA_HOME: options.home, ...options.env },
    maxBuffer: 1 << 28,
  });
  if (run.error !== undefined) throw run.error;
  return {
    status: run.status ?? -1,
    stdout: run.stdout.toString("utf8"),
    stderr: run.stderr.toString("utf8"),
  };
}

/** The records of a `--json` run. */
// oxlint-disable-next-line typescript/no-explicit-any -- tests look into records of several types
export function records(run: Run): Record<string, any>[] {
  return run.stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
