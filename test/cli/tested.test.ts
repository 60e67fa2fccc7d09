/** `patchsig tested`: the exit status is the answer. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeMbox } from "../app/search/index.ts";
import { PUBLIC, result } from "../app/search/results.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";
import { writeHistory } from "../support/history.ts";
import { commit, git, newRepository } from "../support/repo.ts";
import { formatPatch, newHome, newSubmission, signedPatches } from "./support.ts";

test("pass, fail, or not known", () => {
  const home = newFolder();
  const repository = newRepository(join(home, "repository"));
  commit(repository, "one", { a: "1\n" });
  const tree = git(repository, ["rev-parse", "HEAD^{tree}"]).toString().trim();
  commit(repository, "two", { a: "2\n" });
  const failed = git(repository, ["rev-parse", "HEAD^{tree}"]).toString().trim();
  const mbox = writeMbox(join(home, "results"), [
    result({ tree }),
    result({ tree: failed, result: "fail" }),
  ]);
  const env = { XDG_CACHE_HOME: join(home, "cache") };
  const tested = (...args: readonly string[]): Run =>
    patchsig(["tested", ...args, "--test", "net.all"], { home, cwd: repository, env });

  expect(tested("HEAD~1", "--update", "--source", mbox)).toMatchObject({
    status: 3,
    stdout: expect.stringMatching(/claims only: no key that counts\n  pass .* \(does not count\)/),
  });
  const accept = ["trust", "accept", "--result-only", "ci@example.org", PUBLIC];
  expect(patchsig(accept, { home, env }).status).toBe(0);
  expect(tested("HEAD~1")).toMatchObject({ status: 0, stderr: "" });
  expect(tested()).toMatchObject({ status: 1, stdout: expect.stringContaining("FAIL") });
  expect(tested("HEAD~1", "--env", "arch=arm64").status).toBe(3);
  const [record] = records(tested("HEAD~1", "--json"));
  expect(record).toMatchObject({ type: "tested", tree, answer: "pass" });
  expect(tested("nothing")).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("nothing names no commit, no tree and no mails here"),
  });
  expect(tested("--max-age", "0").status).toBe(2);
  // no result could match: a typo, or a variable that is not set
  for (const entry of ["arch", "arch=", "arch=\u00fc"])
    expect(tested("--env", entry).stderr).toContain("--env takes key=value");
  expect(tested("--env", "arch=arm64", "--env", "arch=x86_64").status).toBe(2);
});

test("a mail that cannot be read could be a result: that is noted each time", () => {
  const home = newFolder();
  const inbox = join(home, "inbox", "git", "0.git");
  mkdirSync(inbox, { recursive: true });
  git(inbox, ["init", "-q", "--bare"]);
  const lost = Buffer.from("From: a@x\nSubject: lost\nMessage-ID: <lost@x>\n\n.\n");
  writeHistory(inbox, [lost, result()], 1);
  const args = ["hash-object", "--stdin"];
  const blob = git(inbox, args, lost).toString().trim();
  rmSync(join(inbox, "objects", blob.slice(0, 2), blob.slice(2)));
  const env = { XDG_CACHE_HOME: join(home, "cache") };
  const cwd = newRepository(join(home, "repository"));
  commit(cwd, "one", { a: "1\n" });
  const words = ["tested", "--test", "net.all", "--update", "--source", join(home, "inbox")];
  const said = [1, 2, 3].map(() => patchsig(words, { home, cwd, env }).stderr);
  expect(said[0]).toContain("the mail is not there");
  expect(said[1]).toBe("note: 1 mail could not be read, as was said before\n");
  expect(said[2]).toBe(said[1]);
});

test("a series, by the tree that it makes of its base", () => {
  const { base, work, baseCommit } = newSubmission();
  const home = newFolder();
  const env = { XDG_CACHE_HOME: join(home, "cache") };
  const treeOf = (name: string): string =>
    git(work, ["rev-parse", `${name}^{tree}`])
      .toString()
      .trim();
  const mboxOf = (name: string, files: readonly string[]): string => {
    const file = join(newFolder(), name);
    writeFileSync(file, files.map((one) => readFileSync(one)).join("\n"));
    return file;
  };
  const results = writeMbox(join(home, "results"), [
    result({ tree: treeOf("HEAD") }),
    result({ tree: treeOf("HEAD~1"), result: "fail" }),
  ]);
  const run = (cwd: string, ...args: readonly string[]): Run =>
    patchsig(["tested", "--test", "net.all", ...args], { home, cwd, env });
  const accept = ["trust", "accept", "--result-only", "ci@example.org", PUBLIC];
  expect(patchsig(accept, { home, env }).status).toBe(0);
  expect(run(work, "--update", "--source", results).status).toBe(0);

  const signed = signedPatches(work, newHome(9), ["--thread"]);
  const whole = mboxOf("whole", signed);
  // where nobody has applied it
  expect(run(base, whole)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^net\.all on tree [0-9a-f]{12}: pass\n/),
    stderr: expect.stringMatching(/^v1 song: shout line 2: on [0-9a-f]{12} it makes tree /),
  });
  const [, id] = /^Message-ID: <(.*)>$/im.exec(readFileSync(signed[1]!, "utf8"))!;
  git(base, ["config", "patchsig.source", whole]);
  expect(run(base, id!).status).toBe(0);
  expect(run(base, whole, "--env", "arch=arm64").status).toBe(3);
  // two of the three are another series, which failed
  const half = mboxOf("half", formatPatch(work, [], "origin/main..HEAD~1"));
  expect(run(base, half)).toMatchObject({ status: 1, stdout: expect.stringContaining("FAIL") });

  // the same patches on another base: another tree
  commit(base, "meanwhile", { other: "1\n" });
  expect(run(base, whole).status).toBe(0);
  expect(run(base, whole, "--base", "HEAD")).toMatchObject({
    status: 3,
    stdout: expect.stringContaining("not tested"),
  });

  const cases: readonly [string, readonly string[], string, string][] = [
    ["part of it", [], mboxOf("part", signed.slice(0, 2)), "patches are missing"],
    ["no base", ["--base", "HEAD~1"], mboxOf("plain", formatPatch(work, ["--no-base"])), ""],
    ["none named", [], mboxOf("plain", formatPatch(work, ["--no-base"])), "no base is known"],
  ];
  for (const [what, args, mails, why] of cases) {
    const { status, stderr } = run(base, mails, ...args);
    expect([what, status]).toEqual([what, why === "" ? 0 : 3]);
    expect(stderr).toContain(why);
  }
  // with what has to come before it, and without
  const last = mboxOf("last", formatPatch(work, [], "HEAD~1.."));
  expect(run(work, last).status).toBe(0);
  expect(run(base, last).stderr).toContain("a prerequisite is not here");
  const away = newRepository(newFolder());
  commit(away, "other", { a: "1\n" });
  expect(run(away, whole)).toMatchObject({
    status: 3,
    stderr: expect.stringContaining(`the base ${baseCommit.slice(0, 12)} is not here`),
  });
  expect(run(base, "--base", "HEAD")).toMatchObject({ status: 2 });
});
