/** Hands letters to a program like sendmail(8), called as git send-email calls it. */

import { type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { accessSync, closeSync, constants, existsSync, openSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { PatchsigError } from "../errors.ts";
import { dropCr } from "../mail/line-ends.ts";
import type { ProgramServer } from "./settings.ts";
import {
  envelopeFault,
  type Letter,
  saidInOneLine,
  type SendOutcome,
  type Transport,
} from "./transport.ts";

/** Milliseconds until the program is killed. */
const PATIENCE = 600_000;
/** Milliseconds to wait for the output of a program that has ended. */
const LAST_WORDS = 500;
const MAX_WORDS = 4096;

/** Exit statuses of sysexits.h; any other means that the program does not work. */
const OUTCOMES: Readonly<Record<number, SendOutcome["kind"]>> = {
  0: "sent",
  /** EX_DATAERR */
  65: "refused",
  /** EX_NOUSER */
  67: "refused",
  /** EX_NOHOST */
  68: "refused",
  /** EX_TEMPFAIL */
  75: "later",
};

/**
 * One process per letter. `onCommit` is called before it starts: if we die, the pipe closes, which
 * looks to the program like the end of the letter.
 *
 * @param patience milliseconds until it is killed; what it did is then unknown
 */
export function programTransport(server: ProgramServer, patience: number = PATIENCE): Transport {
  return {
    send: async (letter, onCommit) => {
      const fault = envelopeFault(letter);
      if (fault !== null) return { kind: "refused", said: fault };
      onCommit();
      return run(server, letter, patience);
    },
    close: async () => undefined,
  };
}

/**
 * The program that git send-email uses if no setting names a server.
 *
 * @param searchPath folders, as in PATH
 */
export function findSendmail(searchPath: string): string | null {
  const folders = ["/usr/sbin", "/usr/lib", ...searchPath.split(":").filter((name) => name !== "")];
  return folders.map((folder) => join(folder, "sendmail")).find(isExecutable) ?? null;
}

/**
 * Checks that the program is there, before anything is sent.
 *
 * @throws PatchsigError "not-found"
 */
export function checkProgram({ file }: ProgramServer): void {
  if (!isAbsolute(file) || isExecutable(file)) return;
  throw new PatchsigError("not-found", notStarted(file, existsSync(file) ? "EACCES" : "ENOENT"));
}

function notStarted(file: string, code = "unknown error"): string {
  const why = { ENOENT: "there is none", EACCES: "it is no program" }[code] ?? code;
  return `cannot start ${file}: ${why} (sendemail.smtpServer)`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function run(
  { file, args }: ProgramServer,
  letter: Letter,
  patience: number,
): Promise<SendOutcome> {
  const { sender, recipients, bytes } = letter;
  // -i: a dot does not end the mail; some programs take "" for a missing argument
  const all = [...args, "-i", "-f", sender === "" ? "<>" : sender, ...recipients];
  const child = spawn(file, all, {
    stdio: ["pipe", "pipe", "pipe"],
    timeout: patience,
    killSignal: "SIGKILL",
  });
  return new Promise((resolve) => {
    const words = wordsOf(child);
    child.on("error", ({ code }: NodeJS.ErrnoException) =>
      resolve({ kind: "outage", said: saidInOneLine(notStarted(file, code)) }),
    );
    child.on("exit", (status, signal) => {
      const end = status === null ? `ended by ${signal ?? "a signal"}` : `exit status ${status}`;
      const kind = status === null ? "unknown" : (OUTCOMES[status] ?? "outage");
      void words.then((said) => resolve({ kind, said: saidInOneLine(said === "" ? end : said) }));
    });
    // it may exit before reading everything: its exit status says why
    child.stdin.on("error", () => undefined);
    child.stdin.end(dropCr(bytes));
  });
}

/** The program's output; a process it leaves behind may hold the pipes open for ever. */
function wordsOf(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<string> {
  let words = "";
  const pipes = [child.stdout, child.stderr];
  for (const pipe of pipes)
    pipe.on("data", (bytes: Buffer) => {
      if (words.length < MAX_WORDS) words += bytes.toString();
    });
  return new Promise((resolve) => {
    const end = (): void => {
      for (const pipe of pipes) pipe.destroy();
      resolve(words.trim());
    };
    child.on("close", end);
    child.on("exit", () => setTimeout(end, LAST_WORDS).unref());
  });
}

/** A longer answer is no list of people. */
const MAX_ANSWER = 1 << 20;
const MAX_MILLISECONDS = 120_000;

/**
 * Runs a program on a patch, as git send-email runs toCmd and ccCmd, and returns what it prints.
 *
 * @param command for the shell; the file's name follows it, and the file is its input
 * @throws PatchsigError "refused" if it fails
 */
export function answerOf(command: string, file: string, cwd: string): string {
  const input = openSync(file, "r");
  try {
    return execFileSync("sh", ["-c", `${command} "$@"`, "-", file], {
      cwd,
      encoding: "utf8",
      stdio: [input, "pipe", "inherit"],
      maxBuffer: MAX_ANSWER,
      timeout: MAX_MILLISECONDS,
    });
  } catch (cause) {
    throw new PatchsigError("refused", `"${command}" failed: nothing was sent`, { cause });
  } finally {
    closeSync(input);
  }
}
