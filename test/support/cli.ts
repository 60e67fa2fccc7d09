import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { LONG } from "./long.ts";
import { type Call, warmProgram, warmProgramAside } from "./warm.ts";

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
const warmAside = warmProgramAside();

/** `home` is where it keeps its keys and its database, and by default where it runs. */
interface Surroundings {
  readonly cwd?: string;
  readonly home: string;
  readonly input?: Buffer | string;
  readonly env?: Record<string, string>;
}

function callOf(args: readonly string[], { home, cwd = home, input, env }: Surroundings): Call {
  return { args, cwd, input, env: { ...process.env, XDG_DATA_HOME: home, ...env } };
}

/** Runs the built program: in a long run as users start it, else in a process that has loaded it already. */
export function patchsig(args: readonly string[], around: Surroundings): Run {
  return LONG ? patchsigStarted(args, around) : warm(callOf(args, around));
}

/** Runs the built program as users start it. */
export function patchsigStarted(args: readonly string[], around: Surroundings): Run {
  const { cwd, env, input = "" } = callOf(args, around);
  const options = { cwd, env, input, maxBuffer: 1 << 28 };
  const run = spawnSync(process.execPath, [PROGRAM, ...args], options);
  if (run.error !== undefined) throw run.error;
  return {
    status: run.status ?? -1,
    stdout: run.stdout.toString("utf8"),
    stderr: run.stderr.toString("utf8"),
  };
}

/** The same while this process goes on, for the servers in it. */
export async function patchsigAside(args: readonly string[], around: Surroundings): Promise<Run> {
  const call = callOf(args, around);
  if (!LONG) return warmAside(call);
  const { cwd, env, input = "" } = call;
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd, env });
  child.stdin.end(input);
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  const [status] = await once(child, "close");
  return { status: status ?? -1, stdout: await stdout, stderr: await stderr };
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
