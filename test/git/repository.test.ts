import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { parseConfig } from "../../src/git/config.ts";
import {
  createBranchAt,
  gitAm,
  hasCommit,
  isObjectName,
  openRepository,
  runFormatPatch,
} from "../../src/git/repository.ts";
import { TestRepository, temporaryDirectory, threeCommits } from "./support.ts";

const searchPath = process.env["PATH"];
afterEach(() => {
  process.env["PATH"] = searchPath;
});

describe("opening a repository", () => {
  test("below a folder whose name is not UTF-8 is refused in words", async () => {
    const below = Buffer.concat([Buffer.from(`${temporaryDirectory()}/caf`), Buffer.from([0xe9])]);
    mkdirSync(below);
    execFileSync("sh", ["-c", 'cd "$1"/caf* && git init -q', "sh", path.dirname(String(below))]);
    const refused = expect.objectContaining({
      code: "no-repository",
      message: `this path is not UTF-8: ${String(below)}`,
    });
    await expect(openRepository(String(below))).rejects.toEqual(refused);
  });

  test("from a subdirectory", async () => {
    const r = threeCommits();
    const inside = path.join(r.directory, "a b\nc");
    mkdirSync(inside);
    const opened = await openRepository(inside);
    expect(opened).toMatchObject({
      cwd: inside,
      toplevel: r.directory,
      objectFormat: "sha1",
      shallow: false,
    });
  });

  test("a bare one, with sha256", async () => {
    const r = new TestRepository(
      path.join(temporaryDirectory(), "b"),
      "--bare",
      "--object-format=sha256",
    );
    expect(await openRepository(r.directory)).toMatchObject({
      toplevel: null,
      objectFormat: "sha256",
    });
  });

  test.each([
    ["with a working tree", []],
    ["bare", ["--bare"]],
  ])("whose name has a line end, %s", async (_, words) => {
    const folder = path.join(temporaryDirectory(), "a\nb");
    const r = new TestRepository(folder, ...words);
    expect(await openRepository(folder)).toMatchObject({
      toplevel: words.length === 0 ? r.directory : null,
      objects: path.join(folder, words.length === 0 ? ".git" : "", "objects"),
      objectFormat: "sha1",
    });
  });

  test("outside any repository", async () => {
    const directory = temporaryDirectory();
    await expect(openRepository(directory)).rejects.toMatchObject({ code: "no-repository" });
  });

  test("in a missing directory, or without git", async () => {
    const missing = path.join(temporaryDirectory(), "no");
    await expect(openRepository(missing)).rejects.toMatchObject({ code: "git-missing" });
    const r = threeCommits();
    process.env["PATH"] = temporaryDirectory();
    await expect(openRepository(r.directory)).rejects.toMatchObject({ code: "git-missing" });
  });

  test("under environment variables that break other wrappers", async () => {
    const r = threeCommits();
    Object.assign(process.env, { PAGER: "less", GIT_EDITOR: "vi" });
    try {
      expect((await openRepository(r.directory)).toplevel).toBe(r.directory);
    } finally {
      delete process.env["PAGER"];
      delete process.env["GIT_EDITOR"];
    }
  });
});

describe("settings", () => {
  test("come from git; the last one counts", async () => {
    const r = threeCommits();
    r.git("config", "--add", "patchsig.key", "~/a.key");
    r.git("config", "--add", "patchsig.key", "~/b.key");
    r.git("config", "patchsig.requireSigned", "yes");
    r.git("config", "user.email", "alice@example.org");
    r.git("config", "branch.Topic.merge", "x\ny");
    const { config } = await openRepository(r.directory);
    expect(config.string("patchsig.key")).toBe("~/b.key");
    expect(config.all("patchsig.key")).toEqual(["~/a.key", "~/b.key"]);
    expect(config.bool("patchsig.requiresigned")).toBe(true);
    expect(config.string("User.Email")).toBe("alice@example.org");
    expect(config.string("branch.Topic.merge")).toBe("x\ny");
    expect(config.string("branch.topic.merge")).toBeNull();
    expect(config.string("patchsig.other")).toBeNull();
    expect(config.bool("patchsig.other")).toBeNull();
    expect(config.path("patchsig.other")).toBeNull();
  });

  test.each([
    ["true", true],
    ["ON", true],
    ["1", true],
    ["-2", true],
    ["", false],
    ["0", false],
    ["No", false],
  ])("%j is %s", (value, meaning) => {
    expect(parseConfig(`file:x\0a.b\n${value}\0`).bool("a.b")).toBe(meaning);
  });

  test("a name without = is true; an invalid value is an error", () => {
    expect(parseConfig("file:x\0a.b\0").bool("a.b")).toBe(true);
    expect(() => parseConfig("file:x\0a.b\nmaybe\0").bool("a.b")).toThrow(
      expect.objectContaining({ code: "usage" }),
    );
  });

  test.each([
    ["~/k", "/home/a/k"],
    ["~", "/home/a"],
    ["/k", "/k"],
    ["k~/x", "k~/x"],
    ["~bob/k", "~bob/k"],
  ])("the path %s is %s", (value, expanded) => {
    expect(parseConfig(`file:x\0a.b\n${value}\0`, () => "/home/a").path("a.b")).toBe(expanded);
  });
});

