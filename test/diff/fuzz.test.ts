// Random damage to diffs, with stock git as the judge. FUZZ=20000 for more cases, SEED=n for others.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readDiff } from "../../src/diff/diff.ts";
import { LONG } from "../support/long.ts";
import { type Judge, makeJudge, type Question, numstatOf, writeFiles } from "./judge.ts";
import { mutate, Random } from "./mutate.ts";

const CASES = Number(process.env["FUZZ"] ?? (LONG ? 400 : 100));
/** Patches about which git is asked together. */
const BATCH = 100;
const SEED = Number(process.env["SEED"] ?? 1);

const FIXTURES = new URL("../../fixtures/diff/", import.meta.url);
const fixtures = readdirSync(FIXTURES)
  .filter((name) => name.endsWith(".patch"))
  .map((name) => readFileSync(new URL(name, FIXTURES), "latin1"));

let judge: Judge;
let pool: readonly string[];
/** Without a/ and b/: git reads some of these, in surprising ways; the reader is stricter. */
let noPrefix: readonly string[];

beforeAll(() => {
  judge = makeJudge(populate);
  const made = makeDiffs(judge, [...OPTIONS, ["--no-prefix", "-M", "--binary"]]);
  pool = makePool(
    judge,
    made.flatMap((ways) => ways.slice(0, -1)),
  );
  noPrefix = makePool(
    judge,
    made.map((ways) => ways.at(-1)!),
  );
});
afterAll(() => judge.close());

test("every diff that git and GNU diff make is read as git reads it", () => {
  const patches = pool.map((diff) => Buffer.from(diff, "latin1"));
  judge.ask(patches.map((patch) => ({ patch, what: "numstat" })));
  for (const patch of patches) {
    const diff = patch.toString("latin1");
    const read = readDiff(patch);
    const judged = judge.numstat(patch);
    if (judged === null) expect(read.ok, diff).toBe(false);
    else expect(read.ok ? numstatOf(read.value) : read.refusal, diff).toBe(judged);
  }
});

test(`never laxer than git, and the canonical form does what the original does (${CASES} cases)`, () => {
  const random = new Random(SEED);
  const mutated = [...pool, ...noPrefix, ...fixtures, ...fixtures];
  const tally: Record<string, number> = {};
  for (let left = CASES; left > 0; left -= BATCH) {
    const patches = Array.from({ length: Math.min(left, BATCH) }, () => mutate(mutated, random));
    judge.ask(patches.flatMap(questionsOf));
    for (const patch of patches) {
      const outcome = compare(patch);
      tally[outcome] = (tally[outcome] ?? 0) + 1;
    }
  }
  if (process.env["FUZZ"] !== undefined)
    process.stdout.write(`${JSON.stringify(tally, null, 1)}\n`);
  expect(tally["same"]).toBeGreaterThan(CASES / 20);
}, 3_600_000);

/** All that `compare` may ask of git. */
function questionsOf(patch: Buffer): Question[] {
  const read = readDiff(patch);
  const asked: Question[] = [{ patch, what: "numstat" }];
  if (!read.ok || read.value.files.length === 0) return asked;
  const { canonical, allCr } = read.value;
  const twin = allCr ? withCrs(canonical) : canonical;
  asked.push({ patch, what: "numstat", option: "-p1" });
  if (!twin.equals(patch)) asked.push({ patch, what: "apply" }, { patch: twin, what: "apply" });
  return asked;
}

