/**
 * Makes the caches for `start.ts`, after a build and after an installation: runs the program as users do,
 * in its own folder, and saves what V8 compiled. Code that did not run is compiled when needed. If
 * something is missing here, such as git, less is saved; if nothing can be written, the program works
 * without the caches.
 */

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runGitSync } from "../git/run.ts";
import { cacheDigest, load, loaded } from "./start.ts";

interface Program {
  readonly main: (args: string[]) => Promise<void>;
}

/** Milliseconds. If it takes longer, something hangs, and the installation must not wait for it. */
const MOST_MS = 60_000;

/** Runs this file again, isolated from the user's files, and without output. */
function runAside(): void {
  const folder = cacheFolder();
  if (folder === null) return;
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    XDG_DATA_HOME: folder,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: join(folder, ".gitconfig"),
  };
  try {
    const args = [import.meta.filename, folder];
    spawnSync(process.execPath, args, { cwd: folder, env, stdio: "ignore", timeout: MOST_MS });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Null if there is none: an installation does not fail because of a cache. */
function cacheFolder(): string | null {
  try {
    return mkdtempSync(join(tmpdir(), "patchsig-compile-"));
  } catch {
    return null;
  }
}

async function runProgram(folder: string): Promise<void> {
  // else V8 forgets what has not run for a while
  setFlagsFromString("--no-flush-bytecode");
  const { main } = load("main.js") as Program;
  try {
    await useIt(main, (...args) => gitIn(folder, args), folder);
  } finally {
    // V8 accepts a cache only under the flags it was made with
    setFlagsFromString("--flush-bytecode");
    keep();
  }
}

function gitIn(folder: string, args: readonly string[]): void {
  const ran = runGitSync(args, { cwd: folder, purpose: "work" });
  if (ran?.status !== 0) throw new Error(`git ${args[0]} failed`);
}

/** Runs the daily commands in a repository with a series of two. */
async function useIt(
  main: Program["main"],
  git: (...args: string[]) => void,
  folder: string,
): Promise<void> {
  git("init", "-q");
  git("config", "user.name", "A");
  git("config", "user.email", "a@example.org");
  for (const text of ["one\n", "one\ntwo\n", "one\ntwo\nthree\n"]) {
    writeFileSync(join(folder, "file"), text);
    git("add", "file");
    git("commit", "-qm", `file: ${text.length}`);
  }
  git("update-ref", "refs/remotes/origin/main", "HEAD~2");
  await main(["key", "generate", "--no-password"]);
  await main(["format-patch", "-o", "out", "origin/main.."]);
  git("format-patch", "-q", "-1", "-o", "plain");
  git("format-patch", "-q", "-2", "--output=mbox");
  const [first, second] = ["out/0001-file-8.patch", "out/0002-file-14.patch"];
  const plain = "plain/0001-file-14.patch";
  copyFileSync(plain, "again.patch");
  await main(["hook", "run", first]);
  await main(["hook", "run", plain]);
  await main(["sign", "again.patch"]);
  await main(["verify", first, second]);
  await main(["verify", "--json", first, second]);
  await main(["attestation", first]);
  await main(["trust", "list"]);
  git("reset", "-q", "--hard", "origin/main");
  await main(["am", first, second]);
  await main(["check-commit", "HEAD"]);
  await main(["search", "--source", "mbox", "s:file"]);
}

/** Writes a cache beside each file that was loaded. */
function keep(): void {
  for (const { cache, script, bound } of loaded) {
    const data = script.createCachedData();
    try {
      writeFileSync(cache, Buffer.concat([cacheDigest(bound, data), data]));
    } catch {
      // no cache, or part of one, which `start.ts` ignores
    }
  }
}

const [, , folder] = process.argv;
if (folder === undefined) runAside();
else void runProgram(folder);
