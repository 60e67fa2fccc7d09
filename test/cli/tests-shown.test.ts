/** What verify, am, log, check-commit and series show say of tests: three lines at most, and no other verdict. */

import { createHash } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  existsSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writeMbox } from "../app/search/index.ts";
import { OTHER, PUBLIC, result } from "../app/search/results.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { newFolder } from "../support/folders.ts";
import { problems, schemaOf } from "../support/json-schema.ts";
import { LONG } from "../support/long.ts";
import { commit, git } from "../support/repo.ts";
import { newHome, newSubmission, signedPatches } from "./support.ts";

const ELSEWHERE = "e".repeat(40);
const EVE = { by: "eve@example.net" } as const;
const NOTES = "refs/notes/patchsig";

let files: readonly string[];
let base: string;
let work: string;
/** What the patches make of their base, and half of them. */
let tree: string;
let first: string;
let home: string;
let env: Record<string, string>;

beforeAll(() => {
  ({ base, work } = newSubmission());
  files = signedPatches(work, newHome(9));
  const treeOf = (name: string): string =>
    git(work, ["rev-parse", `${name}^{tree}`])
      .toString()
      .trim();
  tree = treeOf("HEAD");
  first = treeOf("HEAD~2");
  home = newFolder();
  env = { XDG_CACHE_HOME: join(home, "cache") };
  const mails = [
    result({ tree, test: "net.all", env: ["arch=x86_64"] }),
    result({ tree, test: "build", env: ["arch=arm64"], result: "fail" }),
    result({ tree, test: "flaky", env: [], result: "fail" }),
    result({ tree, test: "flaky", env: [], run: 2 }),
    result({ tree: first, test: "bisect", env: [] }),
    result({ tree: ELSEWHERE, test: "net.all", env: [], patches: patchesOf(files) }),
    result({ tree, ...EVE }, OTHER),
    result({ tree, ...EVE, test: "build", result: "fail" }, OTHER),
  ];
  const mbox = writeMbox(join(home, "results"), mails);
  const accept = ["trust", "accept", "--result-only", "ci@example.org", PUBLIC];
  for (const words of [accept, ["tested", tree, "--test", "net.all", "--update", "--source", mbox]])
    expect([words, run(words, work).status]).toEqual([words, 0]);
});

/** As the spec says it. */
function patchesOf(mails: readonly string[]): string {
  const diffs = mails.map((file) => {
    const { stdout } = patchsig(["attestation", file], { home: newFolder() });
    return /^diff: (.*)$/m.exec(stdout)![1]!;
  });
  const text = ["patchsig-patches-v1", ...diffs].map((line) => `${line}\n`).join("");
  return createHash("sha256").update(text).digest("hex");
}

function run(words: readonly string[], cwd = base, cache = env): Run {
  return patchsig(words, { home, cwd, env: cache });
}

/** A repository of the base, with the patches applied by the program. */
function applied(words: readonly string[] = []): { readonly am: Run; readonly at: string } {
  const at = join(newFolder(), "repository");
  cpSync(base, at, { recursive: true });
  return { am: run(["am", ...words, ...files], at), at };
}

const NO_CACHE = { XDG_CACHE_HOME: join(newFolder(), "none") };
/** Of the lines of an output: those about tests, with what stands before them. */
const aboutTests = (text: string): string[] =>
  text.split("\n").filter((line) => /^ *(tested|claims|other|Tested:|Claims:|Other:) /.test(line));

const TESTED =
  "tested  build FAIL on arch=arm64, flaky pass (failed before), net.all pass on arch=x86_64, by ci@example.org";
const CLAIMS = "claims  1 fail, 1 pass, by keys that were not accepted for results";
const OTHERS = "other   the same patches on another base: net.all pass, by ci@example.org";

