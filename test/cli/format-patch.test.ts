import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { patchsig, records, type Run } from "../support/cli.ts";
import { gitIsAtLeast } from "../support/gits.ts";
import { commit, commitsSince, git, newRepository } from "../support/repo.ts";

const scratch = mkdtempSync(join(tmpdir(), "patchsig-format-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const home = join(scratch, "home");
const upstream = join(scratch, "upstream");
const clone = join(scratch, "clone");
let base: string;
let next = 0;

/** git takes the committer for the sender of a cover letter. */
const ALICE = { GIT_COMMITTER_NAME: "Alice", GIT_COMMITTER_EMAIL: "alice@example.org" };

/** Runs format-patch in the clone. */
function format(...args: string[]): Run {
  return patchsig(["format-patch", ...args], { cwd: clone, home, env: ALICE });
}

/** The environment that gives git a setting. */
function setting(key: string, value: string): Record<string, string> {
  return { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: key, GIT_CONFIG_VALUE_0: value };
}

/** The same with `-o` and a new folder; gives its files. */
function formatInto(...args: string[]): { run: Run; folder: string; files: string[] } {
  const folder = join(scratch, `out${next++}`);
  const run = format("-o", folder, ...args);
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  return { run, folder, files: files.map((file) => join(folder, file)) };
}

/** The patch records of `verify --json`, which must pass, as one series in the signed order. */
function verified(files: string[]): Record<string, unknown>[] {
  const run = patchsig(["verify", "--json", "--dry-run", ...files], { home });
  expect(run).toMatchObject({ status: 0 });
  const patches = records(run).filter(({ type }) => type === "patch");
  expect(patches.map(({ signature }) => signature)).toEqual(patches.map(() => "good"));
  const series = records(run).filter(({ type }) => type === "series");
  expect(series.map(({ sealed }) => sealed)).toEqual([true]);
  return patches;
}

const BLOCK = /untrusted comment: patchsig .*\n.*\n.*\n.*\n\n/g;

beforeAll(() => {
  mkdirSync(home);
  newRepository(upstream);
  base = commit(upstream, "start\n", { "net.txt": "one\ntwo\nthree\n", "doc.txt": "text\n" });
  git(scratch, ["clone", "-q", upstream, clone]);
  commit(clone, "net: count retries\n\nThey were lost.\n", { "net.txt": "one\n2\nthree\n" });
  commit(clone, "net: caf\u00e9\n", { "caf\u00e9.txt": "x\n" });
  commit(clone, "doc: say so\n", { "doc.txt": "more text\n" });
  const made = patchsig(["key", "generate", "--no-password"], { home });
  expect(made.status).toBe(0);
});

describe("git's output, signed", () => {
  test("one file per patch, with the names that git prints", () => {
    const { run, folder, files } = formatInto("@{u}..");
    expect(run.status).toBe(0);
    expect(run.stdout).toBe(
      ["0001-net-count-retries", "0002-net-caf", "0003-doc-say-so"]
        .map((name) => `${folder}/${name}.patch\n`)
        .join(""),
    );
    expect(run.stderr).toBe(`signed 3 mails as alice@example.org, base ${base.slice(0, 12)}\n`);
    expect(verified(files)).toHaveLength(3);
  });

  test("differs from git's only by the signature blocks", () => {
    const ours = format("--stdout", "origin/main");
    const theirs = git(clone, ["format-patch", "--stdout", `--base=${base}`, "origin/main"]);
    expect(ours.stdout).toContain("untrusted comment: patchsig ");
    expect(ours.stdout.replace(BLOCK, "")).toBe(theirs.toString());
  });

  test("makes the same commits in git am", () => {
    const mbox = format("--stdout", "@{u}..").stdout;
    const copy = join(scratch, "am");
    git(scratch, ["clone", "-q", upstream, copy]);
    git(copy, ["am", "-q"], mbox);
    expect(commitsSince(copy, base)).toEqual(commitsSince(clone, base));
  });

  test("without a range: what the branch adds to its upstream or, without one, to all remotes", () => {
    const { run, files } = formatInto();
    expect(run).toMatchObject({ status: 0, stdout: files.map((file) => `${file}\n`).join("") });
    const [said, signed] = run.stderr.split("\n");
    expect(said).toBe("no range given: 3 commits above origin/main");
    expect(signed).toMatch(/^signed 3 mails /);

    git(clone, ["checkout", "-q", "-b", "topic", "--no-track", "HEAD~1"]);
    const fresh = formatInto("--cover-letter", "--cover-from-description=subject");
    expect(fresh.run.stderr).toMatch(/^no range given: 2 commits that no remote has\n/);
    expect(fresh.files).toHaveLength(3);
    expect(formatInto("@{u}..").run).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/no upstream configured .*\nhint: leave @\{u\}\.\. out: /),
    });
    git(clone, ["update-ref", "refs/remotes/fork/topic", "HEAD"]);
    expect(formatInto()).toMatchObject({
      run: {
        status: 0,
        stdout: "",
        stderr:
          "patchsig: no range given, and no commits that no remote has, so no patches\n" +
          "hint: name it: git patchsig format-patch origin/main..\n",
      },
      files: [],
    });
    git(clone, ["update-ref", "-d", "refs/remotes/fork/topic"]);
    git(clone, ["checkout", "-q", "main"]);
  });

  test("from a subdirectory, into a folder relative to it", () => {
    const below = join(clone, "sub");
    mkdirSync(below);
    const run = patchsig(["format-patch", "-o", "../sub/out", "-1"], { cwd: below, home });
    expect(run.stdout).toBe("../sub/out/0001-doc-say-so.patch\n");
    expect(readdirSync(join(below, "out"))).toEqual(["0001-doc-say-so.patch"]);
    rmSync(below, { recursive: true });
  });

  test("into format.outputDirectory", () => {
    const folder = join(scratch, "configured");
    git(clone, ["config", "format.outputDirectory", folder]);
    const run = format("-1");
    git(clone, ["config", "--unset", "format.outputDirectory"]);
    expect(run.stdout).toBe(`${folder}/0001-doc-say-so.patch\n`);
    verified([join(folder, "0001-doc-say-so.patch")]);
  });

  test.each(
    [
      ["-N", "--thread", "--signoff"],
      ["-k", "--attach"],
      ["--inline", "--numbered-files", "--notes"],
      ["-n", "--binary", "--full-index", "-M", "--start-number", "1"],
      ["--no-stat", "-p", "--zero-commit", "--suffix=.txt", "--ignore-if-in-upstream"],
      ["--subject-prefix=PATCH net-next", "--to=list@example.org", "--add-header=X-Test: yes"],
    ].map((options) => ({ options, name: options.join(" ") })),
  )("with $name", ({ options }) => {
    const { run, files } = formatInto(...options, "@{u}..");
    expect(run.status).toBe(0);
    expect(verified(files)).toHaveLength(3);
  });

  test("with --output FILE", () => {
    const file = join(scratch, "series.mbox");
    const run = format("--output", file, "@{u}..");
    expect(run).toMatchObject({ status: 0, stdout: "" });
    expect(verified([file])).toHaveLength(3);
  });

  test("with -q nothing is printed", () => {
    const { run, files } = formatInto("-q", "-2");
    expect(run).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(files).toHaveLength(2);
  });

  test.each([
    ["written", "out", 0],
    ["refused", "doc.txt/out", 3],
  ])("no draft is left behind: %s", (name, folder, status) => {
    const temporary = join(scratch, `temporary-${name}`);
    mkdirSync(temporary);
    const into = join(name === "written" ? scratch : clone, folder);
    const env = { ...ALICE, TMPDIR: temporary };
    const run = patchsig(["format-patch", "-o", into, "-1"], { cwd: clone, home, env });
    expect(run.status).toBe(status);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("-v2 and a range-diff below the signature", () => {
    git(clone, ["branch", "-f", "v1", "HEAD~1"]);
    const { run, files } = formatInto("-v2", "--range-diff=v1", "--interdiff=v1", "-1", "v1..");
    expect(run.status).toBe(0);
    const [patch] = verified(files);
    expect(patch!["series"]).toMatchObject({ version: 2, index: 1, total: 1 });
  });
});

describe("a cover letter", () => {
  test("that is still a template is not signed; sign does it later, with the rest", () => {
    const { run, files } = formatInto("--cover-letter", "-v2", "@{u}..");
    expect(run.status).toBe(0);
    expect(run.stderr).toContain("0000-cover-letter.patch is not signed yet");
    const [letter] = files;
    const text = readFileSync(letter!, "utf8");
    expect(text).not.toContain("untrusted comment");
    const written = text
      .replace("*** SUBJECT HERE ***", "count more")
      .replace("*** BLURB HERE ***", "Counting is good.");
    writeFileSync(letter!, written);
    expect(patchsig(["sign", ...files], { cwd: clone, home }).status).toBe(0);
    const patches = verified(files);
    expect(patches.map(({ series }) => (series as { index: number }).index)).toEqual([0, 1, 2, 3]);
    expect(new Set(patches.map(({ series }) => (series as { id: string }).id)).size).toBe(1);
  });

  test("from a branch's description is signed at once, also with --interdiff and --range-diff", () => {
    git(clone, ["checkout", "-q", "-b", "described"]);
    git(clone, ["config", "branch.described.description", "count more\n\nCounting is good."]);
    const { run, files } = formatInto(
      "--cover-letter",
      "--cover-from-description=subject",
      "-v2",
      "--interdiff=HEAD~2",
      "--range-diff=HEAD~1",
      "origin/main..",
    );
    git(clone, ["checkout", "-q", "main"]);
    expect(run).toMatchObject({ status: 0 });
    // the letter is not the commit whose name git puts on top of it
    expect(run.stderr).not.toContain("note:");
    expect(verified(files)).toHaveLength(files.length);
  });
});

describe("patches without numbers in their Subject", () => {
  test("are signed again as the same series", () => {
    const { files } = formatInto("-N", "@{u}..");
    const before = files.map((file) => readFileSync(file, "utf8"));
    expect(patchsig(["sign", ...files], { cwd: clone, home }).status).toBe(0);
    expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(before);
    writeFileSync(files[0]!, before[0]!.replace("They were lost.", "They had been lost."));
    expect(patchsig(["sign", ...files], { cwd: clone, home }).status).toBe(0);
    verified(files);
  });
});

describe("the base", () => {
  test("is in the signed comment of every patch, and in git's line of the first", () => {
    const { files } = formatInto("@{u}..");
    const texts = files.map((file) => readFileSync(file, "utf8"));
    for (const text of texts) expect(text).toContain(` base=${base} `);
    expect(texts.filter((text) => text.includes(`\nbase-commit: ${base}\n`))).toHaveLength(1);
  });

  test("comes with a base-tree line, without credentials, if others can fetch from it", () => {
    git(clone, ["remote", "set-url", "origin", "https://me:secret@git.example.org/net-next.git"]);
    const { files } = formatInto("@{u}..");
    git(clone, ["remote", "set-url", "origin", upstream]);
    expect(readFileSync(files[0]!, "utf8")).toContain(
      `\nbase-commit: ${base}\nbase-tree: https://git.example.org/net-next.git main\n`,
    );
    const [first] = verified(files);
    expect(first!["base"]).toMatchObject({
      commit: base,
      tree: "https://git.example.org/net-next.git main",
    });
  });

  test("is public, with the private commits above it as prerequisites", () => {
    const { run, files } = formatInto("-1");
    expect(run.status).toBe(0);
    const text = readFileSync(files[0]!, "utf8");
    expect(text).toContain(`base-commit: ${base}`);
    expect(text.match(/^prerequisite-patch-id: /gm)).toHaveLength(2);
    expect(text).toContain(` base=${base} `);
  });

  test("can be left out with --no-base", () => {
    const { run, files } = formatInto("--no-base", "-1");
    expect(run.stderr).toBe("signed 1 mail as alice@example.org, no base commit\n");
    expect(readFileSync(files[0]!, "utf8")).not.toContain("base-commit");
  });

  test("that nobody else has is written, with a note", () => {
    const lone = join(scratch, "lone");
    newRepository(lone);
    commit(lone, "a", { a: "1\n" });
    commit(lone, "b", { a: "2\n" });
    const run = patchsig(["format-patch", "-1", "--stdout"], { cwd: lone, home });
    expect(run.status).toBe(0);
    expect(run.stderr).toContain("note: nobody else has the base commit");
    expect(run.stderr).toContain("hint: git remote add origin");
    expect(run.stdout).toContain("base-commit: ");
  });

  test("does not clash with format.useAutoBase", () => {
    git(clone, ["config", "format.useAutoBase", "true"]);
    const run = format("--stdout", "--no-base", "-1", "main");
    git(clone, ["config", "--unset", "format.useAutoBase"]);
    expect(run.status).toBe(0);
    expect(run.stdout).not.toContain("base-commit");
  });

  test("that is not an ancestor of the series is wrong usage", () => {
    expect(formatInto("--base=HEAD", "-1")).toMatchObject({ run: { status: 2 }, files: [] });
  });
});

describe("somebody else's commit", () => {
  test("has the signer in the From header, and its author on top of the body", () => {
    git(clone, ["checkout", "-q", "-b", "foreign", "origin/main"]);
    writeFileSync(join(clone, "bob.txt"), "bob\n");
    git(clone, ["add", "bob.txt"]);
    git(clone, ["commit", "-q", "-m", "bob's", "--author", "Bob <bob@example.org>"]);
    const own = formatInto("-1");
    const plain = formatInto("-1", "--no-from");
    git(clone, ["checkout", "-q", "main"]);
    const text = readFileSync(own.files[0]!, "utf8");
    expect(text).toMatch(/^From: Alice <alice@example.org>$/m);
    expect(text).toMatch(/\n\nFrom: Bob <bob@example.org>\n/);
    const run = patchsig(["verify", "--json", "--dry-run", ...own.files], { home });
    expect(records(run)[0]).toMatchObject({
      author: { email: "bob@example.org" },
      signer: "alice@example.org",
      signature: "good",
      verdict: "warn",
    });
    expect(plain.run.stderr).toContain("note: 1 by another author");
  });
});

describe("errors", () => {
  test("an empty range: no output and a note", () => {
    expect(formatInto("HEAD..HEAD")).toMatchObject({
      run: { status: 0, stdout: "", stderr: "patchsig: no commits in the range, so no patches\n" },
      files: [],
    });
  });

  test("what git refuses is said before a key or a password is asked for", () => {
    const run = format("--key", join(scratch, "none.key"), "--no-such-option", "-1");
    expect(run).toMatchObject({ status: 2, stderr: expect.stringContaining("--no-such-option") });
  });

  test("an option that git does not know", () => {
    const { run, files } = formatInto("--no-such", "-1");
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/^patchsig: git format-patch: .*no-such.*\nhint: .*\n$/);
    expect(files).toEqual([]);
  });

  test("an invalid revision", () => {
    const { run } = formatInto("no-such..HEAD");
    expect(run.status).toBe(3);
    expect(run.stderr).toMatch(/^patchsig: git .*no-such/);
  });

  test("no repository", () => {
    const run = patchsig(["format-patch", "-1"], { cwd: scratch, home });
    expect(run.status).toBe(3);
    expect(run.stderr).toMatch(/^patchsig: no git repository at /);
  });

  test("no key: nothing is written, and the hint's command makes one", () => {
    const folder = join(scratch, "keyless");
    const run = patchsig(["format-patch", "-o", folder, "-1"], {
      cwd: clone,
      home: join(scratch, "nobody"),
    });
    expect(run.status).toBe(3);
    expect(run.stderr).toMatch(/^patchsig: no key yet: .*\nhint: .*git patchsig key generate\n$/);
    expect(existsSync(folder)).toBe(false);
  });

  test("a setting that git refuses, in git's words and in no other language", () => {
    const around = { cwd: clone, home };
    const refused = patchsig(["format-patch", "-1"], {
      ...around,
      env: setting("core.abbrev", "x"),
    });
    expect(refused.status).toBe(3);
    expect(refused.stderr).toMatch(
      /^patchsig: git does not read the repository here: bad numeric /,
    );

    git(clone, ["branch", "-q", "-f", "lonely", "HEAD"]);
    const env = { LANGUAGE: "de", LC_ALL: "C.UTF-8" };
    const german = patchsig(["format-patch", "lonely@{u}.."], { ...around, env });
    expect(german.stderr).toMatch(/no upstream configured .*\nhint: leave @\{u\}\.\. out/);
  });

  test("GIT_CONFIG, which is for git config alone", () => {
    const env = { ...ALICE, GIT_CONFIG: "/nonexistent" };
    expect(patchsig(["format-patch", "--stdout", "-1"], { cwd: clone, home, env }).status).toBe(0);
  });

  test.each(["log.date", "format.pretty"])("%s that git format-patch never reads", (key) => {
    const env = { ...ALICE, ...setting(key, "bogus") };
    expect(patchsig(["format-patch", "--stdout", "-1"], { cwd: clone, home, env }).status).toBe(0);
  });

  test("a folder that cannot be created", () => {
    const run = format("-o", "/dev/null/x", "-1");
    expect(run.status).toBe(3);
    expect(run.stderr).toMatch(/^patchsig: cannot make .*: a part of its path is not a folder\n/);
  });

  test("an option without its value, and two output options", () => {
    expect(format("-1", "--key").status).toBe(2);
    expect(format("-1", "--stdout", "-o", "x").status).toBe(2);
  });

  test("--help is patchsig's, not git's", () => {
    const run = format("--help");
    expect(run.status).toBe(0);
    expect(run.stdout).toContain(" --no-base ");
    for (const line of run.stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe("a commit that git am would not make of its patch", () => {
  /** Signs the one commit with that message; what format-patch says of it. */
  function said(message: string): Run & { files: string[] } {
    git(clone, ["checkout", "-q", "--detach", "origin/main"]);
    writeFileSync(join(clone, "net.txt"), "one\n2\nthree\n");
    git(clone, ["commit", "-qa", "--cleanup=verbatim", "-m", message]);
    const { run, files } = formatInto("-1");
    return { ...run, files };
  }

  test.each([
    ["---", "net: x\n\nBefore.\n\n---\n\nAfter.\n", 0, 'cut the message at the line "---"'],
    ["Index:", "net: x\n\nIndex: one\n", 0, 'cut the message at the line "Index: one"'],
    [
      "From:",
      "net: x\n\nFrom: Bob <b@c.example>\n\nx\n",
      0,
      "take Bob <b@c.example> for the author",
    ],
    ["[net]", "[net] x\n\nBody.\n", 0, 'drop "[net]" from the title'],
    [
      "a diff",
      "net: x\n\ndiff --git a/doc.txt b/doc.txt\n--- a/doc.txt\n+++ b/doc.txt\n@@ -1 +1 @@\n-text\n+bad\n",
      1,
      "make something else of doc.txt",
    ],
  ])("%s in the message is reported", (_, message, status, words) => {
    const run = said(message);
    expect(run.stderr).toContain(`${run.files[0]}: git am would ${words}`);
    expect(run.status).toBe(status);
  });

  test("a From line in the message: nothing is written", () => {
    const run = said("net: x\n\nFrom x@y.example Mon Sep 17 00:00:00 2001\nis a line.\n");
    expect(run).toMatchObject({ status: 3, files: [] });
    expect(run.stderr).toContain("git am would cut it in two");
  });

  describe("an empty commit", () => {
    const REST = "1 of 2 signed, not bound together: a commit without changes has no patch";
    beforeAll(() => {
      git(clone, ["checkout", "-q", "--detach", "origin/main"]);
      commit(clone, "empty\n", {});
      commit(clone, "doc: more\n", { "doc.txt": "more\n" });
    });

    // git 2.41 and later write their mail, as with --always
    test.runIf(!gitIsAtLeast(2, 41))("gives an empty file, as with git, and a note", () => {
      const { run, files } = formatInto("-2");
      expect(run.status).toBe(0);
      expect(run.stderr).toContain(`${files[0]} is empty, as its commit is`);
      expect(run.stderr).toContain(REST);
      expect(files.map((file) => readFileSync(file, "utf8").includes("untrusted"))).toEqual([
        false,
        true,
      ]);
      expect(patchsig(["sign", ...files], { home, env: ALICE }).stderr).toContain(REST);
    });

    test.runIf(!gitIsAtLeast(2, 41))("gives nothing in an mbox", () => {
      expect(format("--stdout", "-2")).toMatchObject({
        status: 0,
        stderr: expect.stringContaining(REST),
      });
    });

    const always = gitIsAtLeast(2, 41) ? [[], ["--always"]] : [["--always"]];
    test.each(always.map((words) => [words]))(
      "gives a mail with %j, which git am would not apply",
      (words) => {
        const { run, files } = formatInto(...words, "-2");
        expect(run.status).toBe(1);
        expect(run.stderr).toContain(`${files[0]} is not signed: git am finds no diff in it`);
        expect(run.stderr).toContain(REST);
      },
    );
  });
});
