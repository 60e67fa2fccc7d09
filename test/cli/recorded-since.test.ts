/** `patchsig.recordedSince`: what is older than the records, through the program. */

import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { patchsig, records, type Run } from "../support/cli.ts";
import { lieInGraph } from "../support/commit-graph.ts";
import { problems, schemaOf } from "../support/json-schema.ts";
import { git } from "../support/repo.ts";
import {
  expectError,
  expectStatus,
  newFolder,
  newHome,
  newSubmission,
  signedPatches,
} from "./support.ts";

const NOTES = "refs/notes/patchsig";
const SETTING = "patchsig.recordedSince";
const ALICE = "--author=Alice <alice@example.org>";

/** Alice's commits `old` and `before`, then those that am applied; and Alice is known. */
let applied: { tree: string; home: string; since: string };
beforeAll(() => {
  const { work, base } = newSubmission();
  const [home, tree] = [newFolder(), join(newFolder(), "tree")];
  cpSync(base, tree, { recursive: true });
  for (const title of ["old", "before"])
    git(tree, ["commit", "-q", "--allow-empty", ALICE, "-m", title]);
  const since = nameOf("HEAD", tree);
  expectStatus(patchsig(["am", ...signedPatches(work, newHome(7))], { home, cwd: tree }), 0);
  applied = { tree, home, since };
});

let tree: string;
beforeEach(() => {
  tree = join(newFolder(), "tree");
  cpSync(applied.tree, tree, { recursive: true });
});

function nameOf(commit: string, cwd = tree): string {
  return git(cwd, ["rev-parse", commit]).toString().trim();
}

const set = (value: string): Buffer => git(tree, ["config", SETTING, value]);

function run(args: readonly string[], cwd = tree): Run {
  return patchsig(args, { home: applied.home, cwd });
}

/** Each commit of a walk: its subject, status and verdict. */
function seen(words: readonly string[], cwd = tree): string[] {
  const listed = run(["log", "--json", ...words], cwd);
  return records(expectStatus(listed, 0)).map((one) => {
    expect(problems(one, schemaOf("record"))).toEqual([]);
    const { subject, status, verdict } = one as Record<string, string>;
    return `${subject} ${status} ${verdict}`;
  });
}

const OLD = ["before none warn", "old none warn"];
const UNSET = ["before none fail", "old none fail"];

test("unset, older commits fail, and the way out is said; set, they are without a note", () => {
  const range = `${applied.since}~2..HEAD`;
  const before = expectStatus(run(["check-commit", range]), 1);
  expect(run(["check-commit", applied.since]).stderr).not.toContain(SETTING);
  expect(before.stdout).toMatch(/\nFAIL {2}\w+ {2}before +no note\n +alice@.*\nFAIL .* old /);
  expect(before.stderr).toBe(
    `hint: from before your first am? the last such commit: git config ${SETTING} COMMIT\n`,
  );
  expect(seen([range])).toEqual(expect.arrayContaining(UNSET));
  set(applied.since.toUpperCase());
  const after = expectStatus(run(["check-commit", range]), 0);
  expect(after.stdout).toMatch(
    /\nnone {2}\w+ {2}before +no note\nnone {2}\w+ {2}old +no note\n5 comm/,
  );
  expect(after.stderr).toBe("");
  expect(seen([range])).toEqual(expect.arrayContaining(OLD));
  expect(run(["log", "-n", "1", applied.since]).stdout).toMatch(
    /^commit \w+ {2}none\nAuthor: .*\n\n/,
  );
});

test("a stricter policy of the settings softens alike; --require does not", () => {
  set(applied.since);
  git(tree, ["config", "patchsig.require", "signature"]);
  expectStatus(run(["check-commit", applied.since, `${applied.since}~2`]), 0);
  const required = run(["check-commit", "--require", "signature", applied.since]);
  expect(expectStatus(required, 1).stdout).toContain("the policy wants a signature");
});

