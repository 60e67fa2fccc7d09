/** Results in the forms of other tools, by the rules of those. */

import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { EXPORT_NAMES, exported, frameOf } from "../../src/result/export.ts";
import type { FoundResult } from "../../src/result/found.ts";
import { TEST_OUTCOMES, type TestResult } from "../../src/result/text.ts";

const SAID: TestResult = {
  time: 1_795_606_200,
  by: "ci@example.org",
  tree: "1".repeat(40),
  base: null,
  commit: "2".repeat(40),
  patches: null,
  series: null,
  message: null,
  test: "unit.words",
  rev: null,
  env: ["arch=x86_64", "cc=gcc-14.2"],
  config: null,
  run: 1,
  result: "pass",
  counts: null,
  log: null,
  logSha256: null,
  details: null,
  via: null,
};

function foundOf(changes: Partial<TestResult>): FoundResult {
  const said = { ...SAID, ...changes };
  const signed = { said, publicKey: "", text: "", minisig: "" };
  const key = { state: null, revoked: false, forResults: false, replaced: null };
  return { source: "x", signed, key, worth: "claims", relayed: false, details: null };
}

// oxlint-disable-next-line typescript/no-explicit-any -- forms of several tools
const as = (name: string, changes: Partial<TestResult> = {}): any =>
  JSON.parse(exported(name, foundOf(changes)).line ?? "null");

test("what was signed with a revoked key is no result for anybody", () => {
  const found = { ...foundOf({}), worth: "void" as const };
  expect(EXPORT_NAMES.map((name) => exported(name, found))).toEqual(
    EXPORT_NAMES.map(() => ({ line: null, why: "its key is revoked" })),
  );
});

test("what is no good result is left out, with the reason in words", () => {
  expect(exported("kcidb", { source: "x", why: "signature" })).toEqual({
    line: null,
    why: "a result does not count: its signature is not good",
  });
});

test("attached details are one line of JSON, or are made anew", () => {
  const kcidb = (details: string): string =>
    exported("kcidb", { ...foundOf({}), details: Buffer.from(details) }).line!;
  expect(kcidb('{\n "a": "\\u001b[2J"}\n{"b": 1}\n')).toBe(exported("kcidb", foundOf({})).line);
  expect(kcidb('{\n "a": "\\u001b[2J"}\n')).toBe('{"a":"\\u001b[2J"}');
  expect(kcidb("null")).toBe(exported("kcidb", foundOf({})).line);
});

test("outcomes, in the words of each", () => {
  const words = TEST_OUTCOMES.map((result) => [
    result,
    as("in-toto", { result })?.predicate.result ?? null,
    as("patchwork", { result }).state,
    as("b4", { result }).status,
    exported("trailer", foundOf({ result })).line !== null,
  ]);
  expect(words).toEqual([
    ["fail", "FAILED", "fail", "fail", false],
    ["error", null, "warning", "warn", false],
    ["miss", null, "warning", "warn", false],
    ["pass", "PASSED", "success", "pass", true],
    ["done", null, "success", "pass", false],
    ["skip", null, "success", "pass", false],
  ]);
  expect(exported("in-toto", foundOf({ result: "skip" })).why).toBe(
    'in-toto has no word for "skip"',
  );
});

test("in-toto's configuration has the environment; each part of it has a digest or its content", () => {
  const { predicate, subject } = as("in-toto", { config: "3".repeat(64) });
  expect(subject).toEqual([
    { name: "tree", digest: { gitTree: SAID.tree } },
    { name: "commit", digest: { gitCommit: SAID.commit } },
  ]);
  const [config, environment] = predicate.configuration;
  expect(config.digest).toEqual({ sha256: "3".repeat(64) });
  expect(Buffer.from(environment.content, "base64").toString()).toBe("arch=x86_64\ncc=gcc-14.2\n");
  expect(as("in-toto", { env: [] }).predicate.configuration).toEqual([]);
});

/** A URL of so many characters. */
const urlOf = (length: number): string => "https://ci.example.org/".padEnd(length, "x");

/** Which of them Patchwork takes: a check with another is refused as a whole. */
const URLS: readonly [string, boolean][] = [
  ["https://ci.example.org/runs/1?x=y#z", true],
  ["http://localhost:8080/1", true],
  ["http://192.0.2.1/1", true],
  ["http://256.0.2.1/1", false],
  ["https://CI.Example.ORG", true],
  ["https://ci.example.org:99999/", true],
  ["https://ci.example.org:999999/", false],
  ["https://ci/1", false],
  ["https://ci.example.123/", false],
  ["https://ci..example.org/", false],
  ["https://-ci.example.org/", false],
  ["https://ci.example.org?x", true],
  ["https://ci_1.example.org/", false],
  [`https://${"a".repeat(64)}.org/`, false],
  [urlOf(200), true],
  [urlOf(201), false],
];

test("Patchwork's check: a slug, and only a URL that it takes", () => {
  const kept = URLS.map(([log]) => [log, as("patchwork", { log }).target_url === log]);
  expect(kept).toEqual(URLS);
  expect(as("patchwork", { log: "https://ci/1", via: urlOf(30) }).target_url).toBe(urlOf(30));
  expect(as("patchwork").context).toBe("unit-words-x86_64-gcc-14-2");
  const long = (end: string): string =>
    as("patchwork", { env: ["a", "b"].map((key) => `${key}=${"v".repeat(200)}${end}`) }).context;
  expect(long("1")).toMatch(/^[A-Za-z0-9_-]{255}$/);
  expect(long("1")).not.toBe(long("2"));
});

test("b4 gets one list of several", () => {
  const { begin, between, end } = frameOf("b4");
  const lines = ["pass", "fail"].map((result) => {
    const found = foundOf({ result: result as TestResult["result"] });
    return exported("b4", found).line!;
  });
  const list = JSON.parse(begin + lines.join(between) + end) as { tool: string; status: string }[];
  expect(list.map(({ tool, status }) => [tool, status])).toEqual([
    ["unit.words", "pass"],
    ["unit.words", "fail"],
  ]);
});

const DJANGO = `import sys
from django.conf import settings
settings.configure()
import django; django.setup()
from django.core.validators import URLValidator, validate_slug
for line in sys.stdin:
    try: URLValidator(); len(line) <= 201 or 1/0; URLValidator()(line[:-1]); print("true")
    except Exception: print("false")`;
const hasDjango = spawnSync("/usr/bin/python3", ["-c", "import django"]).status === 0;

test.runIf(hasDjango)("Django's own URLField agrees", () => {
  const input = URLS.map(([url]) => `${url}\n`).join("");
  const run = spawnSync("/usr/bin/python3", ["-c", DJANGO], { input, encoding: "utf8" });
  const takes = run.stdout.trim().split("\n");
  expect(URLS.map(([url], i) => [url, takes[i] === "true"])).toEqual(URLS);
});
