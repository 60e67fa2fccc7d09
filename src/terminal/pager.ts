/**
 * A pager between the program and the screen, chosen as git chooses one. Loaded only on a terminal, and
 * started at the first output.
 */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { usersSetting } from "../app/settings.ts";
import { temporaryFolder } from "../places.ts";
import { endOnSignal } from "./signals.ts";
import type { Screen } from "./terminal.ts";

/** git starts a pager with them, unless the user has set them. */
const USUAL = { LESS: "FRX", LV: "-c" };
const FOR_A_SHELL = /[|&;<>()$`\\"' \t\n*?[#~=%]/;
const OFF = new Set(["false", "no", "off", "0"]);
const ON = new Set(["true", "yes", "on", "1"]);

/**
 * The user's pager: GIT_PAGER, `pager.patchsig`, `core.pager`, PAGER or less. A repository's settings do
 * not count: they would name a program to be started.
 *
 * @returns a command for a shell; null for none
 */
function chosenPager(): string | null {
  const own = usersSetting("pager.patchsig") ?? "true";
  if (OFF.has(own.toLowerCase())) return null;
  const named = ON.has(own.toLowerCase()) ? usersSetting("core.pager") : own;
  const { GIT_PAGER, PAGER, TERM = "dumb" } = process.env;
  // less would ask a terminal that it cannot use to press RETURN
  const pager = GIT_PAGER ?? named ?? PAGER ?? (TERM === "dumb" ? "" : "less");
  return pager === "" || pager === "cat" ? null : pager;
}

/** Starts the user's pager; null if there is none, or if it cannot be started. */
export function openPager(): Screen | null {
  const command = chosenPager();
  const pipe = command === null ? null : newPipe();
  if (command === null || pipe === null) return null;
  const pager = start(command, pipe.read);
  closeSync(pipe.read);
  if (pager.pid === undefined) {
    closeSync(pipe.write);
    return null;
  }
  // until the pager ends, the terminal is its own
  endOnSignal();
  return {
    fd: pipe.write,
    async close() {
      closeSync(pipe.write);
      if (pager.exitCode === null && pager.signalCode === null) await once(pager, "close");
    },
  };
}

function start(command: string, input: number): ChildProcess {
  const [program, args]: [string, string[]] = FOR_A_SHELL.test(command)
    ? ["sh", ["-c", command]]
    : [command, []];
  const pager = spawn(program, args, {
    stdio: [input, "inherit", "inherit"],
    env: { ...USUAL, ...process.env },
  });
  // it has no pid then
  pager.on("error", () => undefined);
  return pager;
}

/**
 * A pipe whose writer waits for its reader, as a pager needs it: it is read no faster than somebody looks.
 * node has only pipes of its own, which buffer everything. Null if it cannot be made.
 */
function newPipe(): { readonly read: number; readonly write: number } | null {
  const opened: number[] = [];
  const open = (path: string, flags: string): number => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  let folder: string | null = null;
  try {
    folder = temporaryFolder("patchsig-pager-");
    const path = join(folder, "pipe");
    if (spawnSync("mkfifo", ["-m", "600", path]).status !== 0) return null;
    // without it, either end would wait for the other one
    const both = open(path, "r+");
    const pipe = { read: open(path, "r"), write: open(path, "w") };
    closeSync(both);
    return pipe;
  } catch {
    opened.forEach((fd) => closeSync(fd));
    return null;
  } finally {
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
  }
}
