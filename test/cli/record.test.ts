/** `patchsig am` records, `log` and `check-commit` read: through the program, git, and other clones. */

import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { spawnSync } from "node:child_process";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { patchsig, records, type Run } from "../support/cli.ts";
import { problems, schemaOf } from "../support/json-schema.ts";
import { commit, git, tryGit } from "../support/repo.ts";
import {
  expectError,
  expectStatus,
  expectTidy,
  newFolder,
  newHome,
  newSubmission,
  publicKey,
  signedPatches,
} from "./support.ts";

const NOTES = "refs/notes/patchsig";
const ROOT = join(import.meta.dirname, "..", "..");

let submission: ReturnType<typeof newSubmission>;
let files: string[];
beforeAll(() => {
  submission = newSubmission();
  files = signedPatches(submission.work, newHome(7));
});

let tree: string;
let home: string;
beforeEach(() => {
  home = newFolder();
  tree = join(newFolder(), "tree");
  cpSync(submission.base, tree, { recursive: true });
});

function run(...args: readonly string[]): Run {
  return patchsig(args, { home, cwd: tree });
}

/** The subjects of the commits above the base, newest first, with a mark for those with a note. */
function noted(cwd = tree): string[] {
  const notes = tryGit(cwd, ["notes", `--ref=${NOTES}`, "list"]).stdout.toString();
  const log = git(cwd, ["log", "--format=%H %s", `${submission.baseCommit}..`]).toString();
  return log
    .trim()
    .split("\n")
    .map((line) => {
      const [name = "", ...subject] = line.split(" ");
      return `${notes.includes(name) ? "+" : "-"} ${subject.join(" ")}`;
    });
}

const ALL = ["+ song: credits", "+ song: shout line 10", "+ song: shout line 2"];
const range = (): string => `${submission.baseCommit}..`;

test("log reads like git log, check-commit has a line each, both have records", () => {
  expectStatus(run("am", "-s", ...files), 0);
  git(tree, ["commit", "-q", "--allow-empty", "--author=Bob <b@x.org>", "-m", "mine"]);
  const log = expectStatus(run("log", range()), 0).stdout;
  expectTidy(log, 100);
  const [head] = git(tree, ["rev-list", "HEAD~1"]).toString().split("\n");
  expect(log.slice(log.indexOf(`commit ${head}`)).split("\n\ncommit")[0]).toBe(
    [
      `commit ${head}  ok`,
      "Author:   Alice <alice@example.org>",
      "Signed:   alice@example.org, key now: first use",
      `Key:      ${publicKey()}`,
      "Record:   as signed, with trailers added",
      expect.stringMatching(
        /^Applied: {2}Maint <maint@example.org>, .*Z: pass, key then: first use$/,
      ),
      "Series:   v1 3/3",
      "Added:    Signed-off-by: Maint <maint@example.org>",
      expect.stringMatching(/^Finding: {2}info key of alice@example.org: first use/),
      "",
      "    song: credits",
    ]
      .map((line) => (typeof line === "string" ? line : (lineLike(log, line) ?? "")))
      .join("\n"),
  );
  expect(log.split("\n\ncommit ")).toHaveLength(4);
  expect(expectStatus(run("log", "-n", "1"), 0).stdout).toMatch(
    /^commit .*\nAuthor: .*\n\n {4}mine\n$/,
  );

  const check = expectStatus(run("check-commit", range()), 0);
  expectTidy(check.stdout);
  expect(check.stdout).toMatch(
    /^none {2}[0-9a-f]{12} {2}mine +no note\nok {4}[0-9a-f]{12} {2}song: credits /,
  );
  expect(check.stdout).toMatch(/\n4 commits: 3 as signed, 1 without a note\n$/);
  expect(run("check-commit", "-q", range()).stdout.split("\n")).toHaveLength(2);
  expect(check.stdout).toMatch(/  first use  \+1 trailer\n/);
  expectStatus(run("check-commit", "--require", "signature", range()), 1);
  expectStatus(run("check-commit", "--require", "signature", "HEAD~1"), 0);
  expectError(run("check-commit", "nowhere"), 2, /nowhere/);
  expectError(run("check-commit", "--notes", "nowhere"), 2, "nowhere names no notes");
  expectError(run("check-commit", "--json", "-q"), 2, /--json and --quiet/);

  for (const json of [run("log", "--json", range()), run("check-commit", "--json", range())])
    for (const record of records(expectStatus(json, 0)))
      expect(problems(record, schemaOf("record"))).toEqual([]);
  const given = git(tree, ["rev-list", "HEAD~1", "--not", submission.baseCommit]);
  const stdin = ["check-commit", "--stdin", "--json"];
  const piped = patchsig(stdin, { home, cwd: tree, input: given });
  expect(records(expectStatus(piped, 0)).at(-1)).toMatchObject({ commits: 3, pass: 3 });
  expect(records(expectStatus(patchsig(stdin, { home, cwd: tree }), 0))).toHaveLength(1);

  const alice = "--author=Alice <alice@example.org>";
  git(tree, ["commit", "-q", "--allow-empty", alice, "-m", "not from a mail"]);
  expect(expectStatus(run("log", "-n", "1"), 0).stdout).toMatch(
    /^commit \w+ {2}FAIL\nAuthor: .*\nRecord: {3}no note; alice@example.org signs, so .*\n\n/,
  );
});

