/** Where git looks for hooks, and who else has some there: as stock git, patatt and others have it. */

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Run } from "../support/cli.ts";
import { gitIsAtLeast } from "../support/gits.ts";
import { some } from "../support/long.ts";
import { git } from "../support/repo.ts";
import { requireTool } from "../support/tools.ts";
import { expectError, expectStatus, newFolder, newHome, newSubmission } from "./support.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const tools = requireTool("git-send-email");

let bin: string;
let pristine: string;
let keys: string;
let folder: string;
let home: string;
let work: string;

beforeAll(() => {
  bin = newFolder();
  symlinkSync(join(ROOT, "bin", "git-patchsig.js"), join(bin, "git-patchsig"));
  pristine = newSubmission().work;
  keys = newHome();
});
beforeEach(() => {
  folder = newFolder();
  home = join(folder, "home");
  work = join(folder, "work");
  mkdirSync(home);
  cpSync(pristine, work, { recursive: true });
  cpSync(keys, join(folder, "data"), { recursive: true });
});

/** Settings as git finds them by itself: in $HOME/.gitconfig, in $XDG_CONFIG_HOME and in includes. */
function environment(): Record<string, string> {
  return {
    PATH: `${bin}:${process.env["PATH"]}`,
    HOME: home,
    XDG_DATA_HOME: join(folder, "data"),
    XDG_CONFIG_HOME: join(home, ".config"),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_COMMITTER_NAME: "Alice",
    GIT_COMMITTER_EMAIL: "alice@example.org",
    GIT_AUTHOR_NAME: "Alice",
    GIT_AUTHOR_EMAIL: "alice@example.org",
    SSH_AUTH_SOCK: "",
  };
}

function run(program: string, args: readonly string[], input = ""): Run {
  const env: NodeJS.ProcessEnv = { ...process.env, ...environment() };
  for (const name of ["GIT_CONFIG_GLOBAL", "GIT_TEMPLATE_DIR"]) delete env[name];
  const done = spawnSync(program, args, { cwd: work, env, input, encoding: "utf8" });
  return { status: done.status ?? -1, stdout: done.stdout, stderr: done.stderr };
}

const hook = (...args: string[]): Run => run(join(bin, "git-patchsig"), ["hook", ...args]);
const ours = (): string => join(folder, "data", "patchsig", "hooks");