/** Fails if the reader is laxer than git; else says in a word how the two compare. */
function compare(patch: Buffer): string {
  const shown = JSON.stringify(patch.toString("latin1"));
  const read = readDiff(patch);
  const judged = judge.numstat(patch);
  if (!read.ok) return `${judged === null ? "both refuse" : "stricter"}: ${read.refusal.reason}`;

  const { canonical, allCr, files } = read.value;
  if (files.length === 0) {
    expect(judge.findsNothing(patch), shown).toBe(true);
    return "same: no file patch";
  }
  expect(numstatOf(read.value), shown).toBe(judged);
  expect(judge.numstat(patch, "-p1"), shown).toBe(judged);
  // the LF twin of an all-CR diff is for other files; with its CRs again it must do the same
  const twin = allCr ? withCrs(canonical) : canonical;
  if (!twin.equals(patch)) {
    expect(judge.apply(twin), shown).toBe(judge.apply(patch));
    const again = readDiff(twin);
    expect(again.ok && again.value.canonical.equals(canonical), shown).toBe(true);
    expect(again.ok && numstatOf(again.value), shown).toBe(judged);
  }
  if (allCr) expect(judge.numstat(canonical), shown).toBe(judged);
  return "same";
}

function withCrs(text: Buffer): Buffer {
  return Buffer.from(text.toString("latin1").replaceAll("\n", "\r\n"), "latin1");
}

const NUMBERS = Array.from({ length: 40 }, (_, at) => `line ${at}\n`);
const NOISE = Buffer.from(Array.from({ length: 300 }, (_, at) => (at * 7919) & 0xff));

function populate(repository: string): void {
  writeFiles(repository, {
    "hello.txt": "one\ntwo\nthree\n",
    "blank.txt": "one\n\ntwo\n\n\nthree\n\n",
    "numbers.txt": NUMBERS.join(""),
    "unended.txt": "one\ntwo\nthree",
    "crlf.txt": "one\r\ntwo\r\n\r\nthree\r\n",
    "dashes.md": "-- \n--- a/x\n+++ b/x\n- item\n+ plus\n@@ -1 +1 @@\n",
    "empty.txt": "",
    "tool.sh": "#!/bin/sh\necho\n",
    "noise.bin": NOISE,
    "a/hello.txt": "one\ntwo\nthree\n",
    "docs/a b.txt": "one\ntwo\n",
    "docs/caf\u00e9.txt": "one\ntwo\n",
    'docs/quo"te.txt': "one\ntwo\n",
    "docs/tab\there.txt": "one\ntwo\n",
    "latin.txt": Buffer.from("caf\xe9\nend\n", "latin1"),
  });
  symlinkSync("hello.txt", join(repository, "link"));
}

type Edit = (repository: string) => void;

const EDITS: readonly Edit[] = [
  (r) => writeFiles(r, { "hello.txt": "one\nTWO\nthree\n" }),
  (r) => writeFiles(r, { "blank.txt": "one\n\nTWO\n\n\nthree\n\nfour\n" }),
  (r) => writeFiles(r, { "numbers.txt": NUMBERS.filter((_, at) => at % 15 !== 3).join("") }),
  (r) => writeFiles(r, { "unended.txt": "one\ntwo\nTHREE" }),
  (r) => writeFiles(r, { "unended.txt": "one\ntwo\nthree\n" }),
  (r) => writeFiles(r, { "hello.txt": "one\ntwo\nthree" }),
  (r) => writeFiles(r, { "crlf.txt": "one\r\nTWO\r\n\r\nthree\r\n" }),
  (r) => writeFiles(r, { "dashes.md": "--- a/x\n+++ b/x\n-- \n@@ -1 +1 @@\n-- item\n" }),
  (r) => writeFiles(r, { "empty.txt": "no more\n" }),
  (r) => writeFiles(r, { "new empty": "", "new.txt": "one\n", "dir/new": "-- \n" }),
  (r) => rmSync(join(r, "hello.txt")),
  (r) => rmSync(join(r, "empty.txt")),
  (r) => chmodSync(join(r, "tool.sh"), 0o755),
  (r) => {
    chmodSync(join(r, "tool.sh"), 0o755);
    writeFiles(r, { "tool.sh": "#!/bin/sh\necho hello\n" });
  },
  (r) => writeFiles(r, { "noise.bin": Buffer.concat([NOISE, NOISE.subarray(9, 40)]) }),
  (r) => rmSync(join(r, "noise.bin")),
  (r) => writeFiles(r, { "new.bin": Buffer.concat([NOISE, Buffer.from([1])]) }),
  (r) => move(r, "numbers.txt", "count.txt"),
  (r) => {
    move(r, "numbers.txt", "docs/count some.txt");
    writeFiles(r, { "docs/count some.txt": [...NUMBERS, "more\n"].join("") });
  },
  (r) => move(r, "docs/caf\u00e9.txt", "caf\u00e9 2"),
  (r) => copyFileSync(join(r, "numbers.txt"), join(r, "again.txt")),
  (r) => writeFiles(r, { "docs/a b.txt": "one\n", "docs/caf\u00e9.txt": "two\n" }),
  (r) => writeFiles(r, { 'docs/quo"te.txt': "", "docs/tab\there.txt": "two\n" }),
  (r) => writeFiles(r, { "latin.txt": Buffer.from("th\xe9\nend\n", "latin1") }),
  (r) => {
    rmSync(join(r, "link"));
    symlinkSync("numbers.txt", join(r, "link"));
  },
  (r) => {
    rmSync(join(r, "hello.txt"));
    symlinkSync("numbers.txt", join(r, "hello.txt"));
  },
];

