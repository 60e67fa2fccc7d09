/** fixtures/reports: what test tools write, and what it comes to. */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { kcidbDetails } from "../../src/result/details.ts";
import { readJunit } from "../../src/result/from/junit.ts";
import { outcomeOf, type Report, textOfReport } from "../../src/result/from/report.ts";
import { readTap } from "../../src/result/from/tap.ts";
import type { TestResult } from "../../src/result/text.ts";
import { problems, type Schema } from "../support/json-schema.ts";

const FOLDER = join(import.meta.dirname, "..", "..", "fixtures", "reports");
const FILES = readdirSync(FOLDER).filter((name) => name !== "README.md");

function read(name: string): Report {
  const text = textOfReport(readFileSync(join(FOLDER, name)));
  return name.endsWith(".xml") ? readJunit(text) : readTap(text);
}

/** [result, pass, fail, error, miss, done, skip] and some of the paths. */
const EXPECTED: Record<string, [string, number[], string[]]> = {
  "pytest.xml": [
    "fail",
    [4, 2, 3, 0, 0, 2],
    ["test_words.test_upper", "test_words.test_table_two.words"],
  ],
  "pytest-subtests.xml": ["pass", [2, 0, 0, 0, 0, 1], ["ps_test.T.test_sub"]],
  "gotestsum.xml": ["fail", [4, 1, 0, 0, 0, 1], ["example.org.words.TestTable.two.words"]],
  "gotestsum-not-built.xml": ["error", [0, 0, 0, 0, 0, 0], []],
  "jest-junit.xml": ["fail", [2, 1, 0, 0, 0, 1], ["words_are_lower.words_are_lower"]],
  "surefire.xml": ["fail", [1, 2, 1, 0, 0, 1], ["org.example.WordsTest.upper"]],
  "kselftest.tap": [
    "fail",
    [3, 2, 0, 0, 0, 2],
    ["selftests.words.words_test.table.two_words", "selftests.words.slow.sh"],
  ],
  "node-test.tap": ["fail", [2, 2, 0, 0, 1, 1], ["table.two_words", "later"]],
  "node-test.xml": ["fail", [2, 2, 0, 0, 1, 1], ["test.two_words", "test.later"]],
  "test-more.tap": ["fail", [2, 2, 0, 0, 1, 1], ["table.two_words", "later"]],
  "googletest.xml": ["fail", [4, 3, 0, 0, 0, 3], ["Words.Upper", "All.P.Each.n1"]],
  "catch2.xml": ["pass", [4, 0, 0, 0, 0, 0], ["words.global.adds.in"]],
  "doctest.xml": ["pass", [3, 0, 0, 0, 0, 0], ["words.cpp.two"]],
  "ctest.xml": ["fail", [2, 1, 0, 1, 0, 2], ["nowhere.nowhere"]],
  "meson.xml": ["fail", [5, 2, 2, 0, 0, 2], ["words.table_-_words_table.two_words"]],
  "kunit.tap": ["fail", [3, 1, 0, 0, 0, 1], ["words.words_upper", "tables.tables_each.two_words"]],
  "kunit-dmesg.log": ["fail", [4, 2, 0, 0, 0, 2], ["words.upper", "words.each.a.b.c"]],
  "kunit-panic.log": ["error", [2, 0, 0, 2, 0, 0], ["whole.lower", "lower"]],
  "kselftest-targets.tap": [
    "fail",
    [5, 2, 0, 3, 0, 3],
    ["selftests.size.plan_alone.second.passed", "selftests.words.clocks.CLOCK_TAI"],
  ],
  "prove.log": ["fail", [4, 1, 0, 2, 1, 1], ["t.b.t.inner.x_y", "t.a.t.no_net"]],
  "bats.tap": ["fail", [1, 1, 0, 0, 0, 2], ["upper.it_s_LA_1", "skip_bare"]],
  "bats.xml": ["fail", [1, 1, 0, 0, 0, 2], ["w.bats.upper.it_s_LA_1"]],
  "vitest.tap": [
    "fail",
    [6, 2, 0, 0, 0, 2],
    ["words.test.js.table.two_words", "words.test.js.retry"],
  ],
  "vitest.xml": ["fail", [5, 4, 0, 0, 0, 3], ["words.test.js.table.two_words"]],
  "test2.tap": ["fail", [2, 1, 0, 0, 0, 0], ["buffered.deep.j"]],
};

test.each(FILES)("%s", (name) => {
  const report = read(name);
  const { result, counts } = outcomeOf(report);
  const { pass, fail, error, miss, done, skip } = counts;
  const [wanted, numbers, paths] = EXPECTED[name]!;
  expect([result, [pass, fail, error, miss, done, skip]]).toEqual([wanted, numbers]);
  expect(report.cases.map(({ path }) => path)).toEqual(expect.arrayContaining(paths));
});

/** What is said of a run, with everything that has a place in KCIDB. */
const SAID: Omit<TestResult, "result" | "counts"> = {
  time: 1_795_606_200,
  by: "ci@example.org",
  tree: "1".repeat(40),
  base: "2".repeat(40),
  commit: null,
  patches: "3".repeat(64),
  series: "4".repeat(32),
  message: "words@example.org",
  test: "unit.words",
  rev: null,
  env: ["arch=x86_64", "cc=gcc-14.2"],
  config: "5".repeat(64),
  run: 1,
  log: "https://ci.example.org/log",
  logSha256: "6".repeat(64),
  details: null,
  via: null,
};

