import { beforeAll, describe, expect, test } from "vitest";
import { MAX_IMPLIED } from "../../src/git/implied-range.ts";
import { openRepository, type Repository, runFormatPatch } from "../../src/git/repository.ts";
import { seriesRange } from "../../src/git/series-range.ts";
import { git } from "../support/repo.ts";
import { type TestRepository, threeCommits } from "./support.ts";

function history(): TestRepository {
  const r = threeCommits();
  r.remote("origin/main", "HEAD~2");
  r.follow("main", "main");
  r.git("branch", "out", "HEAD~1");
  r.git("checkout", "--quiet", "-b", "side", "HEAD~1");
  r.commit("s1");
  r.git("checkout", "--quiet", "main");
  r.git("merge", "--quiet", "--no-edit", "side");
  r.commit("c4");
  return r;
}

/** All tests only read. */
let opened: Repository;
beforeAll(async () => {
  opened = await openRepository(history().directory);
});

describe("the same commits as git format-patch writes", () => {
  test.each([
    ["-1"],
    ["-3"],
    ["-3", "side"],
    ["side", "-1"],
    ["HEAD~1"],
    ["origin/main"],
    ["@{u}.."],
    ["@{u}"],
    ["HEAD~2..HEAD"],
    ["HEAD~2.."],
    ["side...main"],
    ["^HEAD~2", "HEAD"],
    ["HEAD", "--not", "HEAD~2"],
    ["--root", "HEAD"],
    ["--root", "side"],
    ["--max-count=2", "HEAD"],
    ["--max-count", "2"],
    ["--skip=1", "-2"],
    ["HEAD^!"],
    ["--first-parent", "origin/main.."],
    ["--author=Alice", "origin/main"],
    ["--author", "Nobody", "origin/main"],
    ["--grep", "c4", "origin/main"],
    ["origin/main", "--", "c4"],
    ["origin/main", "c4"],
    ["--subject-prefix", "out", "-1"],
    ["-v", "2", "-1"],
    ["-v2", "--rfc", "-n", "-s", "-1"],
    ["--in-reply-to", "HEAD", "-1"],
    ["--to", "side", "--cc", "main", "origin/main"],
    ["-U5", "-1"],
    ["HEAD"],
    ["c4"],
  ])("%s %s %s", async (...args) => {
    const written = (await runFormatPatch(opened, ["--stdout", ...args])).toString();
    const commits = [...written.matchAll(/^From ([0-9a-f]{40}) Mon Sep 17/gm)].map((m) => m[1]);
    expect((await seriesRange(opened, args)).commits).toEqual(commits);
  });
});

test("an option's value is not a revision, even if a branch has its name", async () => {
  const { commits, args } = await seriesRange(opened, ["-o", "out", "HEAD~1"]);
  expect(commits).toHaveLength(1);
  expect(args).toEqual(["-o", "out", "HEAD~1"]);
});

test.each([
  [["--base", "X", "-1"], "X", ["-1"]],
  [["-1", "--base=X"], "X", ["-1"]],
  [["--base=X", "--no-base", "-1"], "none", ["-1"]],
  [["-1", "--", "--base"], null, ["-1", "--", "--base"]],
  [["--subject-prefix", "--base", "-1"], null, ["--subject-prefix", "--base", "-1"]],
])("%s: --base is removed", async (args, base, rest) => {
  expect(await seriesRange(opened, args)).toMatchObject({ base, args: rest });
});

test.each([
  [["-1"], "HEAD"],
  [["side"], "HEAD"],
  [["-1", "side"], "side"],
  [["main..side"], "side"],
  [["side.."], "HEAD"],
  [["--root", "side"], "side"],
])("%s: the tip", async (args, tip) => {
  expect((await seriesRange(opened, args)).tip).toBe(tip);
});

describe("no range", () => {
  /** Main follows a remote's branch, `topic` none; the remotes have less, and a part of `side`. */
  function branches(): TestRepository {
    const r = history();
    r.git("checkout", "--quiet", "-b", "topic", "--no-track", "HEAD~1");
    r.commit("t1");
    r.remote("other/side", "side");
    return r;
  }

  async function written(r: TestRepository, ...args: string[]): Promise<[string[], string]> {
    const repository = await openRepository(r.directory);
    const range = await seriesRange(repository, args);
    const mails = await runFormatPatch(repository, ["--stdout", ...range.args]);
    const names = [...mails.toString().matchAll(/^From ([0-9a-f]{40}) Mon Sep 17/gm)];
    expect(names.map((m) => m[1])).toEqual(range.commits);
    expect(range.tip).toBe("HEAD");
    const subjects = range.commits.map((name) => r.git("log", "-1", "--format=%s", name));
    return [subjects, range.implied?.which ?? ""];
  }

  test("is what the branch adds to the one that it follows, or else what no remote has", async () => {
    const r = branches();
    const onNone = "that no remote has";
    expect(await written(r)).toEqual([["add c3", "add t1"], onNone]);
    expect(await written(r, "-v2", "--", "t1", "c4")).toEqual([["add t1"], onNone]);
    expect(await written(r, "--author=Nobody")).toEqual([[], onNone]);
    r.git("checkout", "--quiet", "--detach");
    expect(await written(r)).toEqual([["add c3", "add t1"], onNone]);
    r.git("checkout", "--quiet", "main");
    // also what another remote's branch has
    expect(await written(r)).toEqual([
      ["add c2", "add c3", "add s1", "add c4"],
      "above origin/main",
    ]);
    r.git("branch", "--quiet", "--set-upstream-to=topic");
    expect(await written(r)).toEqual([["add c4"], "above topic"]);
    // a setting that leads nowhere is none
    r.git("config", "branch.main.merge", "refs/heads/gone");
    expect((await written(r))[1]).toBe(onNone);
  });

  test("is wrong usage where nothing tells what others have, and if it is too much for a series", async () => {
    const r = branches();
    const refused = (message: string): object => ({ code: "usage", exit: 2, message });
    const opened = await openRepository(r.directory);
    const more = Array.from(
      { length: MAX_IMPLIED },
      (_, i) =>
        `commit refs/heads/topic\ncommitter A <a@b> ${i} +0000\ndata 1\nx\n${i === 0 ? "from refs/heads/topic^0\n" : ""}\n`,
    );
    git(r.directory, ["fast-import", "--quiet"], more.join(""));
    await expect(seriesRange(opened, [])).rejects.toMatchObject(
      refused("no range given, and 102 commits that no remote has"),
    );
    expect((await seriesRange(opened, ["-102"])).commits).toHaveLength(102);
    for (const ref of ["origin/main", "other/side"])
      r.git("update-ref", "-d", `refs/remotes/${ref}`);
    await expect(seriesRange(opened, [])).rejects.toMatchObject(
      refused("no range given, and no remote here to compare with"),
    );
    expect((await seriesRange(opened, ["-1"])).implied).toBeNull();
  });
});

test("a range that git cannot read is git's error", async () => {
  await expect(seriesRange(opened, ["-1", "--extended-regexp", "--grep=("])).rejects.toMatchObject({
    code: "git-failed",
  });
});
