/** Plain diffs: what applies here makes what git apply makes; where git would do otherwise, nothing does. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import {
  type AppliedFile,
  applyPlain,
  plainPatches,
  reversed,
} from "../../src/record/plain-diff.ts";
import { newFolder } from "../support/folders.ts";
import { commit, git, newRepository, tryGit } from "../support/repo.ts";
import { LONG } from "../support/long.ts";

let tree: string;
beforeAll(() => {
  tree = newRepository(join(newFolder(), "tree"));
});

/** What the diff makes of a file here; null if that is left to git. */
function ours(old: string, diff: Buffer): string | null {
  const [patch, ...more] = plainPatches(diff) ?? [];
  if (patch === undefined || more.length > 0) return null;
  return textOf(applyPlain(Buffer.from(old), patch.hunks));
}

/** The file of which the diff makes this one; null if there is none. */
function back(made: string, diff: Buffer): string | null {
  return textOf(applyPlain(Buffer.from(made), reversed(plainPatches(diff)![0]!.hunks)));
}

const textOf = (applied: AppliedFile | null): string | null =>
  applied === null ? null : Buffer.concat(applied.pieces).toString();

/** What git apply makes of it; null if it does not apply. */
function gits(old: string, diff: Buffer): string | null {
  writeFileSync(join(tree, "a"), old);
  git(tree, ["add", "a"]);
  if (tryGit(tree, ["apply", "--cached", "--whitespace=nowarn"], diff).status !== 0) return null;
  const entry = git(tree, ["ls-files", "-s", "a"]).toString();
  return entry === "" ? "" : git(tree, ["cat-file", "blob", entry.split(" ")[1]!]).toString();
}

/** From a file to another, as git shows it. */
function diffOf(old: string, changed: string, options: readonly string[] = []): Buffer {
  commit(tree, "old", { a: old });
  writeFileSync(join(tree, "a"), changed);
  return git(tree, ["diff", ...options, "a"]);
}

const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join("");
const TEN = lines(..."a b c d e f g h i j".split(" "));

test("diffs of random changes make what git makes", () => {
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  let plain = 0;
  const rounds = LONG ? 300 : 25;
  for (let round = 0; round < rounds; round++) {
    // few different lines, so that a hunk fits at several places
    const old = Array.from({ length: random(30) }, () => "xyz"[random(3)]!);
    const changed = [...old];
    for (let i = random(4); i >= 0; i--)
      changed.splice(random(changed.length + 1), random(3), ...["new", "x", ""].slice(random(3)));
    const from = lines(...old).slice(0, random(8) === 0 ? -1 : undefined);
    const diff = diffOf(from, lines(...changed), [`-U${random(5)}`]);
    const made = ours(from, diff);
    if (made === null) continue;
    plain++;
    expect(made).toBe(gits(from, diff));
    expect(back(made, diff)).toBe(from);
    // whatever has that as its new file is made of the old one that this gives
    const other = lines(...old, "z");
    const before = back(other, diff);
    if (before !== null) expect(ours(before, diff)).toBe(other);
  }
  expect(plain).toBeGreaterThan(rounds / 4);
});

test("most diffs are plain: changed, new and deleted files", () => {
  const changed = TEN.replace("b\n", "B\n").replace("i\n", "");
  expect(ours(TEN, diffOf(TEN, changed))).toBe(changed);
  expect(ours(TEN, diffOf(TEN, `0\n${TEN}0\n`))).toBe(`0\n${TEN}0\n`);
  git(tree, ["commit", "-qam", "all"]);
  const empty = git(tree, ["hash-object", "-t", "tree", "-w", "/dev/null"]).toString().trim();
  expect(plainPatches(git(tree, ["diff", empty, "HEAD"]))).toMatchObject([
    { path: "a", kind: "create", mode: "100644" },
  ]);
  const deleted = git(tree, ["diff", "HEAD", empty]);
  expect(plainPatches(deleted)).toMatchObject([{ path: "a", kind: "delete", mode: "100644" }]);
  expect(ours(TEN, diffOf(TEN, ""))).toBe("");
});

test("where git goes elsewhere, or refuses, nothing is made", () => {
  const body = " c\n d\n+new\n e\n f\n";
  const header = "diff --git a/a b/a\nindex 1..2 100644\n--- a/a\n+++ b/a\n";
  const diff = (hunk: string): Buffer => Buffer.from(`${header}${hunk}`);
  const right = diff(`@@ -3,4 +3,5 @@\n${body}`);
  expect(ours(TEN, right)).toBe(TEN.replace("d\n", "d\nnew\n"));
  expect(gits(TEN, right)).toBe(ours(TEN, right));
  for (const [what, wrong] of [
    ["at another line", diff(`@@ -4,4 +4,5 @@\n${body}`)],
    ["at another new line", diff(`@@ -3,4 +5,5 @@\n${body}`)],
    ["without context below, not at the end", diff("@@ -3,2 +3,3 @@\n c\n d\n+new\n")],
    ["without context above", diff("@@ -3,1 +3,2 @@\n+new\n c\n")],
    ["beyond the end", diff(`@@ -30,4 +30,5 @@\n${body}`)],
    ["other lines", diff(`@@ -3,4 +3,5 @@\n${body.replace(" e", " E")}`)],
    ["hunks that overlap", diff(`@@ -3,4 +3,5 @@\n${body}@@ -4,4 +5,5 @@\n${body}`)],
    ["another kind of line", diff(`@@ -3,4 +3,5 @@\n${body.replace(" e", "?e")}`)],
    ["cut short", right.subarray(0, -2)],
    ["a line without its end", diff(`@@ -3,4 +3,5 @@\n${body}\\ No newline at end of file\n`)],
    ["other names", Buffer.from(right.toString().replace("+++ b/a", "+++ b/b"))],
    ["no names", Buffer.from(right.toString().replace("--- a/a", "--- /dev/null"))],
    ["a rename", Buffer.from(right.toString().replace("index", "similarity index 9%\nindex"))],
    ["a mode", Buffer.from(right.toString().replace("index", "old mode 100644\nindex"))],
    ["a symlink", Buffer.from(right.toString().replace("100644", "120000"))],
    ["text below", Buffer.concat([right, Buffer.from("-- \n2.39\n")])],
  ] as const)
    expect(ours(TEN, wrong), what).toBe(null);
});
