import { execFileSync } from "node:child_process";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { type BaseChoice, chooseBase } from "../../src/git/base.ts";
import { openRepository, runFormatPatch } from "../../src/git/repository.ts";
import { seriesRange } from "../../src/git/series-range.ts";
import { TestRepository, temporaryDirectory, threeCommits } from "./support.ts";

async function choose(repository: TestRepository | string, ...args: string[]): Promise<BaseChoice> {
  const opened = await openRepository(
    typeof repository === "string" ? repository : repository.directory,
  );
  const range = await seriesRange(opened, args);
  return chooseBase(opened, { explicit: range.base, range });
}

describe("a public base", () => {
  test("is found on the branch's upstream", async () => {
    const r = threeCommits();
    r.remote("origin/main", "HEAD~1");
    r.remoteHead("origin/main");
    r.remote("origin/aaa", "HEAD~1");
    r.git("checkout", "--quiet", "-b", "topic");
    r.follow("topic", "aaa");
    expect(await choose(r, "-1")).toEqual({
      kind: "public",
      commit: r.name("main~1"),
      via: "upstream",
      remoteRef: "origin/aaa",
      prerequisites: 0,
    });
  });

  test("else on origin/HEAD", async () => {
    const r = threeCommits();
    r.remote("origin/aaa", "HEAD~1");
    r.remote("origin/main", "HEAD~1");
    r.remoteHead("origin/main");
    expect(await choose(r, "-1")).toMatchObject({ via: "origin/HEAD", remoteRef: "origin/main" });
  });

  test("else on any remote-tracking branch", async () => {
    const r = threeCommits();
    r.remote("net/next", "HEAD~1");
    expect(await choose(r, "-1")).toMatchObject({
      kind: "public",
      commit: r.name("HEAD~1"),
      via: "nearest",
      remoteRef: "net/next",
    });
  });

  test("preferably on the main branch of its remote", async () => {
    const r = threeCommits();
    r.remote("net/aaa", "HEAD~1");
    r.remote("net/next", "HEAD~1");
    r.remoteHead("net/next", "net");
    expect(await choose(r, "-1")).toMatchObject({ via: "nearest", remoteRef: "net/next" });
  });

  test("is the newest one, even if the upstream is far behind", async () => {
    const r = threeCommits();
    r.remote("origin/main", "HEAD~2");
    r.remote("origin/next", "HEAD~1");
    r.follow("main", "main");
    expect(await choose(r, "-1")).toMatchObject({
      commit: r.name("HEAD~1"),
      remoteRef: "origin/next",
      prerequisites: 0,
    });
  });

  test("lies below private commits, which become prerequisites", async () => {
    const r = threeCommits();
    r.remote("origin/main", "HEAD");
    for (const name of ["p1", "p2", "s1", "s2"]) r.commit(name);
    const base = await choose(r, "-2");
    expect(base).toMatchObject({ kind: "public", commit: r.name("HEAD~4"), prerequisites: 2 });
    const opened = await openRepository(r.directory);
    const patches = await runFormatPatch(opened, [
      "--stdout",
      `--base=${base.kind === "none" ? "" : base.commit}`,
      "-2",
    ]);
    expect(patches.toString().match(/^prerequisite-patch-id:/gm)).toHaveLength(2);
    expect(patches.toString()).toContain(`\nbase-commit: ${r.name("HEAD~4")}\n`);
  });

  test("is below the series even if a remote has the series too", async () => {
    const r = threeCommits();
    r.remote("origin/main", "HEAD");
    expect(await choose(r, "-1")).toMatchObject({ kind: "public", commit: r.name("HEAD~1") });
    expect(await choose(r, "HEAD~2..HEAD~1")).toMatchObject({ commit: r.name("HEAD~2") });
  });

  test("is public even if the upstream is a local branch", async () => {
    const r = threeCommits();
    r.remote("origin/main", "HEAD~1");
    r.git("checkout", "--quiet", "-b", "topic", "--track", "main");
    r.commit("s1");
    expect(await choose(r, "@{u}..")).toMatchObject({
      kind: "public",
      commit: r.name("main~1"),
      prerequisites: 1,
    });
  });

  test("on a detached HEAD", async () => {
    const r = threeCommits();
    r.remote("origin/main", "HEAD~1");
    r.remoteHead("origin/main");
    r.git("checkout", "--quiet", "--detach");
    expect(await choose(r, "-1")).toMatchObject({ kind: "public", via: "origin/HEAD" });
  });

  test("for a branch that is not checked out, is found on that branch's upstream", async () => {
    const r = threeCommits();
    r.remote("origin/main", "HEAD~2");
    r.remote("origin/net", "HEAD~2");
    r.git("branch", "topic");
    r.follow("topic", "net");
    r.git("checkout", "--quiet", "HEAD~2");
    expect(await choose(r, "HEAD..topic")).toMatchObject({
      via: "upstream",
      remoteRef: "origin/net",
    });
  });

  test("in a linked worktree, from a subdirectory", async () => {
    const r = threeCommits();
    r.remote("origin/main", "HEAD");
    const tree = path.join(temporaryDirectory(), "tree");
    r.git("worktree", "add", "--quiet", "-b", "topic", tree);
    execFileSync("git", ["commit", "--quiet", "--allow-empty", "-m", "empty"], { cwd: tree });
    expect(await choose(tree, "-1")).toMatchObject({ kind: "public", commit: r.name("main") });
  });

  test("with sha256", async () => {
    const r = threeCommits("--object-format=sha256");
    r.remote("origin/main", "HEAD~1");
    const base = await choose(r, "-1");
    expect(base).toMatchObject({ kind: "public", commit: r.name("HEAD~1") });
    expect(r.name("HEAD")).toHaveLength(64);
  });
});