function move(repository: string, from: string, to: string): void {
  copyFileSync(join(repository, from), join(repository, to));
  rmSync(join(repository, from));
}

const OPTIONS: readonly (readonly string[])[] = [
  ["--binary"],
  ["--binary", "-M", "-C", "--find-copies-harder"],
  ["--binary", "-U0", "-M"],
  ["--binary", "-U1", "--full-index", "--no-renames"],
  ["--src-prefix=i/", "--dst-prefix=w/"],
  ["-W", "-B", "--irreversible-delete"],
  ["--patch-with-stat", "--binary", "-M"],
];

/** Diffs of single edits and of several together, made by git in many ways: for each, one a way. */
function makeDiffs({ repository }: Judge, ways: readonly (readonly string[])[]): string[][] {
  const random = new Random(7);
  const made: string[][] = [];
  const script = ways.map((way, i) => `git diff --cached ${way.join(" ")} HEAD >.git/made${i}`);
  const several = Array.from({ length: 12 }, () => random.shuffle([...EDITS.keys()]).slice(0, 4));
  for (const chosen of [...EDITS.keys()].map((at) => [at]).concat(several)) {
    for (const at of chosen) {
      try {
        EDITS[at]!(repository);
      } catch {
        // two edits of one file: the first stands
      }
    }
    // a shell starts git faster than Node does
    execFileSync("sh", ["-ec", ["git add -A", ...script, "git reset -q --hard"].join("\n")], {
      cwd: repository,
    });
    made.push(ways.map((_, i) => readFileSync(join(repository, ".git", `made${i}`), "latin1")));
  }
  return made;
}

/** The diffs, and the same as `diff -u` writes them, and in mails. */
function makePool(judge: Judge, made: readonly string[]): string[] {
  const plain = made.slice(0, 40).map(withoutGitLines);
  return [...made, ...plain, ...made.slice(0, 60).map(asMail), gnuDiff(judge)].filter(
    (diff) => diff !== "",
  );
}

function withoutGitLines(diff: string): string {
  return diff.replaceAll(/^(?:diff|index|new file|deleted file).*\n/gm, "");
}

function asMail(diff: string): string {
  return `---\nnotes\n\n hello.txt | 2 +-\n 1 file changed\n\n${diff}-- \n2.39.5\n\n`;
}

function gnuDiff({ repository, git }: Judge): string {
  writeFiles(repository, { "old/hello.txt": "one\ntwo\n", "new/hello.txt": "one\nTWO\n" });
  const made = spawnSync("diff", ["-u", "-r", "-N", "old", "new"], { cwd: repository });
  git(["clean", "-qfd"]);
  return made.stdout.toString("latin1");
}
