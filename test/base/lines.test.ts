import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { joinBaseLines, MAX_PREREQUISITES, readBaseLines } from "../../src/base/lines.ts";
import { checkMail } from "../../src/verify/check.ts";
import { newFolder } from "../cli/support.ts";
import { commit, git, newRepository } from "../support/repo.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);
const read = (text: string) => readBaseLines([Buffer.from(text)]);

describe("base-commit", () => {
  test.each([
    ["whole", `base-commit: ${A}\n`, A],
    ["of sha256", `x\nbase-commit: ${"c".repeat(64)}`, "c".repeat(64)],
    ["the first of two", `base-commit: ${A}\nbase-commit: ${B}\n`, A],
    ["after one that is none", `base-commit: v6.9-rc1\nbase-commit: ${B}\n`, B],
    ["quoted", `> base-commit: ${A}\n`, null],
    ["indented", ` base-commit: ${A}\n`, null],
    ["short", `base-commit: ${A.slice(0, 12)}\n`, null],
    ["a tag", "base-commit: v6.9-rc1\n", null],
    ["an option", "base-commit: --exec=reboot\n", null],
    ["with more behind it", `base-commit: ${A} --all\n`, A],
    ["of 41 digits", `base-commit: ${A}a\n`, null],
    ["in capitals", `base-commit: ${A.toUpperCase()}\n`, A],
  ])("%s", (_, text, commit) => expect(read(text).commit).toBe(commit));

  test.each([
    ["short", "base-commit: abc\n", [{ kind: "commit", text: "abc" }]],
    ["another", `base-commit: ${A}\nbase-commit: ${B}\n`, [{ kind: "commit", text: B }]],
    ["the same twice", `base-commit: ${A}\nbase-commit: ${A}\n`, []],
    ["long", `base-commit: ${"x".repeat(5000)}\n`, [{ kind: "commit", text: "x".repeat(100) }]],
    ["quoted", "> base-commit: abc\n", []],
  ])("problems: %s", (_, text, problems) => expect(read(text).problems).toEqual(problems));
});

/** On a signed mail, all that names a commit must name the signed one (spec, "Base lines"). */
describe("references to a commit", () => {
  const named = (text: string): string[] => [...read(`base-commit: ${text}\n`).named];
  test.each([
    "next-20261124",
    "linux-next-20261124.1",
    "next-20261124 (yesterday's)",
    "mm-everything-2026-11-24",
    "v6.9-rc1",
    "v6.20261124",
    "x_deadbeef",
    "deadbeef_x",
    "facades",
    "abcdef",
    "",
  ])("not %s", (text) => expect(named(text)).toEqual([]));
  test.each([
    "1a2b3c4",
    "20261124",
    "(1a2b3c4)",
    "v6.1 1A2B3C4D",
    "v6.1-3-g1a2b3c4",
    "v6.1-3-g1a2b3c4-dirty",
    "1a2b3c4-dirty",
    "1a2b3c4^",
    "1a2b3c4.",
    `https://git.example.org/c/${B}`,
    `https://git.example.org/?id=${B}`,
    `next-20261124 ${B}`,
  ])("%s", (text) => expect(named(text)).toEqual([text.toLowerCase()]));
  test("only the full object name, if it comes first", () => {
    expect(named(`${B} (next-20261124)`)).toEqual([B]);
  });
  test("only at the start of a line, by git's idea of lines", () => {
    expect(named(`v1\rbase-commit: ${B}`)).toEqual([`v1\rbase-commit: ${B}`]);
    expect(read(`x\u2028base-commit: ${B}\n`).named).toEqual([]);
  });
});

test.each([
  ["https://git.example.org/x.git main", true],
  ["git://git.example.org/~a/x net/next", true],
  ["https://git.example.org/x.git --upload-pack=x", false],
  ["--upload-pack=x main", false],
  ["ext::sh -c reboot", false],
  ["https://git.example.org/x.git", false],
  ["https://git.example.org/x;reboot main", false],
  ["file:///etc main", false],
])("base-tree: %s", (text, good) => {
  const { tree, problems } = read(`base-tree: ${text}\n`);
  expect(tree).toBe(good ? text : null);
  expect(problems).toEqual(good ? [] : [{ kind: "tree", text }]);
});

test("10,000 prerequisites are read up to a bound", () => {
  const lines = Array.from(
    { length: 10_000 },
    (_, i) => `prerequisite-patch-id: ${i.toString(16).padStart(40, "0")}\n`,
  );
  const { prerequisites, problems } = read(lines.join(""));
  expect(prerequisites).toHaveLength(MAX_PREREQUISITES);
  expect(prerequisites[1]).toBe(`${"0".repeat(39)}1`);
  expect(problems).toEqual([{ kind: "too-many", text: "" }]);
});

test("invalid prerequisites", () => {
  const text = `prerequisite-patch-id: --all\nprerequisite-patch-id: ${A}\nprerequisite-patch-id: 1\n`;
  expect(read(text)).toMatchObject({
    prerequisites: [A],
    problems: [{ kind: "prerequisite", text: "--all" }],
  });
});