function lineLike(
  text: string,
  pattern: { asymmetricMatch(line: string): boolean },
): string | undefined {
  return text.split("\n").find((line) => pattern.asymmetricMatch(line));
}

describe("a signed review", () => {
  const LINE = "Reviewed-by: Bob Berg <bob@example.org>";
  const BOB = { GIT_AUTHOR_NAME: "Bob Berg", GIT_AUTHOR_EMAIL: "bob@example.org" };
  let thread: string;
  beforeAll(() => {
    const mails = files.map((file, i) =>
      readFileSync(file, "latin1").replace(/^From: /m, `Message-ID: <${i}@example.org>\nFrom: `),
    );
    thread = join(newFolder(), "thread.mbox");
    writeFileSync(thread, mails.join(""), "latin1");
    const words = ["review", "-q", "--reviewed-by", thread, "2"];
    const made = expectStatus(patchsig(words, { home: newHome(8), env: BOB }), 0).stdout;
    const reply = made.replace("Subject:", "Message-ID: <r@example.org>\nSubject:");
    const from = "From bob Mon Sep 17 00:00:00 2001\n";
    writeFileSync(thread, mails.join("") + from + reply, "latin1");
  });
  beforeEach(() => {
    expectStatus(run("trust", "accept", "bob@example.org", publicKey(8)), 0);
    expectStatus(run("am", "-q", "--trailers", thread), 0);
  });
  /** What check-commit says of the commit that was reviewed. */
  const reviewed = (...words: readonly string[]): unknown[] =>
    records(run("check-commit", "--json", "HEAD~1", ...words))[0]!["reviewed"];
  const proven = { line: LINE, proof: "proven", by: "bob@example.org", publicKey: publicKey(8) };

  test("is proven by the note alone, for the patch that it names", () => {
    expect(reviewed()).toEqual([{ ...proven, trust: "pinned" }]);
    const all = records(run("check-commit", "--json", range()));
    expect(all.map(({ reviewed: list = [] }) => list.length)).toEqual([0, 1, 0, 0]);
    const log = expectStatus(run("log", "-n", "1", "HEAD~1"), 0).stdout;
    expect(log).toContain(
      `Added:    ${LINE}\n          signed by bob@example.org, key now: pinned\n`,
    );
    home = newFolder();
    expect(reviewed()).toEqual([{ ...proven, trust: "unknown" }]);
    expectStatus(run("trust", "revoke", "bob@example.org", publicKey(8)), 0);
    expect(reviewed()).toEqual([{ ...proven, trust: "revoked" }]);
  });

  test.each([
    ["changed", (note: string) => note.replace(/^(patch: 2\/3 .)./m, "$1x"), 0],
    ["of another name", (note: string) => note.replaceAll("Bob Berg", "Bob Bert"), 0],
    [
      "taken out",
      (note: string) =>
        note
          .replace(/^review-bytes: .*/m, "review-bytes: -")
          .replace(/\n\npatchsig-review-v1[^]*/, "\n"),
      0,
    ],
    ["as it was", (note: string) => note, 1],
  ])("%s in the note", (_, change, count) => {
    const note = git(tree, ["notes", `--ref=${NOTES}`, "show", "HEAD~1"]).toString();
    const file = join(newFolder(), "note");
    writeFileSync(file, change(note));
    git(tree, ["notes", `--ref=${NOTES}`, "add", "-f", "-F", file, "HEAD~1"]);
    expect(reviewed()).toHaveLength(count);
    expect(records(run("check-commit", "--json", "HEAD~1"))[0]).toMatchObject({
      status: "trailers",
    });
  });
});

