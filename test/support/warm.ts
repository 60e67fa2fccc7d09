/** The program in a process that has loaded it already: a start takes longer than most commands. */

import { execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One command line, and where it runs. */
export interface Call {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What it printed, and its status. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The process, and the files by which it is reached. */
interface Warm {
  readonly requests: number;
  readonly answers: number;
  readonly outputs: readonly [number, number];
}

const BUNDLE = join(import.meta.dirname, "..", "..", "dist", "bundle", "cli");
const SERVER = join(import.meta.dirname, "warm.js");

function startWarm(bundle: string): Warm {
  const folder = mkdtempSync(join(tmpdir(), "patchsig-warm-"));
  const [requests, answers] = ["requests", "answers"].map((name) => join(folder, name));
  execFileSync("mkfifo", [requests!, answers!]);
  const outputs = ["stdout", "stderr"].map((name) => openSync(join(folder, name), "a+"));
  const child = spawn(process.execPath, [SERVER, bundle, requests!, answers!], {
    stdio: ["ignore", ...outputs],
  });
  // it ends with this process, when nobody can write to it any more
  child.unref();
  try {
    const [asks, hears] = [openSync(requests!, "w"), openSync(answers!, "r")];
    return { requests: asks, answers: hears, outputs: outputs as [number, number] };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Keeps one process at work for any number of calls, all one after the other. */
export function warmProgram(bundle = BUNDLE): (call: Call) => Outcome {
  let warm: Warm | null = null;
  return (call) => {
    warm ??= startWarm(bundle);
    const { requests, answers, outputs } = warm;
    writeSync(requests, `${JSON.stringify(call)}\n`);
    const line = Buffer.alloc(16);
    const length = readSync(answers, line);
    const [stdout, stderr] = [take(outputs[0]), take(outputs[1])];
    const [status, ended] = line.toString("latin1", 0, length).trimEnd().split(" ");
    if (length === 0 || ended !== undefined) {
      for (const fd of [requests, answers, ...outputs]) closeSync(fd);
      warm = null;
    }
    if (length === 0) throw new Error(`the process was killed: ${stderr}`);
    return { status: Number(status), stdout, stderr };
  };
}

/** What is in a file; nothing is left there. */
function take(file: number): string {
  const bytes = Buffer.alloc(fstatSync(file).size);
  readSync(file, bytes, 0, bytes.length, 0);
  ftruncateSync(file);
  return bytes.toString("utf8");
}
