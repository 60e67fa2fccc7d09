import { beforeAll, describe, expect, test } from "vitest";
import { openRepository, type Repository, runFormatPatch } from "../../src/git/repository.ts";
import { seriesRange } from "../../src/git/series-range.ts";
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
    [],
  ])("%s %s %s", async (...args) => {
    const written = (await runFormatPatch(opened, ["--stdout", ...args])).toString();
    const commits = [...written.matchAll(/^From ([0-9a-f]{40}) Mon Sep 17/gm)].map((m) => m[1]);
    expect((await seriesRange(opened, args)).commits).toEqual(commits);
  });
});

test("the value of an option is no revision, though a branch has its name", async () => {
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
])("%s: --base is taken out", async (args, base, rest) => {
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

test("a range that git cannot read is git's error", async () => {
  await expect(seriesRange(opened, ["-1", "--extended-regexp", "--grep=("])).rejects.toMatchObject({
    code: "git-failed",
  });
});
