/** Which files start other programs (ARCHITECTURE.md, "Invariants"). */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const SRC = join(import.meta.dirname, "..", "src");

/** What each of them starts. Whoever adds one says in ARCHITECTURE.md whose terms it runs on. */
const STARTERS = {
  "app/other-process.ts": "node",
  "app/secrets.ts": "prlimit",
  "devkeys/gpg.ts": "gpg",
  "git/run.ts": "git",
  "send/program.ts": "what the user's settings name",
  "source/compressed.ts": "xz, zstd",
  "start/compile.ts": "node",
  "store/flock.ts": "flock, perl",
  "terminal/editor.ts": "the user's editor",
  "terminal/pager.ts": "the user's pager, and mkfifo",
};

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .toSorted();
const text = (name: string): string => readFileSync(join(SRC, name), "utf8");

/** The module by any way of loading it; its types start nothing. */
function loadsStarter(code: string): boolean {
  return /["'`](?:node:)?(?:child_process|cluster)["'`]/.test(
    code.replace(/^import type [^;]*;$/gm, ""),
  );
}

describe("other programs", () => {
  test("are started by these files alone", () => {
    expect(files.filter((name) => loadsStarter(text(name)))).toEqual(Object.keys(STARTERS));
  });

  test("ARCHITECTURE.md names the files", () => {
    const page = readFileSync(join(SRC, "..", "ARCHITECTURE.md"), "utf8");
    for (const name of Object.keys(STARTERS)) expect(page).toContain(`\`${name}\``);
  });

  test("git is started by git/run.ts alone", () => {
    const startsGit = /\b(?:spawn|exec|fork)\w*\(\s*["'`]git\b/;
    expect(files.filter((name) => startsGit.test(text(name)))).toEqual(["git/run.ts"]);
  });

  test.each([
    'import { spawn } from "node:child_process";',
    "const { exec } = await import('child_process');",
    'const cluster = require("node:cluster");',
  ])("%s would be noticed", (code) => {
    expect(loadsStarter(code)).toBe(true);
  });

  test("a type import starts nothing", () => {
    expect(loadsStarter('import type { ChildProcess } from "node:child_process";')).toBe(false);
  });
});
