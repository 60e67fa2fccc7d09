/** What format-patch says of the base that it writes. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newFolder, newHome, newSubmission } from "./support.ts";
import { patchsig } from "../support/cli.ts";
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

test("asks git as little as it can", () => {
  const { work } = newSubmission();
  const trace = join(newFolder(), "trace");
  const args = ["format-patch", "-o", newFolder(), "origin/main.."];
  const env = { GIT_TRACE2_EVENT: trace };
  const { status, stderr } = patchsig(args, { cwd: work, home, env });
  expect(status, stderr).toBe(0);
  const started = readFileSync(trace, "utf8").match(/^\{"event":"start"/gm) ?? [];
  expect(started.length).toBeGreaterThan(1);
  expect(started.length).toBeLessThanOrEqual(11);
});
