/** What is remembered of a branch, by the commands that show and change it. */

import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { patchsig, records, type Run } from "../support/cli.ts";
import { commit, git, newRepository, temporaryFolder, tryGit } from "../support/repo.ts";

/** A repository on branch topic, and the program in it. */
function onBranch() {
  const home = temporaryFolder();
  const cwd = newRepository(temporaryFolder());
  commit(cwd, "first", { a: "1\n" });
  git(cwd, ["switch", "-q", "-c", "topic"]);
  const editor = join(home, "editor");
  const run = (...args: string[]): Run => patchsig(["series", ...args], { cwd, home });
  /** The editor writes this text, or fails. */
  const edit = (text: string | null): Run => {
    const script = text === null ? "exit 1" : `printf '%s' '${text}' >"$1"`;
    writeFileSync(editor, `#!/bin/sh\n${script}\n`);
    chmodSync(editor, 0o755);
    return patchsig(["series", "cover", "--edit"], { cwd, home, env: { GIT_EDITOR: editor } });
  };
  return { home, cwd, run, edit };
}

test("a cover letter is edited, printed and shown", () => {
  const { cwd, run, edit } = onBranch();
  expect(run("show")).toMatchObject({ status: 3, stdout: "" });
  expect(edit("a title\n\nSome text.\n").stderr).toBe("the cover letter of topic is remembered\n");
  expect(run("cover").stdout).toBe("a title\n\nSome text.\n");
  expect(edit("a title\n\nSome text.\n").stderr).toBe("nothing was changed\n");
  const failed = edit(null);
  expect(failed.status).toBe(3);
  expect(failed.stderr).toContain("the editor failed");
  expect(run("show").stdout).toMatch(
    /^topic: a title\n  next {10}v1\n  change-id {5}\d{8}-topic-[0-9a-f]{12}\n$/,
  );
  expect(records(run("show", "--all", "--json"))).toMatchObject([
    { type: "outgoing", branch: "topic", cover: "a title\n\nSome text.\n", sent: [] },
  ]);
  expect(git(cwd, ["log", "--format=%s", "refs/patchsig/series/topic"]).toString()).toBe(
    "edit the cover letter\n",
  );
  // the branch itself knows nothing of it
  expect(git(cwd, ["log", "--format=%s", "topic"]).toString()).toBe("first\n");
});

test("it is adopted by a renamed branch, pushed, forgotten, and can be brought back", () => {
  const { cwd, run, edit } = onBranch();
  edit("a title\n");
  git(cwd, ["branch", "-m", "better"]);
  expect(run("show").status).toBe(3);
  expect(run("adopt", "topic").stderr).toBe("the series of topic is that of better now\n");
  expect(run("adopt", "topic").status).toBe(3);
  const remote = temporaryFolder();
  git(remote, ["init", "-q", "--bare"]);
  git(cwd, ["remote", "add", "origin", remote]);
  expect(run("push", "origin").status).toBe(0);
  expect(tryGit(remote, ["rev-parse", "refs/patchsig/series/better"]).status).toBe(0);
  const { stderr } = run("drop", "better");
  const [, back] = /^forgotten; to bring it back: git (.*)$/m.exec(stderr)!;
  expect(run("show").status).toBe(3);
  git(cwd, back!.split(" "));
  expect(run("show").status).toBe(0);
});

test("where nothing is checked out, a branch must be named", () => {
  const { cwd, run } = onBranch();
  git(cwd, ["switch", "-q", "--detach"]);
  expect(run("show")).toMatchObject({ status: 2 });
  expect(run("show", "topic")).toMatchObject({ status: 3 });
  expect(run("import-b4", "topic")).toMatchObject({ status: 2 });
});
