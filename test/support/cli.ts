import { spawnSync } from "node:child_process";
import { join } from "node:path";

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

/**
 * For a process that has loaded the program: runs the command in each JSON line on stdin. After the
 * output of each, `\0STATUS\0` follows on both streams.
 */
const EACH = `
  const { readFileSync, writeSync } = require("node:fs");
  const { load } = require(process.argv[1]);
  (async () => {
    for (const { args, home } of JSON.parse(readFileSync(0, "utf8"))) {
      process.exitCode = 0;
      process.env.XDG_DATA_HOME = home;
      await load("main.js").main(args);
      for (const fd of [1, 2]) writeSync(fd, "\\0" + process.exitCode + "\\0");
    }
    process.exitCode = 0;
  })();`;

/**
 * Runs the built program's `main` for each of these command lines, one after the other in one
 * process, since most of the cost of a short command is the start. stdin is empty.
 */
export function patchsigEach(
  all: readonly (readonly string[])[],
  home: string | readonly string[],
): Run[] {
  const homeOf = (i: number): string => (typeof home === "string" ? home : home[i]!);
  const start = join(ROOT, "dist", "bundle", "cli", "start.js");
  const run = spawnSync(process.execPath, ["-e", EACH, start], {
    cwd: homeOf(0),
    input: JSON.stringify(all.map((args, i) => ({ args, home: homeOf(i) }))),
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(`ended with ${run.status}: ${run.stderr}`);
  const parts = [run.stdout, run.stderr].map((text) => text.split("\0"));
  return all.map((_, i) => ({
    status: Number(parts[0]![2 * i + 1]),
    stdout: parts[0]![2 * i]!,
    stderr: parts[1]![2 * i]!,
  }));
}
