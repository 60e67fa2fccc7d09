/**
 * flock(2) on a file, as other programs take it: public-inbox locks an inbox so. Node has no flock, but a
 * lock belongs to the open file, not to the process: a child that was given the file takes it, and it
 * holds until everybody who has that file open has closed it, however they end.
 */

import { spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, statSync } from "node:fs";
import { PatchsigError, systemWords } from "../errors.ts";

export interface FileLock {
  /** To hand to a child, which then holds the lock too. */
  readonly fd: number;
  readonly release: () => void;
}

/** Programs that lock their standard input: util-linux's or busybox's, else perl. */
const LOCKERS = {
  at_once: [
    ["flock", "-x", "-n", "0"],
    ["perl", "-MFcntl=:flock", "-e", "exit !flock(STDIN, LOCK_EX | LOCK_NB)"],
  ],
  waiting: [
    ["flock", "-x", "0"],
    ["perl", "-MFcntl=:flock", "-e", "exit !flock(STDIN, LOCK_EX)"],
  ],
} as const;

/**
 * Waits for the lock. The file is made if it is missing.
 *
 * @param onWait called if somebody else has it
 * @throws PatchsigError "unwritable"; "unsupported" if neither flock nor perl is installed
 */
export async function lockFile(file: string, onWait: () => void): Promise<FileLock> {
  for (;;) {
    const fd = open(file);
    try {
      if (!(await tryLock(fd, LOCKERS.at_once))) {
        onWait();
        if (!(await tryLock(fd, LOCKERS.waiting)))
          throw new PatchsigError("unwritable", `cannot lock ${file}`);
      }
      if (isAt(fd, file)) return { fd, release: () => closeSync(fd) };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    // whoever had the lock has removed the file, so others will lock another one
    closeSync(fd);
  }
}

function isAt(fd: number, file: string): boolean {
  const [open, there] = [fstatSync(fd), statSync(file, { throwIfNoEntry: false })];
  return open.ino === there?.ino && open.dev === there.dev;
}

/** The same, but null where the system has no program that locks. */
export async function lockIfPossible(file: string, onWait: () => void): Promise<FileLock | null> {
  try {
    return await lockFile(file, onWait);
  } catch (error) {
    if (error instanceof PatchsigError && error.code === "unsupported") return null;
    throw error;
  }
}

function open(file: string): number {
  try {
    return openSync(file, "a+", 0o644);
  } catch (cause) {
    throw new PatchsigError("unwritable", `cannot open ${file}: ${systemWords(cause)}`, { cause });
  }
}

async function tryLock(fd: number, commands: readonly (readonly string[])[]): Promise<boolean> {
  for (const [program, ...args] of commands) {
    const status = await new Promise<number | null>((resolve, reject) => {
      const child = spawn(program!, args, { stdio: [fd, "ignore", "ignore"] });
      child.on("error", (error: NodeJS.ErrnoException) =>
        error.code === "ENOENT" ? resolve(null) : reject(error),
      );
      child.on("close", (code) => resolve(code ?? 1));
    });
    if (status !== null) return status === 0;
  }
  throw new PatchsigError("unsupported", "neither flock nor perl is installed", {
    hint: "install flock (util-linux): public-inbox locks inboxes with it, too",
  });
}
