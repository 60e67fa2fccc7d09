/** What format-patch says of the base that it writes. */

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { newFolder, newHome } from "./support.ts";
import { patchsig } from "../support/cli.ts";
import { some } from "../support/long.ts";
import { commit, git } from "../support/repo.ts";
import { lines, newScene } from "../support/base.ts";

const home = newHome();

/** stderr, without the line that says what was signed. */
function notes(cwd: string, ...args: readonly string[]): string {
  const env = { GIT_COMMITTER_NAME: "Alice", GIT_COMMITTER_EMAIL: "alice@example.org" };
  const run = patchsig(["format-patch", "--stdout", ...args], { cwd, home, env });
  expect(run).toMatchObject({ status: 0 });
  return run.stderr.replace(/^signed .*\n/, "");
}

test("prints nothing if all is well", () => {
  expect(notes(newScene().repository, "-2")).toBe("");
});

test("notes that the remote-tracking branch has moved on", () => {
  const { repository, base } = newScene();
  git(repository, ["checkout", "-q", "main"]);
  commit(repository, "m", { "b.txt": "B\n" });
  commit(repository, "m", { "b.txt": "C\n" });
  git(repository, ["update-ref", "refs/remotes/origin/main", "HEAD"]);
  expect(notes(repository, `${base}..topic`)).toBe(
    "note: origin/main is 2 commits further than the base\n" +
      "hint: git rebase origin/main, then write the patches again\n",
  );
});

test("prints nothing if the remote-tracking branch has the series itself", () => {
  const { repository } = newScene();
  git(repository, ["update-ref", "refs/remotes/origin/main", "HEAD"]);
  expect(notes(repository, "-2")).toBe("");
});

test("notes a merge in the range", () => {
  const { repository, base } = newScene();
  git(repository, ["checkout", "-q", "-b", "side", base]);
  commit(repository, "y", { "b.txt": "B\n" });
  git(repository, ["checkout", "-q", "topic"]);
  git(repository, ["merge", "-q", "--no-edit", "side"]);
  expect(notes(repository, "origin/main..")).toBe(
    "note: 1 merge among the commits: git writes no patch for a merge\n" +
      "hint: git rebase origin/main, then write the patches again\n",
  );
});

test("notes a private base", () => {
  const { repository, base } = newScene();
  expect(notes(repository, "--base=HEAD~1", "-1")).toBe(
    "note: nobody else has the base commit: no remote-tracking branch has it\n" +
      `hint: the newest public one: --base=${base.slice(0, 12)}\n`,
  );
  git(repository, ["update-ref", "-d", "refs/remotes/origin/main"]);
  expect(notes(repository, "-1")).toContain("hint: git remote add origin <url>");
});

test("notes a shallow clone that is cut where the series begins", () => {
  const { repository } = newScene();
  const directory = join(newFolder(), "clone");
  execFileSync("git", ["clone", "-q", "--depth=1", `file://${repository}`, directory]);
  commit(directory, "x", { "a.txt": lines({ 9: "nine" }) });
  expect(notes(directory, "-1")).toBe("");
  expect(notes(directory, "--root", "HEAD")).toContain(
    "hint: git fetch --unshallow, then write the patches again\n",
  );
});

describe("a git that has no --base", () => {
  /** git as it is, but for what 2.8 did not know: it dies of it, as that one does. */
  const old = join(newFolder(), "git");
  const real = execFileSync("sh", ["-c", "command -v git"]).toString().trim();
  writeFileSync(
    old,
    `#!/bin/sh\ncase " $* " in *" --base"*) echo "fatal: unrecognized argument: --base" >&2; exit 128;; esac\n` +
      `for last; do :; done\ntest "$last" != version || { echo "git version 2.8.6"; exit; }\nexec ${real} "$@"\n`,
    { mode: 0o755 },
  );

  /** The mails without what is signed: that has the time in it. */
  function written(cwd: string, args: readonly string[], path: string): string {
    const env = {
      GIT_COMMITTER_NAME: "Alice",
      GIT_COMMITTER_EMAIL: "alice@example.org",
      PATH: path,
    };
    const run = patchsig(["format-patch", "--stdout", ...args], { cwd, home, env });
    expect(run.status, run.stderr).toBe(0);
    expect(run.stdout).toContain("\ntrusted comment: patchsig-v1 ");
    // that of a cover letter is the time at which it is made
    const text = run.stdout.replace(/(?<=^Date: ).*(?=\n.* 0\/)/m, "");
    return text.replace(/^untrusted comment: .*\n.*\n.*\n.*\n/gm, "");
  }

  const WAYS: [string, string[]][] = [
    ["the whole branch", ["origin/main.."]],
    ["with private commits below", ["-1"]],
    ["with a cover letter", ["--cover-letter", "-2"]],
    ["without a signature", ["--no-signature", "-2"]],
    ["without a base", ["--base=none", "-2"]],
  ];
  test.each(some(WAYS, 2))("gets the same output: %s", (_, args) => {
    const { repository } = newScene();
    const path = process.env["PATH"]!;
    const now = written(repository, args, path);
    expect(written(repository, args, `${dirname(old)}:${path}`)).toBe(now);
    expect(now.includes("base-commit: ")).toBe(!args.includes("--base=none"));
  });
});
