/** `patchsig result`: from a job's report to what it is worth elsewhere. */

import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { patchsig, patchsigEach, records, type Run } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";
import { problems, schemaOf } from "../support/json-schema.ts";
import { commit, git, newRepository } from "../support/repo.ts";
import { check } from "../support/signing.ts";
import { newHome, newSubmission, publicKey, signedPatches } from "./support.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const FIXTURES = join(ROOT, "fixtures", "result");
const CI = { GIT_AUTHOR_NAME: "Example CI", GIT_AUTHOR_EMAIL: "ci@example.org" };
const KEY = readFileSync(join(FIXTURES, "ci.pub"), "utf8").split("\n")[1]!;
const TAP = "1..3\nok 1 - a\nok 2 - b c\nok 3 # SKIP no net\n";

let repository: string;
let home: string;
let key: string;

beforeAll(() => {
  repository = oneCommit();
  home = newFolder();
  // as a job gets it: a file of its own, without a password
  key = join(home, "ci.key");
  copyFileSync(join(FIXTURES, "ci.key"), key);
  chmodSync(key, 0o600);
});

function oneCommit(): string {
  const work = newRepository(newFolder());
  commit(work, "one", { file: "one\n" });
  return work;
}

function sign(args: readonly string[], input = "", cwd = repository): Run {
  const words = ["result", "sign", "--test", "unit.words", "--key", key, ...args];
  return patchsig(words, { home, cwd, input, env: CI });
}

const field = ({ stdout }: Run, name: string): string =>
  new RegExp(`^${name}: (.*)$`, "m").exec(stdout)?.[1] ?? "";