/** As hostile as the signed text can be, and as good as empty. */
const EXTREMES: readonly TestResult[] = [
  { ...SAID, message: "no-at-sign", log: "https://a b".replace(" ", '<>^{}|`"%zz') },
  { ...SAID, log: "https://[::1]/", by: "+@example.org", env: ["arch=X86-64", "cc=\"'`"] },
  { ...SAID, log: "https://h/#a#b", commit: "2".repeat(40), patches: null, base: null },
  { ...SAID, tree: "1".repeat(64), base: "2".repeat(64), log: "http://a@h:80/a?b#c%20" },
  { ...SAID, series: null, message: null, config: null, log: null, env: [], patches: null },
].map((said) => ({ ...said, result: "done", counts: null }));

function allDetails(): Buffer[] {
  const ofTools = FILES.map((name) => {
    const report = read(name);
    return kcidbDetails({ ...SAID, ...outcomeOf(report) }, report);
  });
  return [...ofTools, ...EXTREMES.map((said) => kcidbDetails(said, null))];
}

const SCHEMA = JSON.parse(
  readFileSync(join(import.meta.dirname, "kcidb.schema.json"), "utf8"),
) as Schema;

test("KCIDB's schema takes the details of each", () => {
  for (const details of allDetails())
    expect(problems(JSON.parse(details.toString()), SCHEMA)).toEqual([]);
});

test("log and message are in the details if KCIDB can have them", () => {
  const fields = EXTREMES.map((said) => {
    const { checkouts, tests } = JSON.parse(kcidbDetails(said, null).toString());
    return [checkouts[0].message_id, checkouts[0].patchset_hash, tests[0].log_url];
  });
  expect(fields).toEqual([
    [undefined, undefined, undefined],
    ["words@example.org", undefined, undefined],
    ["words@example.org", "", undefined],
    ["words@example.org", undefined, "http://a@h:80/a?b#c%20"],
    [undefined, undefined, undefined],
  ]);
});

// kcidb-io is under the GPL: kcidb.schema.json says the same of the fields that we write, in our words. Where the library
// is at hand (docs/testing.md), it is asked itself, and what it publishes is compared
const ASK = `import sys, json, kcidb_io
[kcidb_io.schema.V5_3.validate(json.loads(line)) for line in sys.stdin]
json.dump(kcidb_io.schema.V5_3.json, sys.stdout)`;
const python = ["/usr/bin/python3", "python3"].find(
  (name) => spawnSync(name, ["-c", "import kcidb_io"]).status === 0,
);

test.runIf(python !== undefined)("kcidb-io takes them, and its schema is ours", () => {
  const input = Buffer.concat(allDetails());
  const run = spawnSync(python!, ["-c", ASK], { input, encoding: "utf8" });
  expect([run.status, run.stderr]).toEqual([0, ""]);
  expect(differences(SCHEMA, JSON.parse(run.stdout) as Schema)).toEqual([]);
});

/** Where a schema asks for something else than the published one: it may only have fewer fields. */
function differences(ours: Schema, theirs: Schema, at = "schema"): string[] {
  const words = (schema: Schema): string[] =>
    Object.keys(schema).filter((word) => !/^(?:\$schema|title|description|examples)$/.test(word));
  const missing = words(theirs).filter((word) => !(word in ours));
  const other = words(ours).flatMap((word) => {
    const [mine, published] = [ours[word], theirs[word]];
    const where = `${at}.${word}`;
    if (typeof mine !== "object" || mine === null || Array.isArray(mine))
      return JSON.stringify(mine) === JSON.stringify(published) ? [] : [where];
    if (published === undefined) return [where];
    if (word !== "properties" && word !== "$defs")
      return differences(mine, published as Schema, where);
    return Object.entries(mine).flatMap(([name, schema]) =>
      differences(
        schema as Schema,
        ((published as Schema)[name] ?? {}) as Schema,
        `${where}.${name}`,
      ),
    );
  });
  return [...missing.map((word) => `${at}: no ${word}`), ...other];
}

test("details of many cases have those that did not pass, and are as large as is attached", () => {
  const cases = Array.from({ length: 50_000 }, (_, i) => ({
    path: `a-case-with-a-name.of-some-length.${i}`,
    label: "",
    outcome: i % 50 === 0 ? ("fail" as const) : ("pass" as const),
  }));
  const report = { cases, harness: null, missing: 0 };
  const bytes = kcidbDetails({ ...SAID, ...outcomeOf(report) }, report);
  expect(bytes.length).toBeLessThanOrEqual(262_144);
  const { tests } = JSON.parse(bytes.toString());
  const [suite, ...rest] = tests as { status: string; misc?: { cases_left_out: number } }[];
  expect(new Set(rest.map(({ status }) => status))).toEqual(new Set(["FAIL"]));
  expect(suite!.misc!.cases_left_out).toBe(cases.length - rest.length);
  expect(rest.length).toBeGreaterThan(200);
});
