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
  "ctest.xml": ["fail", [2, 1, 0, 1, 0, 2], ["nowhere.nowhere"]],
  "meson.xml": ["fail", [5, 2, 2, 0, 0, 2], ["words.table_-_words_table.two_words"]],
  "kunit.tap": ["fail", [3, 1, 0, 0, 0, 1], ["words.words_upper", "tables.tables_each.two_words"]],
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

// KCIDB's schema is part of a library under the GPL: it is asked where it is installed
const VALIDATE =
  "import sys, json, kcidb_io; [kcidb_io.schema.V5_3.validate(json.loads(line)) for line in sys.stdin]";
const python = ["/usr/bin/python3", "python3"].find(
  (name) => spawnSync(name, ["-c", "import kcidb_io"]).status === 0,
);

test.runIf(python !== undefined)("kcidb-io takes the details of each", () => {
  const lines = FILES.map((name) => {
    const report = read(name);
    return kcidbDetails({ ...SAID, ...outcomeOf(report) }, report).toString();
  });
  const run = spawnSync(python!, ["-c", VALIDATE], { input: lines.join(""), encoding: "utf8" });
  expect(run.stderr).toBe("");
  expect(run.status).toBe(0);
});

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
