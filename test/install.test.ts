/** make install: all that the program needs, and nothing of it is left by make uninstall. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { newFolder } from "./support/folders.ts";

const ROOT = join(import.meta.dirname, "..");
const MAIL = join(ROOT, "fixtures", "canonical", "plain.eml");

function make(...words: string[]): void {
  const run = spawnSync("make", ["-s", ...words], { cwd: ROOT, encoding: "utf8" });
  expect(run).toMatchObject({ status: 0, stdout: "", stderr: "" });
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));

describe("make install", () => {
  let prefix: string;
  let home: string;

  /** As a user runs it, with nothing in reach but what is installed. */
  function run(program: string, ...args: string[]): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: home,
      encoding: "utf8",
      env: { PATH: `${prefix}/bin:/usr/bin:/bin`, HOME: home, LC_ALL: "C.UTF-8" },
    });
    return { status, output: stdout + stderr };
  }

  beforeAll(() => {
    // a name that a shell would cut in two
    prefix = join(newFolder(), "its prefix");
    home = newFolder();
    mkdirSync(join(prefix, "share", "man", "man1"), { recursive: true });
    writeFileSync(join(prefix, "share", "man", "man1", "git-other.1"), "");
    make("install", `PREFIX=${prefix}`);
  });

  test("both names run, with the caches that make them start faster", () => {
    expect(run("patchsig", "attestation", MAIL)).toMatchObject({
      status: 0,
      output: expect.stringMatching(/^patchsig-v1/) as string,
    });
    expect(run("git", "patchsig", "--version").output).toMatch(/^patchsig \d/);
    expect(run("git", "patchsig", "key", "generate", "-W")).toMatchObject({ status: 0 });
    expect(run("git", "patchsig", "trust", "list")).toMatchObject({ status: 0 });
    expect(existsSync(join(prefix, "lib/patchsig/dist/bundle/cli/shared.js.v8"))).toBe(true);
  });

  test("has every package that it loads, and none that only builds one", () => {
    const packages = ["imapflow", "mailparser", "mustache", "tweetnacl", "yargs", "nodemailer"];
    const code = `
      process.chdir(${JSON.stringify(join(prefix, "lib", "patchsig"))});
      const load = require("node:module").createRequire(process.cwd() + "/bin/");
      for (const name of ${JSON.stringify(packages)}) load(name);
      new (load("better-sqlite3"))(":memory:").close();`;
    expect(run(process.execPath, "-e", code)).toEqual({ status: 0, output: "" });
    const there = readdirSync(join(prefix, "lib", "patchsig", "node_modules"));
    for (const name of ["prebuild-install", "typescript", "vitest"])
      expect(there).not.toContain(name);
  });

  test("git patchsig --help opens the page", () => {
    expect(run("git", "patchsig", "--help").output).toMatch(/^GIT-PATCHSIG\(1\)/);
    expect(run("man", "git-patchsig-verify").output).toMatch(/^GIT-PATCHSIG-VERIFY\(1\)/);
    expect(run("man", "patchsig").output).toMatch(/^GIT-PATCHSIG\(1\)/);
  });

  test("is read by all, whatever the umask is", () => {
    const { output } = run("find", prefix, "!", "-type", "l", "!", "-perm", "-444");
    expect(output).toBe("");
  });

  test("make uninstall leaves what is not ours", () => {
    make("uninstall", `PREFIX=${prefix}`);
    expect(filesBelow(prefix)).toEqual(["share/man/man1/git-other.1"]);
  });
});

test("DESTDIR is before all places, and in no file", () => {
  const stage = newFolder();
  make("install", `DESTDIR=${stage}`, "PREFIX=/usr", "ZSHDIR=share/zsh/vendor-completions");
  expect(readdirSync(stage)).toEqual(["usr"]);
  expect(existsSync(join(stage, "usr/share/zsh/vendor-completions/_git-patchsig"))).toBe(true);
  // whoever makes a package has the caches made where it is installed
  expect(filesBelow(stage).filter((name) => name.endsWith(".v8"))).toEqual([]);
  const { stdout } = spawnSync("grep", ["-rlF", stage, stage], { encoding: "utf8" });
  expect(stdout).toBe("");
  make("uninstall", `DESTDIR=${stage}`, "PREFIX=/usr", "ZSHDIR=share/zsh/vendor-completions");
  expect(filesBelow(stage)).toEqual([]);
});