describe("a series that is not a line", () => {
  test("a merge in the range: the base is below both sides", async () => {
    const r = threeCommits();
    r.remote("origin/main", "HEAD~1");
    r.git("checkout", "--quiet", "-b", "side", "HEAD~1");
    r.commit("s1");
    r.git("checkout", "--quiet", "main");
    r.commit("m1");
    r.git("merge", "--quiet", "--no-edit", "side");
    r.commit("m2");
    const base = await choose(r, "origin/main..");
    expect(base).toMatchObject({ kind: "public", commit: r.name("origin/main"), prerequisites: 0 });
    const opened = await openRepository(r.directory);
    const commit = base.kind === "none" ? "" : base.commit;
    const written = await runFormatPatch(opened, ["--stdout", `--base=${commit}`, "origin/main.."]);
    expect(written.toString().match(/^From [0-9a-f]{40} /gm)).toHaveLength(4);
  });

  test("a private merge below the series: the upstream's side is preferred", async () => {
    const r = threeCommits();
    r.git("checkout", "--quiet", "-b", "side", "HEAD~2");
    const side = r.commit("x1");
    r.git("checkout", "--quiet", "main");
    r.remote("aaa/side", side);
    r.remote("origin/main", "main");
    r.follow("main", "main");
    r.git("merge", "--quiet", "--no-edit", "side");
    r.commit("s1");
    expect(await choose(r, "-1")).toMatchObject({
      kind: "public",
      commit: r.name("origin/main"),
      via: "upstream",
      prerequisites: 1,
    });
  });

  test("commits left out of the middle", async () => {
    const r = threeCommits();
    r.remote("origin/main", "HEAD~2");
    expect(await choose(r, "HEAD~2..", "--", "c3")).toMatchObject({
      commit: r.name("HEAD~2"),
      prerequisites: 1,
    });
  });
});

describe("no public base", () => {
  test("without remotes: the parent, marked private", async () => {
    const r = threeCommits();
    expect(await choose(r, "-1")).toEqual({
      kind: "private",
      commit: r.name("HEAD~1"),
      via: "parent",
      why: "there is no remote-tracking branch",
      newestPublic: null,
      prerequisites: 0,
    });
  });

  test("with remotes of another history", async () => {
    const r = threeCommits();
    r.git("checkout", "--quiet", "--orphan", "other");
    r.commit("o1");
    r.remote("origin/main", "other");
    r.git("checkout", "--quiet", "main");
    expect(await choose(r, "-1")).toMatchObject({
      kind: "private",
      commit: r.name("HEAD~1"),
      why: "no remote-tracking branch shares history with it",
    });
  });

  test("a root commit in the range", async () => {
    const r = threeCommits();
    r.remote("origin/main", "HEAD");
    expect(await choose(r, "--root", "HEAD")).toEqual({
      kind: "none",
      why: "the series begins with a root commit",
    });
  });

  test("an empty range", async () => {
    const r = threeCommits();
    expect(await choose(r, "HEAD")).toMatchObject({ kind: "none" });
    r.remote("origin/main", "HEAD");
    expect(await choose(r)).toMatchObject({ kind: "none" });
  });
});

function clone(): TestRepository {
  const origin = threeCommits();
  const directory = path.join(temporaryDirectory(), "clone");
  const args = ["clone", "--quiet", "--depth=1", `file://${origin.directory}`, directory];
  execFileSync("git", args, { stdio: "ignore" });
  return new TestRepository(directory);
}

describe("a shallow clone", () => {
  test("can have its tip as public base", async () => {
    const r = clone();
    r.commit("p1");
    r.commit("s1");
    expect(await choose(r, "-1")).toMatchObject({
      kind: "public",
      commit: r.name("origin/main"),
      via: "upstream",
      prerequisites: 1,
    });
  });

  test("cannot tell the base of its oldest commit", async () => {
    const base = await choose(clone(), "--root", "HEAD");
    expect(base).toMatchObject({ kind: "none" });
    expect(base).toHaveProperty("why", expect.stringContaining("shallow"));
  });
});

function topic(): TestRepository {
  const r = threeCommits();
  r.remote("origin/main", "HEAD~1");
  r.follow("main", "main");
  r.commit("s1");
  return r;
}

describe("an explicit base", () => {
  test("is taken, and looked for on remote-tracking branches", async () => {
    expect(await choose(topic(), "--base=HEAD~3", "-1")).toMatchObject({
      kind: "public",
      via: "explicit",
      remoteRef: "origin/main",
      prerequisites: 2,
    });
  });

  test("is taken even if private; the public one is named", async () => {
    const r = topic();
    expect(await choose(r, "-1", "--base", "HEAD~1")).toEqual({
      kind: "private",
      commit: r.name("HEAD~1"),
      via: "explicit",
      why: "no remote-tracking branch has it",
      newestPublic: r.name("HEAD~2"),
      prerequisites: 0,
    });
  });

  test("--base=auto means our choice, --no-base means none", async () => {
    const r = topic();
    const own = await choose(r, "-1");
    expect(own.kind).toBe("public");
    expect(await choose(r, "-1", "--base=auto")).toEqual(own);
    expect(await choose(r, "-1", "--no-base")).toMatchObject({ kind: "none" });
    expect(await choose(r, "-1", "--no-base", "--base=auto")).toEqual(own);
  });

  test.each(["HEAD", "no-such", "--all", "HEAD:c1", "HEAD~1..HEAD"])(
    "%s is invalid",
    async (name) => {
      await expect(choose(topic(), "-1", `--base=${name}`)).rejects.toMatchObject({
        code: "usage",
      });
    },
  );
});
