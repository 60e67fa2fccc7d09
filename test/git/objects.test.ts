/** Names with any byte in them cannot shift git's answers. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Objects } from "../../src/git/objects.ts";
import { patchIds } from "../../src/git/patch-ids.ts";
import { openRepository } from "../../src/git/repository.ts";
import { tryDiffs } from "../../src/git/trial.ts";
import { newFolder } from "../cli/support.ts";
import { commit, git, newRepository } from "../support/repo.ts";

const PLACE = newRepository(join(newFolder(), 'a\nb "c\\d#'));
const FILES = { x: "1\n", "sub/y": "2\n", "odd\rname": "3\n", "ends\r": "4\n", "a b": "5\n" };
const HEAD = commit(PLACE, "start", FILES);
const objects = new Objects(await openRepository(PLACE));
afterAll(() => objects.close());

const blobOf = (name: string): string =>
  git(PLACE, ["rev-parse", `${HEAD}:${name}`])
    .toString()
    .trim();
const FAKE = `${"1".repeat(40)} blob`;

test.each([
  `gone\r${FAKE}\ry`,
  `gone\n${FAKE}`,
  `gone\r\n${FAKE}`,
  `gone\0${FAKE}`,
  `gone\x85${FAKE}`,
  `gone\x0b${FAKE}\x0c`,
  "x\r",
  "x\0",
  "x\n",
  "",
  " x",
])("a query with %j gets exactly one answer", async (name) => {
  const found = await objects.look([`${HEAD}:x`, `${HEAD}:${name}`, HEAD, `${HEAD}:sub/y`]);
  const tree = name === "" ? "tree" : undefined;
  expect(found.map((one) => one?.type)).toEqual(["blob", tree, "commit", "blob"]);
  expect(found[3]?.name).toBe(blobOf("sub/y"));
});

test("a CR within a name, and spaces, are passed as they are", async () => {
  const found = await objects.look([`${HEAD}:odd\rname`, `${HEAD}:a b`, `${HEAD}:ends`]);
  expect(found.map((one) => one?.name)).toEqual([blobOf("odd\rname"), blobOf("a b"), undefined]);
});

test("a line of a binary patch that is an object name changes no other patch-id", async () => {
  const repository = await openRepository(PLACE);
  const honest = Buffer.from(
    "diff --git a/x b/x\nindex 1111111..2222222 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2\n",
  );
  const evil = (target: number): Buffer =>
    Buffer.from(
      `diff --git a/z b/z\nindex ${"1".repeat(40)}..${"2".repeat(40)} 100644\nGIT binary patch\nliteral 9\n` +
        `${target.toString(16).padStart(40, "0")}\ndiff --git a/e b/e\n--- a/e\n+++ b/e\n@@ -1 +1 @@\n-e\n+f\n`,
    );
  const [id] = await patchIds(repository, [honest]);
  expect(id).toMatch(/^[0-9a-f]{40}$/);
  for (const target of [0, 1, 2, 3]) {
    const ids = await patchIds(repository, [honest, evil(target), honest]);
    expect([ids[0], ids[2], ids.length]).toEqual([id, id, 3]);
  }
});

test("a trial works in a repository whose path contains a newline and quotes", async () => {
  const repository = await openRepository(PLACE);
  writeFileSync(join(PLACE, "x"), "7\n");
  const diff = git(PLACE, ["diff"]);
  expect(await tryDiffs(repository, HEAD, [diff])).toEqual({ ok: true });
});