test("a report is signed, shown, accepted and exported", () => {
  const tap = join(newFolder(), "report.tap");
  writeFileSync(tap, TAP);
  utimesSync(tap, 1_790_000_000, 1_790_000_000);
  const log = "https://ci.example.org/1";
  const args = ["--tap", tap, "--env", "cc=gcc-14", "--env", "arch=x86_64", "--log", log];
  const run = sign(args);
  expect([run.status, run.stderr]).toEqual([
    0,
    expect.stringContaining("pass: unit.words of tree"),
  ]);
  expect(field(run, "tree")).toBe(git(repository, ["rev-parse", "HEAD^{tree}"]).toString().trim());
  expect(field(run, "counts")).toBe("pass=2 fail=0 error=0 miss=0 done=0 skip=1");
  // nobody else has this commit
  expect([field(run, "commit"), field(run, "t")]).toEqual(["-", "1790000000"]);
  expect(run.stdout).toContain("env: arch=x86_64\nenv: cc=gcc-14\n");
  expect(check(Buffer.from(run.stdout)).kind).toBe("other");
  // the same report is the same mail, whenever it is signed
  expect(sign(args).stdout).toBe(run.stdout);

  const mail = join(newFolder(), "result.eml");
  writeFileSync(mail, run.stdout);
  const trusting = newFolder();
  const show = ["result", "show", "--json", mail];
  const formats = ["kcidb", "in-toto", "patchwork", "b4", "trailer"];
  const [before, accept, after, ...exported] = patchsigEach(
    [
      show,
      ["trust", "accept", "--result-only", "ci@example.org", KEY],
      show,
      ...formats.map((format) => ["result", "export", "--as", format, mail]),
    ],
    trusting,
  );
  expect(accept!.status).toBe(0);
  const worths = [before!, after!].map((one) => records(one)[0]!["worth"]);
  expect(worths).toEqual(["claims", "counts"]);
  expect(problems(records(after!)[0]!, schemaOf("result"))).toEqual([]);
  const [kcidb, inToto, patchwork, b4] = exported.slice(0, 4).map((one) => JSON.parse(one.stdout));
  expect(kcidb.tests.map((one: { path: string }) => one.path)).toEqual([
    "unit.words",
    "unit.words.a",
    "unit.words.b_c",
    "unit.words.no_net",
  ]);
  expect(inToto.predicate.result).toBe("PASSED");
  expect(patchwork).toMatchObject({ state: "success", context: "unit-words-x86_64-gcc-14" });
  expect(b4).toMatchObject([{ tool: "unit.words", status: "pass" }]);
  expect(exported[4]!.stdout).toMatch(/^Tested-by: ci@example\.org # unit\.words arch=x86_64/);
});

test("which patches are in it: by what am noted, or by the mails", () => {
  const { base, work, baseCommit } = newSubmission();
  const files = signedPatches(work, newHome(7));
  const plain = join(newFolder(), "plain");
  git(plain.slice(0, -6), ["clone", "-q", base, "plain"]);
  git(plain, ["am", "-q", ...files]);
  patchsig(["am", "-q", ...files], { home, cwd: base });
  const source = ["base", "commit", "patches", "series", "message"];
  const fields = (run: Run): string[] => source.map((name) => field(run, name));

  const noted = sign(["--status", "pass"], "", base);
  const mbox = join(newFolder(), "mbox");
  writeFileSync(mbox, files.map((file) => readFileSync(file)).join("\n"));
  const mails = sign(["--status", "pass", "--patches", mbox, "--base", baseCommit], "", plain);
  const [tree, , patches, series] = [field(noted, "tree"), ...fields(noted).slice(1)];
  expect(field(mails, "tree")).toBe(tree);
  expect(fields(mails).slice(0, 4)).toEqual([baseCommit, "-", patches, series]);
  expect(fields(noted).slice(0, 2)).toEqual([baseCommit, "-"]);
  expect(series).toMatch(/^[0-9a-f]{32}$/);
  // as the spec says it: the digests of the attestations
  const digests = patchsigEach(
    files.map((file) => ["attestation", file]),
    home,
  ).map(({ stdout }) => /^diff: (.*)$/m.exec(stdout)![1]!);
  const text = ["patchsig-patches-v1", ...digests].map((line) => `${line}\n`).join("");
  expect(createHash("sha256").update(text).digest("hex")).toBe(patches);

  // an amended commit is not what was noted; half a series is none
  git(base, ["commit", "-q", "--amend", "-m", "other"]);
  expect(fields(sign(["--status", "pass"], "", base))[2]).toBe("-");
  const half = sign(["--status", "pass", "--patches", files[1]!], "", plain);
  expect([half.status, half.stderr]).toEqual([2, expect.stringContaining("one whole series")]);
});

/** In one process, in the repository: its settings name the CI. */
function signEach(all: readonly (readonly string[])[]): Run[] {
  git(repository, ["config", "user.name", "Example CI"]);
  git(repository, ["config", "user.email", "ci@example.org"]);
  const start = ["result", "sign", "--test", "unit.words", "--key", key];
  return patchsigEach(
    all.map((words) => (words[0] === "feed" ? words : [...start, ...words])),
    repository,
  );
}

test("it is added to a feed, once; another word of the same run is refused", () => {
  const feed = join(newFolder(), "feed");
  const tap = join(newFolder(), "report.tap");
  writeFileSync(tap, TAP);
  const to = ["--to-feed", feed];
  const [made, first, again, other, second] = signEach([
    ["feed", "init", feed, "--name", "results", "--url", "https://example.org/results"],
    ["--tap", tap, ...to],
    ["--tap", tap, ...to],
    ["--status", "fail", ...to],
    ["--status", "fail", "--run", "2", ...to],
  ]);
  expect([made, first, again, other, second].map((run) => run!.status)).toEqual([0, 0, 0, 3, 0]);
  expect(first!.stderr).toContain(`added to ${feed}`);
  expect(again!.stderr).toContain("the feed has it already");
  expect(other!.stdout).toBe("");
  expect(other!.stderr).toMatch(/another result of this run of .*\nhint: .*: --run 2\n$/);
});

test("a harness that failed makes it worse, and passed does not make it better", () => {
  const [good, bad] = [join(newFolder(), "good.tap"), join(newFolder(), "bad.tap")];
  writeFileSync(good, TAP);
  writeFileSync(bad, "1..1\nnot ok 1\n");
  const runs = signEach([
    ["--tap", good, "--status", "failure"],
    ["--tap", bad, "--status", "success"],
    ["--tap", good, "--status", "cancelled"],
    ["--status", "neutral"],
    // killed before its end
    ["--tap", good, "--junit", bad, "--status", "cancelled"],
    ["--junit", bad, "--status", "success"],
  ]);
  expect(runs.map((run) => [run.status, field(run, "result"), field(run, "counts")])).toEqual([
    [0, "fail", "pass=2 fail=0 error=0 miss=0 done=0 skip=1"],
    [0, "fail", "pass=0 fail=1 error=0 miss=0 done=0 skip=0"],
    [0, "miss", "pass=2 fail=0 error=0 miss=0 done=0 skip=1"],
    [0, "done", "-"],
    [0, "miss", "-"],
    [3, "", ""],
  ]);
  expect(runs[4]!.stderr).toContain(
    "bad.tap: not well-formed XML in line 1: --status alone is signed",
  );
});

test("what cannot be signed is refused by name, before a password is asked for", () => {
  const dtd = join(newFolder(), "dtd.xml");
  writeFileSync(dtd, "<!DOCTYPE x><testsuite/>");
  // a gigabyte, of which the disk has nothing
  const large = join(newFolder(), "large.xml");
  writeFileSync(large, "");
  truncateSync(large, 1 << 30);
  const pass = ["--status", "pass"];
  const cases: [string[], number, string][] = [
    [["--junit", dtd], 3, "dtd.xml: it has a DTD"],
    [["--junit", large], 3, "large.xml: larger than 64 MiB"],
    [[], 2, "what was the outcome of the run?"],
    [[...pass, "--env", "cc=gcc 14"], 2, "--env takes key=value"],
    [[...pass, "--env", "a=1", "--env", "a=2"], 2, "--env a is given twice"],
    [["--status", "green"], 2, '--status does not know "green"'],
    [["--status", "constructor"], 2, '--status does not know "constructor"'],
    [[...pass, "nowhere"], 2, "nowhere names no commit"],
    [[...pass, "--log", "file:///x"], 2, "--log takes a URL"],
    [[...pass, "--run", "0"], 2, "--run takes a number from 1 on"],
    [["--junit", "nowhere.xml"], 3, "no such file: nowhere.xml"],
  ];
  const start = ["result", "sign", "--test", "unit", "--key", "/dev/null"];
  const runs = patchsigEach(
    cases.map(([args]) => [...start, ...args]),
    repository,
  );
  for (const [i, [args, status, why]] of cases.entries()) {
    expect([args, runs[i]!.status, runs[i]!.stdout]).toEqual([args, status, ""]);
    expect(runs[i]!.stderr).toContain(why);
  }
});

test("a tree that is not committed is refused", () => {
  const work = oneCommit();
  writeFileSync(join(work, "artefact"), "two\n");
  expect(sign(["--status", "pass"], "", work).stderr).toContain("1 untracked file");
  writeFileSync(join(work, "file"), "two\n");
  const run = sign(["--status", "pass"], "", work);
  expect([run.status, run.stdout]).toEqual([3, ""]);
  expect(run.stderr).toContain("file is not as committed");
  expect(sign(["--status", "pass", "HEAD"], "", work).status).toBe(0);
});

test.each(["assume-unchanged", "skip-worktree"])("one that git was told not to see: %s", (how) => {
  const work = oneCommit();
  git(work, ["update-index", `--${how}`, "file"]);
  writeFileSync(join(work, "file"), "two\n");
  const run = sign(["--status", "pass"], "", work);
  expect([run.status, run.stdout]).toEqual([3, ""]);
  expect(run.stderr).toContain("git was told not to look whether file is as committed");
  // a sparse checkout
  rmSync(join(work, "file"));
  expect(sign(["--status", "pass"], "", work).status).toBe(how === "skip-worktree" ? 0 : 3);
});

test("one that a setting of git's hides", () => {
  const work = oneCommit();
  git(work, ["config", "core.trustctime", "false"]);
  git(work, ["config", "core.checkStat", "minimal"]);
  const file = join(work, "file");
  utimesSync(file, 1_600_000_000, 1_600_000_000);
  git(work, ["update-index", "--refresh"]);
  writeFileSync(`${file}.new`, readFileSync(file, "utf8").replace(/./g, "x"));
  utimesSync(`${file}.new`, 1_600_000_000, 1_600_000_000);
  renameSync(`${file}.new`, file);
  expect(git(work, ["status", "--porcelain"]).toString()).toBe("");
  expect(sign(["--status", "pass"], "", work).stderr).toContain("file is not as committed");
});

test("a key for results signs no patches; revoked, it voids its results", () => {
  const { work } = newSubmission();
  const [patch] = signedPatches(work, newHome(7), [], "-1");
  const theirs = publicKey(7);
  const [, verify, refused, , , show] = patchsigEach(
    [
      ["trust", "accept", "--result-only", "alice@example.org", theirs],
      ["verify", "--json", patch!],
      ["trust", "accept", "alice@example.org", theirs],
      ["trust", "accept", "--result-only", "ci@example.org", KEY],
      ["trust", "revoke", "ci@example.org"],
      ["result", "show", "--json", join(FIXTURES, "passed.eml")],
    ],
    newFolder(),
  );
  const [verdict] = records(verify!);
  expect([verify!.status, verdict!["verdict"], verdict!["trust"]]).toEqual([
    1,
    "fail",
    "result-only",
  ]);
  expect(verdict!["findings"].map((one: { code: string }) => one.code)).toContain(
    "key-result-only",
  );
  expect(refused!.stderr).toContain("for test results, and never for patches");
  expect(records(show!)[0]!["worth"]).toBe("void");
});

test("attestation prints the signed text", () => {
  const [text, minisig] = patchsigEach(
    [[], ["--minisig"]].map((more) => ["attestation", ...more, join(FIXTURES, "passed.eml")]),
    newFolder(),
  );
  expect(text!.stdout).toBe(readFileSync(join(FIXTURES, "passed.text"), "utf8"));
  expect(minisig!.stdout).toBe(readFileSync(join(FIXTURES, "passed.text.minisig"), "utf8"));
});

test("bad results are said to be bad", () => {
  const files = ["tree-changed", "two", "quoted"].map((name) => join(FIXTURES, `${name}.eml`));
  const runs = patchsigEach(
    files.map((file) => ["result", "show", file]),
    newFolder(),
  );
  expect(runs.map(({ status }) => status)).toEqual([1, 0, 1]);
  expect(runs[0]!.stdout).toContain("it is not what was signed");
  expect(runs[2]!.stderr).toContain("no test result in it");
});
