import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { LONG } from "./long.ts";
import { warmProgram } from "./warm.ts";

const ROOT = join(import.meta.dirname, "..", "..");

export interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program that users start. */
export const PROGRAM = join(ROOT, "bin", "patchsig.js");

/** For a shell on a terminal: 80 columns, and from there on `patchsig` is the program. */
export const PATCHSIG = `stty cols 80 rows 24; patchsig() { '${process.execPath}' '${PROGRAM}' "$@"; }`;

const warm = warmProgram();

/**
 * Runs the built program. `home` is where it keeps its keys and its database. With `input`, or in a long
 * run, it is started as users do; else it runs in a process that has loaded it already.
 */
export function patchsig(
  args: readonly string[],
  options: {
    cwd?: string;
    home: string;
    input?: Buffer | string;
    env?: Record<string, string>;
  },
): Run {
  const cwd = options.cwd ?? options.home;
  const env = { ...process.env, XDG_DATA_HOME: options.home, ...options.env };
  const reads = options.input !== undefined || args.includes("-") || args.includes("--stdin");
  if (!LONG && !reads) return warm({ args, cwd, env });
  const run = spawnSync(process.execPath, [PROGRAM, ...args], {
    cwd,
    input: options.input ?? "",
    env,
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

/** Runs the program with each of these command lines, in the (first) home. */
export function patchsigEach(
  all: readonly (readonly string[])[],
  home: string | readonly string[],
): Run[] {
  const homeOf = (i: number): string => (typeof home === "string" ? home : home[i]!);
  return all.map((args, i) => patchsig(args, { home: homeOf(i), cwd: homeOf(0) }));
}