test("signed commits in a sha256 repository: am, then trailers -u, and the record holds", () => {
  const mails = files.map((file, i) =>
    readFileSync(file, "latin1").replace(/^From: /m, `Message-ID: <${i}@example.org>\nFrom: `),
  );
  const reply =
    "From 0 Mon Sep 17 00:00:00 2001\nFrom: Bob <bob@example.org>\nMessage-ID: <r@example.org>\n" +
    "In-Reply-To: <1@example.org>\nSubject: Re: song\n\nAcked-by: Bob <bob@example.org>\n";
  const thread = join(newFolder(), "thread.mbox");
  writeFileSync(thread, mails.join("") + reply, "latin1");
  const cwd = join(newFolder(), "tree");
  git(tree, ["init", "-q", "-b", "main", "--object-format=sha256", cwd]);
  const start = commit(cwd, "start", { "song.txt": readFileSync(join(tree, "song.txt")) });
  const key = join(newFolder(), "key");
  spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  for (const [name, value] of [
    ["gpg.format", "ssh"],
    ["user.signingKey", key],
    ["commit.gpgSign", "true"],
  ] as const)
    git(cwd, ["config", name, value]);
  const here = (...args: readonly string[]): Run => patchsig(args, { home, cwd });
  const signatures = (): number =>
    git(cwd, ["log", "--format=raw", `${start}..`])
      .toString()
      .split("gpgsig-sha256 ").length - 1;

  expectStatus(here("am", ...files), 0);
  expect(signatures()).toBe(3);
  expect(here("check-commit", `${start}..`).stdout).toContain("3 commits: 3 as signed\n");
  expectStatus(here("trailers", "-u", "--base", start, thread), 0);
  expect(signatures()).toBe(3);
  expect(here("check-commit", `${start}..`).stdout).toContain("3 commits: 3 as signed\n");
  expect(here("log", `${start}..`).stdout).toContain("Added:    Acked-by: Bob <bob@example.org>\n");
});

