/** What format-patch says of the base that it writes. */

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newFolder, newHome } from "../cli/support.ts";
import { patchsig } from "../support/cli.ts";
import { commit, git } from "../support/repo.ts";
import { lines, newScene } from "./support.ts";

const home = newHome();

/** stderr, without the line that says what was signed. */
function notes(cwd: string, ...args: readonly string[]): string {
  const env = { GIT_COMMITTER_NAME: "Alice", GIT_COMMITTER_EMAIL: "alice@example.org" };
  const run = patchsig(["format-patch", "--stdout", ...args], { cwd, home, env });
  expect(run).toMatchObject({ status: 0 });
  return run.stderr.replace(/^signed .*\n/, "");
}

test("nothing, if all is well", () => {
  expect(notes(newScene().repository, "-2")).toBe("");
});

test("the remote-tracking branch has moved on", () => {
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

test("a series that the branch has too has not been overtaken", () => {
  const { repository } = newScene();
  git(repository, ["update-ref", "refs/remotes/origin/main", "HEAD"]);
  expect(notes(repository, "-2")).toBe("");
});

test("a merge in the range", () => {
  const { repository, base } = newScene();
  git(repository, ["checkout", "-q", "-b", "side", base]);
  commit(repository, "y", { "b.txt": "B\n" });
  git(repository, ["checkout", "-q", "topic"]);
  git(repository, ["merge", "-q", "--no-edit", "side"]);
  expect(notes(repository, "origin/main..")).toBe(
    "note: 1 merge among the commits: they become no patch\n" +
      "hint: git rebase origin/main, then write the patches again\n",
  );
});

test("a private base", () => {
  const { repository, base } = newScene();
  expect(notes(repository, "--base=HEAD~1", "-1")).toBe(
    "note: nobody else has the base commit: no remote-tracking branch has it\n" +
      `hint: the newest one that they have: --base=${base.slice(0, 12)}\n`,
  );
  git(repository, ["update-ref", "-d", "refs/remotes/origin/main"]);
  expect(notes(repository, "-1")).toContain("hint: git remote add origin <url>");
});

test("a shallow clone whose series begins where it is cut", () => {
  const { repository } = newScene();
  const directory = join(newFolder(), "clone");
  execFileSync("git", ["clone", "-q", "--depth=1", `file://${repository}`, directory]);
  commit(directory, "x", { "a.txt": lines({ 9: "nine" }) });
  expect(notes(directory, "-1")).toBe("");
  expect(notes(directory, "--root", "HEAD")).toContain(
    "hint: git fetch --unshallow, then write the patches again\n",
  );
});