describe("what still fails", () => {
  beforeEach(() => set(applied.since));

  test("a later commit that was amended, without its note", () => {
    git(tree, ["commit", "-q", "--amend", "-m", "other words"]);
    expect(seen(["-n", "1"])).toEqual(["other words none fail"]);
    expect(expectStatus(run(["check-commit"]), 1).stderr).not.toContain(SETTING);
  });

  test("a later commit whose note was removed, and that is dated and ordered as if it were old", () => {
    git(tree, ["notes", `--ref=${NOTES}`, "remove", "HEAD~1"]);
    expect(seen(["-n", "1", "HEAD~1"])).toEqual([expect.stringMatching(/ none fail$/)]);
    git(tree, ["checkout", "-q", "--detach", `${applied.since}~1`]);
    const date = "2001-01-01T00:00:00Z";
    vi.stubEnv("GIT_COMMITTER_DATE", date);
    git(tree, ["commit", "-q", "--allow-empty", ALICE, `--date=${date}`, "-m", "fork"]);
    vi.stubEnv("GIT_COMMITTER_DATE", undefined);
    git(tree, ["branch", "fork"]);
    expect(seen(["fork"]).slice(0, 2)).toEqual(["fork none fail", "old none warn"]);
    expect(
      seen(["fork", "main"])
        .filter((one) => /^(?:fork|old|before) /.test(one))
        .toSorted(),
    ).toEqual([...OLD, "fork none fail"].toSorted());
  });

  test("a later commit that a commit-graph calls a parent of an older one", () => {
    git(tree, ["checkout", "-q", "--detach", `${applied.since}~2`]);
    vi.stubEnv("GIT_COMMITTER_DATE", "2001-01-01T00:00:00Z");
    git(tree, ["commit", "-q", "--allow-empty", ALICE, "-m", "fork"]);
    vi.stubEnv("GIT_COMMITTER_DATE", undefined);
    git(tree, ["branch", "fork"]);
    lieInGraph(tree, nameOf(`${applied.since}~1`), nameOf("fork"));
    expect(git(tree, ["rev-list", "fork", `^${applied.since}`]).toString()).toBe("");
    const all = seen(["main", "fork"]);
    expect(all.filter((one) => /^(?:fork|old|before) /.test(one))).toEqual([
      ...OLD,
      "fork none fail",
    ]);
  });

  test("an old commit that was amended: it has another name", () => {
    git(tree, ["checkout", "-q", "--detach", applied.since]);
    git(tree, ["commit", "-q", "--amend", "--allow-empty", "-m", "before, amended"]);
    expect(seen(["-n", "2"])).toEqual(["before, amended none fail", "old none warn"]);
  });

  test("an old commit with a note that says otherwise", () => {
    git(tree, ["notes", `--ref=${NOTES}`, "copy", "HEAD", applied.since]);
    git(tree, ["notes", `--ref=${NOTES}`, "add", "-m", "garbage", `${applied.since}~1`]);
    expect(seen(["-n", "2", applied.since])).toEqual(["before moved fail", "old forged fail"]);
  });
});

test("what is no full name is refused; an empty value takes back those before it", () => {
  git(tree, ["tag", "v1", applied.since]);
  git(tree, ["tag", "--", "abcdef1234", applied.since]);
  for (const value of [
    "main",
    "HEAD",
    "v1",
    "abcdef1234",
    applied.since.slice(0, 39),
    "-x",
    `^${applied.since}`,
  ]) {
    set(value);
    for (const name of ["log", "check-commit"])
      expectError(run([name]), 2, `${SETTING} cannot be ${value}`);
    expect(run(["log"]).stderr).toMatch(
      /\nhint: it can be a commit's full name, which never moves: git rev-parse .*\n$/,
    );
  }
  expectStatus(run(["check-commit", "--require", "signature"]), 0);
  git(tree, ["config", "--add", SETTING, ""]);
  expect(seen(["-n", "1", applied.since])).toEqual(["before none fail"]);
  git(tree, ["config", "--add", SETTING, applied.since]);
  git(tree, ["config", "--add", SETTING, "0".repeat(40)]);
  git(tree, ["config", "--add", SETTING, "0".repeat(64)]);
  expect(seen(["-n", "2", applied.since])).toEqual(OLD);
});

test("a commit that is not here, as in a shallow clone, excuses nothing, and that is said", () => {
  const clone = join(newFolder(), "clone");
  git(tree, ["clone", "-q", "--depth=2", `file://${tree}`, clone]);
  git(clone, ["fetch", "-q", "origin", `${NOTES}:${NOTES}`]);
  git(clone, ["config", SETTING, applied.since]);
  expect(expectStatus(run(["check-commit", "HEAD"], clone), 0).stderr).toBe("");
  git(clone, ["commit", "-q", "--allow-empty", ALICE, "-m", "mine"]);
  const missed = expectStatus(run(["check-commit", "HEAD", "HEAD~1"], clone), 1);
  expect(missed.stderr).toBe(`note: no commit that ${SETTING} names is here\n`);
  git(clone, ["fetch", "-q", "--depth=4"]);
  expect(seen(["main~4"], clone)).toEqual(["before none warn"]);
});

test("a file in the work tree does not set it, nor the settings of a bare repository", () => {
  writeFileSync(join(tree, ".gitconfig"), `[patchsig]\n\trecordedSince = ${applied.since}\n`);
  expect(seen(["-n", "1", applied.since])).toEqual(["before none fail"]);
  const bare = join(newFolder(), "bare");
  git(tree, ["clone", "-q", "--bare", tree, bare]);
  git(bare, ["config", SETTING, applied.since]);
  expect(seen(["-n", "1", applied.since], bare)).toEqual(["before none fail"]);
});
