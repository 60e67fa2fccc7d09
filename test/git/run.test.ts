import { appendFileSync, existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hooksOff } from "../../src/git/closed.ts";
import { failure, git } from "../../src/git/run.ts";
import { newFolder } from "../support/folders.ts";
import { gitIsAtLeast } from "../support/gits.ts";
import { commit, git as plainGit, newRepository } from "../support/repo.ts";

test("a lock that a killed git has left is said to be one", () => {
  const said =
    "error: cannot lock ref 'refs/heads/master': Unable to create 'x/master.lock': File exists.\n\nAnother git process seems to be running";
  expect(failure(["fetch"], said)).toMatchObject({ hint: expect.stringContaining("remove it") });
  expect(failure(["fetch"], "fatal: no room\n").hint).toBeUndefined();
});

describe("hooks that a repository's settings name", () => {
  const NAMES = ["a", "a=b.c", 'with "quotes"', "post-index-change", "reference-transaction"];

  /** A repository whose settings run a program whenever a ref moves, and the file that it makes. */
  function armed(): { readonly cwd: string; readonly canary: string } {
    const cwd = newRepository(newFolder());
    commit(cwd, "one", { a: "1\n" });
    const canary = join(newFolder(), "canary");
    const section = (name: string): string => `[hook "${name.replaceAll('"', '\\"')}"]\n`;
    const named = NAMES.map((name) =>
      // git takes no event in a section that has an event's name
      name.includes("-")
        ? `${section(name)}\tparallel = true\n`
        : `${section(name)}\tevent = reference-transaction\n\tcommand = touch ${canary} #\n`,
    );
    appendFileSync(join(cwd, ".git", "config"), named.join(""));
    return { cwd, canary };
  }

  test("run in git 2.54 and later, whatever core.hooksPath is", () => {
    const { cwd, canary } = armed();
    plainGit(cwd, ["-c", "core.hooksPath=/dev/null", "update-ref", "refs/heads/b", "HEAD"]);
    expect(existsSync(canary)).toBe(gitIsAtLeast(2, 54));
  });

  test.each([
    ["write", ["update-ref", "refs/heads/b", "HEAD"]],
    ["fetch", ["fetch", "-q", ".", "HEAD:refs/heads/b"]],
  ] as const)("are off where we %s", async (purpose, words) => {
    const { cwd, canary } = armed();
    await git(words, { cwd, purpose });
    expect(existsSync(canary)).toBe(false);
    await git(["update-ref", "-d", "refs/heads/b"], { cwd, purpose: "write", elsewhere: true });
    expect(existsSync(canary)).toBe(false);
  });

  test("are off in a bare repository that we name, whose settings include them", async () => {
    const { cwd, canary } = armed();
    const bare = join(cwd, ".git");
    renameSync(join(bare, "config"), join(bare, "more"));
    writeFileSync(join(bare, "config"), "[include]\n\tpath = more\n");
    await git(["update-ref", "refs/heads/b", "HEAD"], {
      cwd: bare,
      purpose: "write",
      elsewhere: true,
    });
    expect(existsSync(canary)).toBe(false);
  });

  test("are switched off besides the settings that the environment has", () => {
    const keys = ["hook.a=b.c.event", "hook.a=b.c.command", "hook.x.event"];
    expect(hooksOff(keys, { GIT_CONFIG_COUNT: "2" })).toEqual({
      GIT_CONFIG_COUNT: "4",
      GIT_CONFIG_KEY_2: "hook.a=b.c.enabled",
      GIT_CONFIG_VALUE_2: "false",
      GIT_CONFIG_KEY_3: "hook.x.enabled",
      GIT_CONFIG_VALUE_3: "false",
    });
    expect(hooksOff([], { GIT_CONFIG_COUNT: "2" })).toEqual({});
  });
});

test("a repository that git does not read, and a folder without one, have a way out", () => {
  const foreign =
    "fatal: detected dubious ownership in repository at '/srv/a b'\nTo add an exception for this directory, call:\n\n\tgit config --global --add safe.directory '/srv/a b'\n";
  expect(failure(["rev-parse"], foreign)).toMatchObject({
    message: "git rev-parse: detected dubious ownership in repository at '/srv/a b'",
    hint: "if you trust its owner: git config --global --add safe.directory '/srv/a b'",
  });
  const none = "fatal: not a git repository (or any of the parent directories): .git\n";
  expect(failure(["rev-parse"], none).hint).toBe("run it in a working tree");
});
