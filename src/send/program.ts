/** Letters through a program like sendmail(8), called as git send-email calls it. */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { dropCr } from "../mail/line-ends.ts";
import type { ProgramServer } from "./settings.ts";
import {
  envelopeFault,
  type Letter,
  saidInOneLine,
  type SendOutcome,
  type Transport,
} from "./transport.ts";

/** Milliseconds until a program is ended. */
const PATIENCE = 600_000;
/** How long to wait for the words of a program that has ended, in milliseconds. */
const LAST_WORDS = 500;
const MAX_WORDS = 4096;

/** Exit statuses of sysexits.h; any other is a program that cannot work. */
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
 * A process a letter. `onCommit` is called before it is started: a pipe ends when the one who writes
 * dies, and to the program that is the end of the letter like any other.
 *
 * @param patience milliseconds until it is killed, and then nobody knows what it did
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
 * The program that git send-email takes if no setting names a server.
 *
 * @param searchPath folders, as in PATH
 */
export function findSendmail(searchPath: string): string | null {
  const folders = ["/usr/sbin", "/usr/lib", ...searchPath.split(":").filter((name) => name !== "")];
  return folders.map((folder) => join(folder, "sendmail")).find(isExecutable) ?? null;
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
  // a dot is no end; "" is an argument that some programs take for a missing one
  const all = [...args, "-i", "-f", sender === "" ? "<>" : sender, ...recipients];
  const child = spawn(file, all, {
    stdio: ["pipe", "pipe", "pipe"],
    timeout: patience,
    killSignal: "SIGKILL",
  });
  return new Promise((resolve) => {
    const words = wordsOf(child);
    child.on("error", ({ message }) => resolve({ kind: "outage", said: saidInOneLine(message) }));
    child.on("exit", (status, signal) => {
      const end = status === null ? `ended by ${signal ?? "a signal"}` : `exit status ${status}`;
      const kind = status === null ? "unknown" : (OUTCOMES[status] ?? "outage");
      void words.then((said) => resolve({ kind, said: saidInOneLine(said === "" ? end : said) }));
    });
    // it may end without having read everything: its exit status says why
    child.stdin.on("error", () => undefined);
    child.stdin.end(dropCr(bytes));
  });
}

/** What the program writes; a process that it leaves behind may hold the pipes for ever. */
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