function plant(path: string, word: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho ${word} >>"${folder}/ran"\n`);
  chmodSync(path, 0o755);
}

function ran(): string[] {
  const file = join(folder, "ran");
  const words = existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
  rmSync(file, { force: true });
  return words;
}

const commit = (): Run => run("git", ["commit", "-q", "--allow-empty", "-m", "empty"]);
const settings = (file: string, text: string): void => {
  mkdirSync(join(home, file, ".."), { recursive: true });
  writeFileSync(join(home, file), text);
};

/** What git send-email sends is signed. */
function signs(): boolean {
  const out = join(newFolder(), "out");
  expectStatus(run("git", ["format-patch", "-q", "-1", "-o", out, ":/song: credits"]), 0);
  const [file] = run("sh", ["-c", `echo ${out}/*`])
    .stdout.trim()
    .split(" ");
  const args = [
    "--quiet",
    "--confirm=never",
    "--suppress-cc=all",
    "--dry-run",
    "--to=l@example.org",
  ];
  expectStatus(run("git", ["send-email", ...args, "--from=alice@example.org", file!]), 0);
  return readFileSync(file!, "utf8").includes("untrusted comment: ");
}

describe.runIf(tools)("core.hooksPath", () => {
  const corp = (): string => join(home, "corp");
  const SETTING = (): string => `[core]\n\thooksPath = ${corp()}\n`;
  const EVERYWHERE: readonly (readonly [string, () => void])[] = [
    ["in .gitconfig", () => settings(".gitconfig", SETTING())],
    ["in XDG's file", () => settings(".config/git/config", SETTING())],
    [
      "in XDG's file, with a .gitconfig besides",
      () => {
        settings(".config/git/config", SETTING());
        settings(".gitconfig", "[core]\n\teditor = vi\n");
      },
    ],
    [
      "in a file that is included",
      () => {
        settings("corp.config", SETTING());
        settings(".gitconfig", "[core]\n\teditor = vi\n[include]\n\tpath = corp.config\n");
      },
    ],
    [
      "in a file that is included before",
      () => {
        settings("corp.config", SETTING());
        settings(".gitconfig", "[include]\n\tpath = ~/corp.config\n[core]\n\teditor = vi\n");
      },
    ],
    ["with a ~", () => settings(".gitconfig", "[core]\n\thooksPath = ~/corp\n")],
  ];

  test.each(some(EVERYWHERE, 2, 1))(
    "%s: the hook is installed there, and all other hooks still run",
    (_, set) => {
      plant(join(corp(), "pre-commit"), "corp");
      set();
      expectError(hook("install"), 3, /^core.hooksPath makes all repositories use /);
      expectStatus(hook("install", "--global"), 0);
      expect(existsSync(join(corp(), "sendemail-validate"))).toBe(true);
      expectStatus(hook("status"), 0);
      expect(signs()).toBe(true);
      expectStatus(commit(), 0);
      expect(ran()).toEqual(["corp"]);
      expectStatus(hook("uninstall", "--global"), 0);
      expect(existsSync(join(corp(), "sendemail-validate"))).toBe(false);
      expectStatus(hook("status"), 1);
    },
  );

  test("set for some repositories: their hooks still run, and are not ours to change", () => {
    plant(join(corp(), "pre-commit"), "corp");
    settings("corp.config", SETTING());
    settings(".gitconfig", `[includeIf "gitdir:${work}/"]\n\tpath = corp.config\n`);
    const { stderr } = expectStatus(hook("install", "--global"), 0);
    expect(stderr).not.toContain("and here");
    expectStatus(commit(), 0);
    expect(ran()).toEqual(["corp"]);
    expectStatus(hook("status"), 1);
  });

  // root alone can make a device, and lose one
  test.runIf(process.getuid?.() === 0)(
    "in a config file that is a device: it stays a device",
    () => {
      const device = join(folder, "device");
      expectStatus(run("mknod", ["-m", "666", device, "c", "1", "3"]), 0);
      symlinkSync(device, join(home, ".gitconfig"));
      expectError(
        hook("install", "--global"),
        3,
        /gitconfig is not a file: git would replace it with one/,
      );
      expect(statSync(device).isCharacterDevice()).toBe(true);
      expect(existsSync(ours())).toBe(false);
    },
  );

  test("relative: a folder in each repository", () => {
    settings(".gitconfig", "[core]\n\thooksPath = .githooks\n");
    plant(join(work, ".githooks", "pre-commit"), "own");
    expectError(hook("install", "--global"), 3, /each repository has hooks of its own/);
    expectStatus(hook("install"), 0);
    expect(existsSync(join(work, ".githooks", "sendemail-validate"))).toBe(true);
    expect(signs()).toBe(true);
    expectStatus(commit(), 0);
    expect(ran()).toEqual(["own"]);
    expectStatus(hook("uninstall"), 0);
  });

  test("set for one worktree", () => {
    git(work, ["config", "extensions.worktreeConfig", "true"]);
    git(work, ["config", "--worktree", "core.hooksPath", join(folder, "tree hooks")]);
    expectStatus(hook("install"), 0);
    expect(existsSync(join(folder, "tree hooks", "sendemail-validate"))).toBe(true);
    expect(signs()).toBe(true);
  });

  test("set in the repository, as by husky, beside --global: status names the missing hook", () => {
    plant(join(work, ".husky", "_", "pre-commit"), "husky");
    git(work, ["config", "core.hooksPath", ".husky/_"]);
    expectStatus(hook("install", "--global"), 0);
    expectStatus(hook("status"), 1);
    expect(signs()).toBe(false);
    expectStatus(hook("install"), 0);
    expect(signs()).toBe(true);
    expectStatus(commit(), 0);
    expect(ran()).toEqual(["husky"]);
  });
});

describe.runIf(tools)("other programs", () => {
  test("another signing hook runs last: it signs what is sent", () => {
    const path = join(work, ".git", "hooks", "sendemail-validate");
    mkdirSync(join(path, ".."), { recursive: true });
    // patatt's own words; what it would sign is what is there when it runs
    const text = `#!/bin/sh\n# installed by patatt install-hook\ngrep -c "untrusted comment" "$1" >>"${folder}/ran"\n`;
    writeFileSync(path, text);
    chmodSync(path, 0o755);
    expect(expectStatus(hook("install"), 0).stderr).toContain("signs too, and runs last: ");
    expect(expectStatus(hook("status"), 0).stdout).toContain("signs too, and runs last: ");
    expect(signs()).toBe(true);
    expect(ran()).toEqual(["1"]);
    expectStatus(hook("uninstall"), 0);
    expect(readFileSync(path, "utf8")).toBe(text);
  });
});

describe.runIf(tools)("settings that keep git from running the hook", () => {
  test.each([
    ["sendemail.validate", "sendemail.validate"],
    ["sendemail.work.validate", "sendemail.work.validate"],
  ])("%s", (key, named) => {
    if (key !== named || key.includes("work")) git(work, ["config", "sendemail.identity", "work"]);
    git(work, ["config", key, "no"]);
    expect(expectStatus(hook("install"), 0).stderr).toContain(
      `but git send-email starts no hook: ${named} is false`,
    );
    expect(expectStatus(hook("status"), 1).stdout).toContain(`${named} is false`);
    expect(signs()).toBe(false);
    git(work, ["config", key, "yes"]);
    expectStatus(hook("status"), 0);
    expect(signs()).toBe(true);
  });

  test("sendemail.annotate, with a git that lets one edit after the hook", () => {
    git(work, ["config", "sendemail.annotate", "yes"]);
    const said = expectStatus(hook("install"), 0).stderr;
    const shown = expectStatus(hook("status"), 0).stdout;
    const { edits } = JSON.parse(hook("status", "--json").stdout) as { edits: string | null };
    const text =
      "this git lets you edit after signing, so that nothing is sent: sendemail.annotate";
    const late = !gitIsAtLeast(2, 43);
    expect([said.includes(`but ${text}`), shown.includes(text), edits !== null]).toEqual([
      late,
      late,
      late,
    ]);
  });

  test("one sendemail identity with the hook, another without", () => {
    git(work, ["config", "sendemail.validate", "false"]);
    git(work, ["config", "sendemail.identity", "work"]);
    git(work, ["config", "sendemail.work.validate", "true"]);
    git(work, ["config", "sendemail.home.smtpServer", "mail.example.org"]);
    expectStatus(hook("install"), 0);
    const { stdout } = expectStatus(hook("status"), 0);
    expect(stdout).toContain(
      "with --identity=home git send-email starts no hook: sendemail.validate is false",
    );
    expect(signs()).toBe(true);
    const report = JSON.parse(hook("status", "--json").stdout) as object;
    expect(report).toMatchObject({
      installed: true,
      signs: true,
      unvalidated: ["sendemail.validate"],
    });
  });
});
