/** Runs programs as a user starts them, and measures time and peak memory. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../bin/patchsig.js", import.meta.url));
const PEAK = new URL("peak.js", import.meta.url).href;

interface Cost {
  readonly seconds: number;
  readonly peak: number;
  readonly processor: number;
}

/** A folder for each benchmark, and the environment of programs that run there. */
export class Workplace {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    this.env = {
      PATH: process.env["PATH"],
      HOME: folder,
      XDG_DATA_HOME: join(folder, "data"),
      XDG_CACHE_HOME: join(folder, "cache"),
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: join(folder, "gitconfig"),
      LC_ALL: "C.UTF-8",
      TZ: "UTC",
      NO_COLOR: "1",
    };
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** An empty trust database. */
  forgetTrust(): void {
    rmSync(this.path("data"), { recursive: true, force: true });
  }

  /** Runs a program to its end; returns wall-clock seconds. Throws if it fails. */
  time(
    command: string,
    args: readonly string[],
    allowed: readonly number[] = [0],
    stdout: "ignore" | number = "ignore",
    cwd = this.folder,
  ): number {
    const began = performance.now();
    const run = spawnSync(command, args, {
      cwd,
      env: this.env,
      stdio: ["ignore", stdout, "pipe"],
      maxBuffer: 1 << 28,
    });
    const seconds = (performance.now() - began) / 1000;
    if (run.error !== undefined) throw run.error;
    if (!allowed.includes(run.status ?? -1))
      throw new Error(`${command} ${args.slice(0, 4).join(" ")}: ${run.stderr.toString()}`);
    return seconds;
  }

  /** patchsig itself, built; 1 is the status of a verdict. */
  patchsig(args: readonly string[]): number {
    return this.time(process.execPath, [PROGRAM, ...args], [0, 1]);
  }

  /** The same, in a folder of this one. */
  patchsigIn(folder: string, args: readonly string[]): number {
    return this.time(process.execPath, [PROGRAM, ...args], [0], "ignore", this.path(folder));
  }

  /** The same, with its output in a file. */
  patchsigInto(file: string, args: readonly string[]): number {
    const fd = openSync(file, "w");
    try {
      return this.time(process.execPath, [PROGRAM, ...args], [0, 1], fd);
    } finally {
      closeSync(fd);
    }
  }

  read(file: string): string {
    return readFileSync(file, "utf8");
  }

  /** Starts patchsig, and does not wait for its end. */
  start(args: readonly string[]): ChildProcess {
    const { folder: cwd, env } = this;
    return spawn(process.execPath, [PROGRAM, ...args], {
      cwd,
      env,
      stdio: ["ignore", "pipe", "ignore"],
    });
  }

  /** The peak memory of patchsig, in bytes. */
  peakOf(args: readonly string[]): number {
    return this.costOf(args).peak;
  }

  /** The same, with its seconds by the clock, and those of processor time in all its threads. */
  costOf(args: readonly string[]): Cost {
    const file = this.path("peak");
    this.env["PATCHSIG_BENCH_PEAK"] = file;
    const seconds = this.time(process.execPath, ["--import", PEAK, PROGRAM, ...args], [0, 1]);
    return { seconds, ...(JSON.parse(readFileSync(file, "utf8")) as Omit<Cost, "seconds">) };
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** Runs all in turn, several times, so that a busy machine affects all alike; returns medians. */
export function inTurn<K extends string>(
  times: number,
  runs: Readonly<Record<K, () => number>>,
): Record<K, number> {
  const names = Object.keys(runs) as K[];
  const taken = new Map<K, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < times; round++)
    for (const name of names) taken.get(name)!.push(runs[name]());
  return Object.fromEntries(names.map((name) => [name, median(taken.get(name)!)])) as Record<
    K,
    number
  >;
}