test("the schema's page lists its fields", () => {
  const page = readFileSync(join(ROOT, "docs", "schema", "record.md"), "utf8");
  for (const [name, one] of Object.entries(schemaOf("record")["$defs"] as Record<string, never>)) {
    const { properties } = one as { properties?: object };
    if (properties === undefined) continue;
    const section = new RegExp(`^## ${name}\n([^]*?)(?=^## |(?![^]))`, "m").exec(page)![1]!;
    const fields = [...section.matchAll(/^\| (`.*?) \| /gm)].flatMap(([, cell]) =>
      cell!.match(/\w+/g)!,
    );
    expect([name, fields]).toEqual([name, Object.keys(properties)]);
  }
});

test("what a hostile repository has in place of records is not followed", () => {
  const own = join(newFolder(), "own.txt");
  const none = { before: null, branch: null, forgotten: [], records: [] };
  mkdirSync(join(tree, ".git", "patchsig"), { recursive: true });
  for (const pending of [
    { ...none, branch: `--output=${own}` },
    { ...none, before: "--all" },
    { ...none, forgotten: ["x"] },
    { ...none, forgotten: "x" },
    { ...none, records: [{ author: "", subject: 1, text: "" }] },
    { ...none, records: [null] },
    {},
    null,
  ]) {
    writeFileSync(own, "own\n");
    writeFileSync(join(tree, ".git", "patchsig", "am.json"), JSON.stringify(pending));
    const { stdout, stderr } = expectStatus(run("log", "-n1"), 0);
    expect([pending, stderr, stdout.slice(0, 7)]).toEqual([pending, "", "commit "]);
    expect(readFileSync(own, "utf8")).toBe("own\n");
  }
  expectStatus(run("am", ...files), 0);
});

describe("a conflict", () => {
  beforeEach(() => {
    const song = readFileSync(join(tree, "song.txt"), "utf8");
    commit(tree, "other", { "song.txt": song.replace("line 9\n", "zeile 9\n") });
    expectStatus(run("am", ...files), 3);
    expect(noted()).toEqual(["- song: shout line 2", "- other"]);
  });
  const resolve = (): void => {
    const song = readFileSync(join(tree, "song.txt"), "utf8");
    writeFileSync(join(tree, "song.txt"), song.replace("line 10\n", "LINE 10\n"));
    git(tree, ["add", "song.txt"]);
  };
  const waiting = (): boolean => existsSync(join(tree, ".git", "patchsig", "am.json"));

  test("goes on without options of git am that others have put into the records", () => {
    const file = join(tree, ".git", "patchsig", "am.json");
    const pending = JSON.parse(readFileSync(file, "utf8")) as object;
    writeFileSync(file, JSON.stringify({ ...pending, forgotten: ["--none-of-git-am"] }));
    resolve();
    expectStatus(run("am", "--continue"), 0);
  });

  test("--continue writes the notes; what was resolved is told apart", () => {
    expect(run("am", "--show-current-patch=diff").stdout).toContain("+LINE 10\n");
    expectError(run("am", ...files), 3, /in progress/);
    resolve();
    expectStatus(run("am", "--continue"), 0);
    expect(noted()).toEqual([...ALL, "- other"]);
    expect(waiting()).toBe(false);
    const check = expectStatus(run("check-commit", "HEAD~2..HEAD"), 1);
    expect(check.stdout).toMatch(/diff amended; the same lines change, between others\n/);
    expectError(run("am", "--continue"), 3, "no am is in progress here");
  });

  test("after git am --continue, the next log writes them", () => {
    resolve();
    git(tree, ["am", "--continue"]);
    expect(noted()[0]).toBe("- song: credits");
    git(tree, ["checkout", "-q", "-b", "elsewhere", "HEAD~3"]);
    run("log", "-n1");
    git(tree, ["checkout", "-q", "main"]);
    expect(noted()).toEqual([...ALL, "- other"]);
  });

  test("--skip leaves one out, --abort all, --quit those to come", () => {
    expectStatus(run("am", "--skip"), 0);
    expect(noted()).toEqual(["+ song: credits", "+ song: shout line 2", "- other"]);
    git(tree, ["update-ref", "-d", NOTES]);
    const other = git(tree, ["rev-parse", "HEAD~2"]).toString().trim();
    for (const [word, after] of [
      ["--abort", ["- other"]],
      ["--quit", ["+ song: shout line 2", "- other"]],
    ] as const) {
      git(tree, ["reset", "-q", "--hard", other]);
      expectStatus(run("am", ...files), 3);
      expectStatus(run("am", word), 0);
      expect(noted()).toEqual(after);
      expect(waiting()).toBe(false);
    }
  });

  test("wrong words", () => {
    expectError(run("am", "--skip", "--abort"), 2, "--skip and --abort: only one of them");
    expectError(run("am", "--skip", files[0]!), 2, "--skip takes no mails");
  });
});

test("in a linked worktree, an am of its own", () => {
  const linked = join(newFolder(), "linked");
  git(tree, ["worktree", "add", "-q", "-b", "topic", linked]);
  const song = readFileSync(join(linked, "song.txt"), "utf8");
  commit(linked, "other", { "song.txt": song.replace("line 9\n", "zeile 9\n") });
  expectStatus(patchsig(["am", ...files], { home, cwd: linked }), 3);
  expectStatus(run("am", ...files), 0);
  expect(noted()).toEqual(ALL);
  expectStatus(patchsig(["am", "--skip"], { home, cwd: linked }), 0);
  expect(noted(linked)).toEqual(["+ song: credits", "+ song: shout line 2", "- other"]);
});

test("-C: the place is found by less context, and said to be another; --reject leaves .rej", () => {
  const song = readFileSync(join(tree, "song.txt"), "utf8");
  commit(tree, "other", { "song.txt": song.replace("line 8\n", "zeile 8\n") });
  expectStatus(run("am", "--reject", ...files), 3);
  expect(readFileSync(join(tree, "song.txt.rej"), "utf8")).toContain("+LINE 10\n");
  rmSync(join(tree, "song.txt.rej"));
  expectStatus(run("am", "--abort"), 0);
  expectStatus(run("am", "-C1", ...files), 0);
  expect(git(tree, ["show", "HEAD:song.txt"]).toString()).toContain("LINE 10\n");
  expect(run("check-commit", "HEAD~2..").stdout).toContain("the same lines change, between others");
  expectError(run("am", "-Cx", ...files), 2, "-C needs a number of lines");
});

describe("notes that are not written", () => {
  test("on request", () => {
    expectStatus(run("am", "--no-record", ...files), 0);
    git(tree, ["reset", "-q", "--hard", submission.baseCommit]);
    git(tree, ["config", "patchsig.record", "false"]);
    expectStatus(run("am", ...files), 0);
    expect(tryGit(tree, ["rev-parse", "-q", "--verify", NOTES]).status).toBe(1);
    git(tree, ["reset", "-q", "--hard", submission.baseCommit]);
    expectStatus(run("am", "--record", ...files), 0);
    expect(noted()).toEqual(ALL);
  });

  test("since the ref is locked: the commits stay, and it is said", () => {
    mkdirSync(join(tree, ".git", "refs", "notes"), { recursive: true });
    writeFileSync(join(tree, ".git", "refs", "notes", "patchsig.lock"), "");
    const { stderr } = expectStatus(run("am", ...files), 0);
    expect(stderr).toMatch(
      /^note: not recorded in refs\/notes\/patchsig: .+\nhint: .+\napplied 3 patches\n$/,
    );
    expect(noted()).toEqual(ALL.map((line) => line.replace("+", "-")));
  });
});

test("two maintainers' notes: pushed, fetched, merged by union", () => {
  const server = join(newFolder(), "server.git");
  git(tree, ["clone", "-q", "--bare", tree, server]);
  const other = join(newFolder(), "other");
  git(tree, ["clone", "-q", server, other]);
  git(tree, ["remote", "add", "origin", server]);
  expectStatus(run("am", "--partial", files[0]!), 0);
  git(tree, ["push", "-q", "origin", "main", NOTES]);
  // the other one has the commit, but noted it before the notes came
  git(other, ["pull", "-q", "origin", "main"]);
  expectStatus(patchsig(["am", ...files.slice(1), "--partial"], { home, cwd: other }), 0);
  const mine = git(tree, ["notes", `--ref=${NOTES}`, "show", "HEAD"]);
  const theirs = Buffer.from(
    mine.toString("latin1").replace("Maint <maint@", "Other <other@"),
    "latin1",
  );
  const blob = git(other, ["hash-object", "-w", "--stdin"], theirs).toString().trim();
  git(other, ["notes", `--ref=${NOTES}`, "add", "-C", blob, "HEAD~2"]);
  expect(tryGit(other, ["push", "-q", "origin", NOTES]).status).not.toBe(0);
  git(other, ["fetch", "-q", "origin", `+${NOTES}:refs/notes/origin/patchsig`]);
  git(other, [
    "notes",
    "--ref=patchsig",
    "merge",
    "-q",
    "--strategy=union",
    "refs/notes/origin/patchsig",
  ]);
  git(other, ["push", "-q", "origin", "main", NOTES]);
  const both = git(other, ["notes", `--ref=${NOTES}`, "show", "HEAD~2"]).toString("latin1");
  expect(both.match(/^applied-by: /gm)).toHaveLength(2);

  git(tree, ["fetch", "-q", "origin", "main", `${NOTES}:${NOTES}`]);
  const check = patchsig(["check-commit", `${submission.baseCommit}..FETCH_HEAD`], {
    home,
    cwd: tree,
  });
  expect(expectStatus(check, 0).stdout).toContain("3 commits: 3 as signed\n");
});

test("the pre-receive hook of docs/record.md", () => {
  const page = readFileSync(join(ROOT, "docs", "record.md"), "utf8");
  const script = /^```sh\n(#!\/bin\/sh\n# hooks\/pre-receive[^]*?)^```/m.exec(page)![1]!;
  const server = join(newFolder(), "server.git");
  git(tree, ["clone", "-q", "--bare", tree, server]);
  mkdirSync(join(server, "hooks"), { recursive: true });
  writeFileSync(join(server, "hooks", "pre-receive"), script);
  chmodSync(join(server, "hooks", "pre-receive"), 0o755);
  // git patchsig
  const bin = newFolder();
  writeFileSync(
    join(bin, "git-patchsig"),
    `#!/bin/sh\nexec '${process.execPath}' '${ROOT}/bin/patchsig.js' "$@"\n`,
  );
  chmodSync(join(bin, "git-patchsig"), 0o755);
  const admin = newFolder();
  const push = (...refs: string[]): { status: number | null; said: string } => {
    const env = {
      ...process.env,
      XDG_DATA_HOME: admin,
      PATH: bin + delimiter + process.env["PATH"],
    };
    const { status, stderr } = spawnSync("git", ["push", "-q", server, ...refs], {
      cwd: tree,
      env,
      encoding: "utf8",
    });
    return { status, said: stderr };
  };
  expectStatus(run("am", ...files), 0);
  // a key that the server does not know
  expect(push("main", NOTES)).toMatchObject({ status: 1, said: /pinned/ });
  expectStatus(patchsig(["trust", "accept", "alice@example.org", publicKey()], { home: admin }), 0);
  expect(push("main")).toMatchObject({ status: 1 });
  expect(push("main:other")).toMatchObject({ status: 0 });
  git(server, ["update-ref", "-d", "refs/heads/other"]);
  expect(push("main", NOTES)).toMatchObject({ status: 0 });
  git(tree, ["-c", `notes.rewriteRef=${NOTES}`, "commit", "-q", "--amend", "-m", "other words"]);
  expect(push("+main", NOTES)).toMatchObject({ status: 1 });
});