test("verify, of the tree that the series makes of its base; its verdict stays", () => {
  const wide = { ...env, COLUMNS: "120" };
  const shown = run(["verify", ...files], base, wide);
  expect([shown.status, aboutTests(shown.stdout)]).toEqual([0, [TESTED, CLAIMS, OTHERS]]);
  const narrow = run(["verify", ...files]);
  expect(narrow.stdout).toContain(
    "tested  build FAIL on arch=arm64, and 2 more, by ci@example.org\n",
  );
  const without = run(["verify", ...files], base, NO_CACHE);
  expect(narrow.stdout.startsWith(without.stdout)).toBe(true);

  const series = records(run(["verify", "--json", ...files])).find(
    ({ type }) => type === "series",
  )!;
  expect(problems(series, schemaOf("verify"))).toEqual([]);
  expect(series).toMatchObject({
    verdict: "pass",
    tests: { tree, claims: { fail: 1, pass: 1 }, elsewhere: [{ tree: ELSEWHERE }] },
  });
  const chosen = run(["verify", "--repo", base, "--series", "1", ...files], home, wide);
  expect(aboutTests(chosen.stdout)).toEqual([TESTED, CLAIMS, OTHERS]);
  // elsewhere nobody knows which tree it makes, and what counts there does not count here
  const outside = run(["verify", ...files], home, wide);
  expect(aboutTests(outside.stdout)).toEqual([OTHERS.replace("on a", "perhaps on a")]);
  // nor is half of it the series
  expect(aboutTests(run(["verify", files[0]!], base, wide).stdout)).toEqual([]);
});

test("am shows them and keeps those that count; check-commit proves them without the index", () => {
  const { am, at } = applied();
  expect([am.status, aboutTests(am.stdout + am.stderr)]).toEqual([
    0,
    ["tested  build FAIL on arch=arm64, and 2 more, by ci@example.org", CLAIMS, OTHERS],
  ]);
  const [top, ...below] = records(run(["check-commit", "--json", "HEAD~3.."], at, NO_CACHE));
  expect(problems(top, schemaOf("record"))).toEqual([]);
  expect(top).toMatchObject({ status: "same", verdict: "pass", tests: { tree, claims: {} } });
  const told = top!["tests"].counting.map((one: { test: string; answer: string }) => [
    one.test,
    one.answer,
  ]);
  expect(told).toEqual([
    ["build", "fail"],
    ["flaky", "pass"],
    ["net.all", "pass"],
  ]);
  expect(below[0]!["tests"]).toBeNull();
  expect(below[1]!["tests"].counting).toMatchObject([{ test: "bisect", tree: first }]);
  // minisign's form, for whoever has nothing but git and minisign
  const note = git(at, ["notes", "--ref", NOTES, "show", "HEAD"]).toString();
  expect(note.match(/^untrusted comment: patchsig-result /gm)).toHaveLength(3);

  const log = run(["log", "-n", "1"], at);
  expect(aboutTests(log.stdout)).toEqual([
    "Tested:   build FAIL on arch=arm64, and 2 more, by ci@example.org",
    "Claims:   1 fail, 1 pass, by keys that were not accepted for results",
  ]);
  expect(aboutTests(run(["log", "-n", "1"], at, NO_CACHE).stdout)).toHaveLength(1);
  expect(problems(records(run(["log", "--json", "-n", "1"], at))[0], schemaOf("record"))).toEqual(
    [],
  );

  // a key that was revoked since says nothing; the patch is what it was
  const away = join(newFolder(), "data");
  cpSync(home, away, { recursive: true });
  const there = (words: readonly string[]): Run =>
    patchsig(words, { home: away, cwd: at, env: NO_CACHE });
  expect(there(["trust", "revoke", "ci@example.org"]).status).toBe(0);
  expect(records(there(["check-commit", "--json"]))[0]).toMatchObject({
    verdict: "pass",
    tests: null,
  });
});

test("a note can be written by anybody: what was changed in it, or is of another tree, says nothing", () => {
  const { at } = applied();
  const note = git(at, ["notes", "--ref", NOTES, "show", "HEAD"]).toString();
  const put = (text: string): void => {
    const file = join(newFolder(), "note");
    appendFileSync(file, text);
    git(at, ["notes", "--ref", NOTES, "add", "-f", "-F", file, "HEAD"]);
  };
  const now = (): Record<string, unknown> =>
    records(run(["check-commit", "--json"], at, NO_CACHE))[0]!;
  put(note.replace("\nresult: fail\n", "\nresult: pass\n"));
  const changed = now();
  expect(changed).toMatchObject({
    verdict: "pass",
    why: "in the note: a test result that is not good",
    tests: { counting: [{ test: "flaky" }, { test: "net.all" }] },
  });
  // amended, so that it has another tree, with the note that it had
  put(note);
  commit(at, "other", { more: "more\n" });
  git(at, ["notes", "--ref", NOTES, "copy", "HEAD~1", "HEAD"]);
  expect(now()).toMatchObject({ tests: null });
});