test("a prerequisite may be followed by a remark, and contain capitals", () => {
  const text = `prerequisite-patch-id: ${A} # sent before\nprerequisite-patch-id: ${B.toUpperCase()}\n`;
  expect(read(text)).toMatchObject({ prerequisites: [A, B], problems: [] });
});

test.each([
  ["Based-on: <1.2.x@example.org>", { kind: "message", id: "1.2.x@example.org" }],
  ["Based-On: https://lore.kernel.org/r/1@x.org", { kind: "message", id: "1@x.org" }],
  ["Depends-on: <1.2.x@example.org>", { kind: "message", id: "1.2.x@example.org" }],
  ["depends-on: 1.2.x@example.org", { kind: "message", id: "1.2.x@example.org" }],
  [
    "Depends-on: https://lore.kernel.org/r/1@example.org/",
    { kind: "message", id: "1@example.org" },
  ],
  ["Depends-on: https://lore.kernel.org/all/1@x.org", { kind: "message", id: "1@x.org" }],
  ["prerequisite-message-id: <1@x.org>", { kind: "message", id: "1@x.org" }],
  [
    "prerequisite-change-id: 20260101-a-b12:v3",
    { kind: "change", id: "20260101-a-b12", version: 3 },
  ],
  ["prerequisite-change-id: 20260101-a", { kind: "change", id: "20260101-a", version: null }],
  ['Depends-on: series-123 ("x")', { kind: "other", id: 'series-123 ("x")' }],
  ["Depends-on: --exec=x", { kind: "other", id: "--exec=x" }],
])("%s", (text, dependency) => expect(read(`${text}\n`).dependencies).toEqual([dependency]));

test("dependencies keep their order, are listed once, and are bounded", () => {
  const lines = Array.from({ length: 200 }, (_, i) => `Depends-on: <${i >> 1}@x.org>\n`);
  const { dependencies } = read(lines.join(""));
  expect(dependencies).toHaveLength(100);
  expect(dependencies[1]).toEqual({ kind: "message", id: "1@x.org" });
  expect(read("Depends-on: \n").dependencies).toEqual([]);
});

test("the series' own change-id is not a dependency", () => {
  expect(read("change-id: 20260101-song-1a2b\n")).toMatchObject({
    changeId: "20260101-song-1a2b",
    dependencies: [],
  });
});

test("several mails: the first base, and each prerequisite once", () => {
  const [letter, patch] = [
    read(`prerequisite-patch-id: ${A}\n`),
    read(`base-commit: ${B}\nprerequisite-patch-id: ${A}\nprerequisite-patch-id: ${B}\n`),
  ];
  expect(joinBaseLines([letter, patch])).toMatchObject({ commit: B, prerequisites: [A, B] });
});

describe("in mails from git format-patch", () => {
  const repository = newRepository(join(newFolder(), "r"));
  const base = commit(repository, "start", { "a.txt": "1\n" });
  commit(repository, "two", { "a.txt": "2\n" });
  const check = (...options: string[]) => {
    const args = ["format-patch", "--stdout", `--base=${base}`, ...options, "-1"];
    const mbox = git(repository, args);
    const mail = mbox.subarray(mbox.indexOf("\n") + 1);
    return checkMail(options.includes("--cover-letter") ? firstOf(mail) : mail, createVerifier());
  };

  test.each([
    ["below the diff", []],
    ["in a text/x-patch part", ["--attach"]],
    ["in an inline part", ["--inline"]],
    ["in the cover letter", ["--cover-letter"]],
  ])("%s", (_, options) => {
    expect(check(...options).base).toMatchObject({ status: "present", commit: base });
  });

  test("a base line in the message or the diff does not count", () => {
    const file = { "a.txt": `base-commit: ${A}\n` };
    commit(repository, `three\n\nbase-commit: ${B}\n\nDepends-on: <1@x.org>`, file);
    const mbox = git(repository, ["format-patch", "--stdout", "-1"]);
    const checked = checkMail(mbox.subarray(mbox.indexOf("\n") + 1), createVerifier());
    expect(checked.base).toEqual({ status: "missing", commit: null, tree: null });
    expect(checked.baseLines.dependencies).toEqual([{ kind: "message", id: "1@x.org" }]);
  });
});

function firstOf(mbox: Buffer): Buffer {
  return mbox.subarray(0, mbox.indexOf("\nFrom ") + 1);
}

test.each(["", "\t", "  ", " \t "])("white space after the colon: %j", (blank) => {
  const name = "0123456789".repeat(4);
  const { commit, prerequisites } = readBaseLines([
    Buffer.from(`base-commit:${blank}${name}\nprerequisite-patch-id:${blank}${name}\n`),
  ]);
  expect({ commit, prerequisites }).toEqual({ commit: name, prerequisites: [name] });
});