describe("a commit", () => {
  test("is known to exist, or not", async () => {
    const r = threeCommits();
    const opened = await openRepository(r.directory);
    const name = r.name("HEAD");
    expect(await hasCommit(opened, name)).toBe(true);
    for (const other of [
      "0".repeat(40),
      r.name("HEAD^{tree}"),
      r.name("HEAD:c1"),
      name.slice(0, 39),
      name.toUpperCase(),
      `${name}\n`,
      "HEAD",
      "--batch",
      "",
    ]) {
      expect(await hasCommit(opened, other), other).toBe(false);
    }
  });

  test("has as many digits as the repository's hash", async () => {
    const opened = await openRepository(threeCommits("--object-format=sha256").directory);
    expect(isObjectName(opened, "a".repeat(64))).toBe(true);
    expect(isObjectName(opened, "a".repeat(40))).toBe(false);
  });
});

describe("a new branch", () => {
  test("is checked out at the commit", async () => {
    const r = threeCommits();
    await createBranchAt(await openRepository(r.directory), "patchsig/x-v2", r.name("HEAD~2"));
    expect(r.git("symbolic-ref", "--short", "HEAD")).toBe("patchsig/x-v2");
    expect(r.name("HEAD")).toBe(r.name("main~2"));
    expect(r.git("status", "--porcelain")).toBe("");
  });

  test.each(["--force", "-b", "a..b", "a b", "@{-1}", "", "a.lock", "a\nb"])(
    "%j is not a valid name",
    async (name) => {
      const r = threeCommits();
      r.git("checkout", "--quiet", "-b", "other");
      r.git("checkout", "--quiet", "main");
      const opened = await openRepository(r.directory);
      await expect(createBranchAt(opened, name, r.name("HEAD"))).rejects.toMatchObject({
        code: "usage",
      });
      expect(r.git("branch", "--format=%(refname:short)")).toBe("main\nother");
    },
  );

  test("not if it exists, nor from an abbreviated name, nor over local changes", async () => {
    const r = threeCommits();
    const opened = await openRepository(r.directory);
    const commit = r.name("HEAD~2");
    await expect(createBranchAt(opened, "main", commit)).rejects.toMatchObject({ code: "exists" });
    for (const bad of ["HEAD", "--detach", commit.slice(0, 12)])
      await expect(createBranchAt(opened, "x", bad)).rejects.toMatchObject({ code: "usage" });
    writeFileSync(path.join(r.directory, "c3"), "changed\n");
    await expect(createBranchAt(opened, "x", commit)).rejects.toMatchObject({ code: "git-failed" });
    expect(r.git("branch", "--format=%(refname:short)")).toBe("main");
  });
});

async function withMails() {
  const r = threeCommits();
  const opened = await openRepository(r.directory);
  const mails = await runFormatPatch(opened, ["--stdout", "-2"]);
  r.git("reset", "--quiet", "--hard", "HEAD~2");
  return { r, opened, mails };
}

describe("git am", () => {
  test("applies from stdin, and reports each patch", async () => {
    const { r, opened, mails } = await withMails();
    const lines: string[] = [];
    const status = await gitAm(opened, mails, {
      signoff: true,
      onLine: (line) => lines.push(line),
    });
    expect(status).toBe(0);
    expect(lines).toEqual(["Applying: add c2", "Applying: add c3"]);
    expect(r.git("log", "-2", "--format=%s %an")).toBe("add c3 Alice\nadd c2 Alice");
    expect(r.git("log", "-1", "--format=%b")).toContain("Signed-off-by: Maint");
  });

  test("cuts nothing at scissors, whatever is configured", async () => {
    const { r, opened, mails } = await withMails();
    r.git("config", "mailinfo.scissors", "true");
    const mail = mails.toString().replace("\n\n---", "\n\nbefore\n-- >8 --\nafter\n\n---");
    expect(await gitAm(opened, Buffer.from(mail))).toBe(0);
    expect(r.git("log", "-1", "--skip=1", "--format=%b")).toContain("before");
  });

  test("returns git's status if it stops", async () => {
    const { r, opened, mails } = await withMails();
    r.commit("c2");
    const lines: string[] = [];
    expect(await gitAm(opened, mails, { onLine: (line) => lines.push(line) })).toBe(128);
    expect(lines.join("\n")).toContain("c2: already exists in index");
    // a second one must not hang or throw while the first is in the way
    expect(await gitAm(opened, Buffer.alloc(1 << 22, "x\n"))).toBe(128);
  });
});

test("git's error message is what the user reads", async () => {
  const opened = await openRepository(threeCommits().directory);
  await expect(runFormatPatch(opened, ["no-such..HEAD"])).rejects.toMatchObject({
    code: "git-failed",
    message: expect.stringContaining("no-such..HEAD"),
  });
});

test("a mail cannot start a program: git is found on the PATH, and no shell reads arguments", async () => {
  const r = threeCommits();
  const directory = temporaryDirectory();
  writeFileSync(path.join(directory, "git"), `#!/bin/sh\nprintf '%s\\n' "$#" "$@"\n`);
  chmodSync(path.join(directory, "git"), 0o755);
  const opened = await openRepository(r.directory);
  process.env["PATH"] = directory;
  const said = await runFormatPatch(opened, ["$(id)", "a b;c", "`x`"]);
  expect(said.toString()).toMatch(/\nformat-patch\n(?:--[\w=/-]+\n)*\$\(id\)\na b;c\n`x`\n$/);
});