test("a note without results is what it was; --no-record keeps none, and says all the same", () => {
  const { am, at } = applied(["--no-record"]);
  expect(aboutTests(am.stdout + am.stderr)).toHaveLength(3);
  expect(records(run(["check-commit", "--json"], at, NO_CACHE))[0]!["tests"]).toBeNull();
  const quiet = applied(["--quiet"]);
  expect([quiet.am.stdout, quiet.am.stderr]).toEqual(["", ""]);
});

test.runIf(LONG)("an am that stopped keeps and says them when it has gone on", () => {
  const at = join(newFolder(), "repository");
  cpSync(base, at, { recursive: true });
  const song = (): string => readFileSync(join(at, "song.txt"), "utf8");
  commit(at, "meanwhile", { "song.txt": song().replace("line 10\n", "line ten\n") });
  expect(run(["am", ...files], at).status).toBe(3);
  writeFileSync(join(at, "song.txt"), song().replace("line ten\n", "LINE 10\n"));
  git(at, ["add", "-A"]);
  const aside = join(newFolder(), "aside");
  cpSync(at, aside, { recursive: true });
  git(aside, ["am", "-q", "--continue"]);
  const made = git(aside, ["rev-parse", "HEAD^{tree}"]).toString().trim();
  const more = writeMbox(join(newFolder(), "more"), [result({ tree: made, test: "later" })]);
  const ask = ["tested", made, "--test", "later", "--update", "--source", more];
  const own = { XDG_CACHE_HOME: join(newFolder(), "cache") };
  expect(run(ask, aside, own).status).toBe(0);
  const { status, stderr } = run(["am", "--continue"], at, own);
  expect([status, aboutTests(stderr)]).toEqual([
    0,
    ["tested  later pass on arch=x86_64 cc=gcc, by ci@example.org"],
  ]);
  const [noted] = records(run(["check-commit", "--json"], at, NO_CACHE));
  expect(noted!["tests"].counting).toMatchObject([{ test: "later", tree: made }]);
});

test("series show, of what is at the branch now", () => {
  const editor = { ...env, GIT_EDITOR: "echo 'song: louder' >" };
  expect(run(["series", "cover", "--edit"], work, editor).status).toBe(0);
  const shown = run(["series", "show"], work);
  expect([shown.status, aboutTests(shown.stdout)]).toEqual([
    0,
    [
      expect.stringMatching(
        /^  tested {8}build FAIL on arch=arm64, and 2 more, by ci@example.org$/,
      ),
      expect.stringMatching(/^  claims {8}1 fail, 1 pass, by keys/),
    ],
  ]);
  expect(records(run(["series", "show", "--json"], work))).toMatchObject([{ tests: { tree } }]);
  expect(records(run(["series", "show", "--json"], work, NO_CACHE))).toMatchObject([
    { tests: null },
  ]);
});

test("an index that cannot be read fails nothing, and is said; without one nothing is", () => {
  const broken = join(newFolder(), "cache");
  cpSync(env["XDG_CACHE_HOME"]!, broken, { recursive: true });
  const file = join(broken, "patchsig", "index.db");
  for (const more of ["-wal", "-shm"]) rmSync(`${file}${more}`, { force: true });
  truncateSync(file, 5000);
  const bad = run(["verify", ...files], base, { XDG_CACHE_HOME: broken });
  expect(bad.status).toBe(0);
  expect(bad.stderr).toMatch(
    /^note: test results are not looked up: the index .* is truncated\nhint: .*\n$/,
  );
  const none = run(["verify", ...files], base, NO_CACHE);
  expect([none.status, none.stderr, existsSync(NO_CACHE.XDG_CACHE_HOME)]).toEqual([0, "", false]);
});
