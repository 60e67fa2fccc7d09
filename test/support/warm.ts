/** The program in a process that has loaded it already: a start takes longer than most commands. */

import { execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  read,
  readSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** One command line, and where it runs. */
export interface Call {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** What stdin has. */
  readonly input?: Buffer | string | undefined;
}

/** What it printed, and its status. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The process, and the files by which it is reached. */
interface Warm {
  readonly input: string;
  readonly requests: number;
  readonly answers: number;
  readonly outputs: readonly [number, number];
}

/** The status of what was killed. */
const KILLED = -1;

const BUNDLE = join(import.meta.dirname, "..", "..", "dist", "bundle", "cli");
const SERVER = join(import.meta.dirname, "warm.js");

function startWarm(bundle: string): Warm {
  // removed with all that the tests leave
  const folder = mkdtempSync(join(tmpdir(), "patchsig-warm-"));
  const [requests, answers, input] = ["requests", "answers", "stdin"].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  execFileSync("mkfifo", [requests, answers]);
  const outputs = ["stdout", "stderr"].map((name) => openSync(join(folder, name), "a+"));
  const child = spawn(process.execPath, [SERVER, bundle, requests, answers, input], {
    stdio: ["ignore", ...outputs],
  });
  // it ends with this process, when nobody can write to it any more
  child.unref();
  const [asks, hears] = [openSync(requests, "w"), openSync(answers, "r")];
  return { input, requests: asks, answers: hears, outputs: outputs as [number, number] };
}

/** One process, for any number of calls, one after the other. */
function oneProcess(bundle: string) {
  let warm: Warm | null = null;
  return {
    /** Where the answer will be. */
    ask({ input = "", ...call }: Call): number {
      warm ??= startWarm(bundle);
      writeFileSync(warm.input, input);
      writeSync(warm.requests, `${JSON.stringify(call)}\n`);
      return warm.answers;
    },
    /** The outcome, once the answer is there. */
    hear(answer: Buffer): Outcome {
      const { requests, answers, outputs } = warm!;
      const [stdout, stderr] = [take(outputs[0]), take(outputs[1])];
      const [status, ended] = answer.toString("latin1").trimEnd().split(" ");
      if (answer.length === 0 || ended !== undefined) {
        for (const fd of [requests, answers, ...outputs]) closeSync(fd);
        warm = null;
      }
      return { status: answer.length === 0 ? KILLED : Number(status), stdout, stderr };
    },
  };
}

/** Longer than any answer. */
const ANSWER = 16;

/** Runs commands, and waits for each. */
export function warmProgram(bundle = BUNDLE): (call: Call) => Outcome {
  const one = oneProcess(bundle);
  return (call) => {
    const line = Buffer.alloc(ANSWER);
    return one.hear(line.subarray(0, readSync(one.ask(call), line)));
  };
}

/** Runs commands, one after the other, while this process goes on. */
export function warmProgramAside(bundle = BUNDLE): (call: Call) => Promise<Outcome> {
  const one = oneProcess(bundle);
  let last: Promise<unknown> = Promise.resolve();
  const run = async (call: Call): Promise<Outcome> => {
    const line = Buffer.alloc(ANSWER);
    const { bytesRead } = await promisify(read)(one.ask(call), line, 0, ANSWER, null);
    return one.hear(line.subarray(0, bytesRead));
  };
  return (call) => {
    const outcome = last.then(() => run(call));
    last = outcome.catch(() => undefined);
    return outcome;
  };
}

/** What is in a file; nothing is left there. */
function take(file: number): string {
  const bytes = Buffer.alloc(fstatSync(file).size);
  readSync(file, bytes, 0, bytes.length, 0);
  ftruncateSync(file);
  return bytes.toString("utf8");
}
