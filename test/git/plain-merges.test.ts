/** Merges that git makes by itself, told from those in which somebody put something of his own. */

import { appendFileSync, chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { plainMerges } from "../../src/git/plain-merges.ts";
import { openRepository } from "../../src/git/repository.ts";
import { newFolder } from "../support/folders.ts";
import { gitIsAtLeast } from "../support/gits.ts";
import { commit, git, newRepository, tryGit } from "../support/repo.ts";

/** Older ones cannot merge trees: no merge is plain then. */
const merges = gitIsAtLeast(2, 38);

const LINES = Array.from({ length: 20 }, (_, i) => `line ${i + 1}\n`);
const song = (changes: Record<number, string>): string =>
  LINES.map((line, i) => changes[i + 1] ?? line).join("");

afterEach(() => vi.unstubAllEnvs());

let cwd: string;
let start: string;
beforeEach(() => {
  cwd = newRepository(join(newFolder(), "r"));
  start = commit(cwd, "start", { "song.txt": song({}), "tune.txt": song({}) });
});

/** Whether git merges by itself what these commits are the parents of. */
async function isPlain(...names: string[]): Promise<boolean[]> {
  const repository = await openRepository(cwd);
  const merges = names.map((one) => {
    const name = git(cwd, ["rev-parse", `${one}^0`])
      .toString()
      .trim();
    const raw = git(cwd, ["--no-replace-objects", "cat-file", "commit", name]).toString();
    const [tree = "", ...parents] = raw
      .split("\n")
      .flatMap((l) => /^(?:tree|parent) (.*)/.exec(l)?.[1] ?? []);
    return { name, tree, parents };
  });
  const plain = await plainMerges(repository, merges);
  return merges.map(({ name }) => plain.has(name));
}

type Files = Parameters<typeof commit>[2];

/** On a branch `side` and on main, each from the start. */
function fork(side: Files, main: Files): void {
  git(cwd, ["checkout", "-q", "-f", "-B", "side", start]);
  commit(cwd, "side", side);
  git(cwd, ["checkout", "-q", "-f", "-B", "main", start]);
  commit(cwd, "main", main);
}

/** Merges `side`, and commits what `resolve` leaves, whatever git says. */
function merge(resolve: Files | null = null, words: readonly string[] = []): void {
  const how = resolve === null ? "--no-edit" : "--no-commit";
  tryGit(cwd, ["merge", "-q", "--no-ff", how, ...words, "side"]);
  if (resolve !== null) commit(cwd, "merge", resolve);
  expect(git(cwd, ["rev-list", "--parents", "-1", "HEAD"]).toString().split(" ")).toHaveLength(3);
}

/** The program, settings and attributes that would merge every file. */
function driver(): string {
  const ran = join(newFolder(), "ran");
  const script = join(newFolder(), "merge");
  writeFileSync(script, `#!/bin/sh\ntouch '${ran}'\nexit 0\n`);
  chmodSync(script, 0o755);
  git(cwd, ["config", "merge.evil.driver", `${script} %O %A %B`]);
  git(cwd, ["config", "merge.default", "evil"]);
  mkdirSync(join(cwd, ".git/info"), { recursive: true });
  writeFileSync(join(cwd, ".git/info/attributes"), "* merge=evil\n");
  return ran;
}

test.runIf(merges)(
  "plain: other files, other lines, a rename, a side that has nothing, one that is only ahead",
  async () => {
    fork({ "tune.txt": "other\n" }, { "song.txt": song({ 3: "LINE 3\n" }) });
    merge();
    git(cwd, ["branch", "files"]);
    fork({ "song.txt": song({ 18: "LINE 18\n" }) }, { "song.txt": song({ 3: "LINE 3\n" }) });
    merge();
    git(cwd, ["branch", "lines"]);
    fork(
      { "song.txt": song({ 18: "LINE 18\n" }) },
      { "song.txt": null, "ballad.txt": song({ 3: "LINE 3\n" }) },
    );
    merge();
    git(cwd, ["branch", "renamed"]);
    git(cwd, ["checkout", "-q", "-f", "-B", "ahead", start]);
    merge();
    expect(await isPlain("files", "lines", "renamed", "ahead")).toEqual([true, true, true, true]);
  },
);

describe("not plain", () => {
  test("a line, a file or a mode more; a file less; only one side's files", async () => {
    const sides = [{ "tune.txt": "other\n" }, { "song.txt": song({ 3: "LINE 3\n" }) }] as const;
    fork(...sides);
    merge({ "song.txt": song({ 3: "LINE 3\n", 9: "evil\n" }) });
    git(cwd, ["branch", "line"]);
    fork(...sides);
    merge({ "evil.txt": "" });
    git(cwd, ["branch", "file"]);
    fork(...sides);
    merge({ "song.txt": null });
    git(cwd, ["branch", "less"]);
    fork(...sides);
    merge({}, ["-s", "ours"]);
    git(cwd, ["branch", "ours"]);
    fork(...sides);
    tryGit(cwd, ["merge", "-q", "--no-ff", "--no-commit", "side"]);
    git(cwd, ["update-index", "--chmod=+x", "song.txt"]);
    git(cwd, ["commit", "-qm", "mode"]);
    git(cwd, ["branch", "mode"]);
    expect(await isPlain("line", "file", "less", "ours", "mode")).toEqual(Array(5).fill(false));
  });

  test("a conflict, however it was resolved: by one side's lines, or as git left it", async () => {
    fork({ "song.txt": song({ 3: "side\n" }) }, { "song.txt": song({ 3: "main\n" }) });
    merge({ "song.txt": song({ 3: "main\n" }) });
    git(cwd, ["branch", "lines"]);
    fork({ "song.txt": null }, { "song.txt": song({ 3: "main\n" }) });
    merge({ "song.txt": song({ 3: "main\n" }) });
    git(cwd, ["branch", "kept"]);
    fork({ "song.txt": song({ 3: "side\n" }) }, { "song.txt": song({ 3: "main\n" }) });
    tryGit(cwd, ["merge", "-q", "side"]);
    git(cwd, ["commit", "-qam", "with its markers"]);
    git(cwd, ["branch", "markers"]);
    expect(await isPlain("lines", "kept", "markers")).toEqual([false, false, false]);
  });
});

test.runIf(merges)("many at once, in any order, and long diffs among them", async () => {
  const expected: Record<string, boolean> = {};
  for (let i = 0; i < 12; i++) {
    fork({ "tune.txt": `${i}\n` }, { "song.txt": song({ 3: `${i}\n` }) });
    const isEvil = i % 3 === 0;
    merge(isEvil ? { evil: `${i}\n${"0123456789abcdef".repeat(20_000)}\n` } : null);
    git(cwd, ["branch", `m${i}`]);
    expected[`m${i}`] = !isEvil;
  }
  const names = Object.keys(expected).toReversed();
  expect(await isPlain(...names)).toEqual(names.map((name) => expected[name]));
});

describe("whatever stands in the repository", () => {
  beforeEach(() => {
    fork({ "song.txt": song({ 3: "side\n" }) }, { "song.txt": song({ 3: "main\n" }) });
    merge({ "song.txt": song({ 3: "main\n" }) });
  });

  test("no program runs that settings, attributes or the environment name for merging", async () => {
    const ran = driver();
    commit(cwd, "attributes", { ".gitattributes": "* merge=union diff=evil filter=evil\n" });
    git(cwd, ["config", "diff.evil.command", `touch ${ran}`]);
    git(cwd, ["config", "diff.evil.textconv", `touch ${ran}`]);
    git(cwd, ["config", "filter.evil.smudge", `touch ${ran}`]);
    git(cwd, ["config", "diff.external", `touch ${ran}`]);
    const home = newFolder();
    writeFileSync(join(home, "config"), "[merge]\n\tdefault = evil\n");
    appendFileSync(join(home, "config"), `[merge "evil"]\n\tdriver = touch ${ran}\n`);
    for (const [name, value] of Object.entries({
      GIT_CONFIG_GLOBAL: join(home, "config"),
      GIT_CONFIG_PARAMETERS: "'merge.default'='union'",
      GIT_CONFIG_KEY_0: "merge.default",
      GIT_CONFIG_VALUE_0: "union",
      GIT_CONFIG_COUNT: "1",
      GIT_WORK_TREE: cwd,
      GIT_DIR: join(cwd, ".git"),
      GIT_EXTERNAL_DIFF: `touch ${ran}`,
    })) {
      vi.stubEnv(name, value);
      expect(await isPlain("HEAD~1")).toEqual([false]);
    }
    vi.unstubAllEnvs();
    expect(existsSync(ran)).toBe(false);
    // it does merge by that program
    tryGit(cwd, ["checkout", "-q", "-f", "HEAD~1^1"]);
    tryGit(cwd, ["merge", "-q", "side"]);
    expect(existsSync(ran)).toBe(true);
  });

  test("replace refs and grafts change nothing; nothing is written", async () => {
    const [other] = [commit(cwd, "other", { "song.txt": song({}) })];
    git(cwd, ["replace", "HEAD~1^2", other]);
    mkdirSync(join(cwd, ".git/info"), { recursive: true });
    const [tip, one] = git(cwd, ["rev-parse", "HEAD~1", "HEAD~1^1"]).toString().trim().split("\n");
    writeFileSync(join(cwd, ".git/info/grafts"), `${tip} ${one} ${one}\n`);
    const before = git(cwd, ["count-objects", "-v"]).toString();
    expect(await isPlain("HEAD~1")).toEqual([false]);
    expect(git(cwd, ["count-objects", "-v"]).toString()).toBe(before);
  });

  test.runIf(merges)("a shallow clone, a missing object: not known, and no error", async () => {
    fork({ "song.txt": song({ 18: "LINE 18\n" }) }, { "song.txt": song({ 3: "LINE 3\n" }) });
    merge();
    git(cwd, ["branch", "lines"]);
    fork({ "tune.txt": "other\n" }, { "song.txt": song({ 3: "LINE 3\n" }) });
    merge();
    expect(await isPlain("HEAD", "lines")).toEqual([true, true]);
    const blob = git(cwd, ["rev-parse", "lines^2:song.txt"]).toString().trim();
    rmSync(join(cwd, ".git/objects", blob.slice(0, 2), blob.slice(2)));
    expect(await isPlain("HEAD")).toEqual([true]);
    expect(await isPlain("lines")).toEqual([false]);
    writeFileSync(join(cwd, ".git/shallow"), git(cwd, ["rev-parse", "HEAD^1"]));
    expect(await isPlain("HEAD")).toEqual([false]);
  });
});

test.runIf(merges)("sha256", async () => {
  cwd = join(newFolder(), "r");
  git(newFolder(), ["init", "-q", "-b", "main", "--object-format=sha256", cwd]);
  start = commit(cwd, "start", { "song.txt": song({}), "tune.txt": song({}) });
  fork({ "tune.txt": "other\n" }, { "song.txt": song({ 3: "LINE 3\n" }) });
  merge();
  expect(await isPlain("HEAD")).toEqual([true]);
});
