/** Patches of a section of MAINTAINERS, as a repository has it. */

import { worksWith } from "../../../src/store/index-works.ts";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { checkQueries, DeskFactReader } from "../../../src/app/desk/facts.ts";
import { readSections } from "../../../src/app/search/sections.ts";
import { openRepository } from "../../../src/git/repository.ts";
import { conditionOf } from "../../../src/search/sql.ts";
import { newFolder } from "../../support/folders.ts";
import { newShelf, type Shelf, writeMbox } from "./index.ts";

/** As many as are read, of which the first are not. */
function lines(count: number, line: (n: number) => string, between = "\n"): string {
  return Array.from({ length: count - 1 }, (_, n) => line(n)).join(between);
}

const MAINTAINERS = `Maintainers List
----------------

FOLDER
F:	drivers/net

BUT ONE
F:	drivers/
X:	drivers/net/

NAME
N:	[^a-z]tegra

WORD
K:	\\bof_(i2c|spi)\\b
K:	(a+)+$

NOBODY
F:	none/

MANY
${lines(1_000, (n) => `F:	none/${n}/`)}
F:	drivers/net/
${lines(1_000, (n) => `X:	none/${n}/x`)}

MANY WORDS
${lines(1_000, (n) => `K:	${lines(20, (m) => `no_${n}_${m}`, "|")}`)}
`;

function patch(id: string, path: string, line = "x"): Buffer {
  return Buffer.from(
    `From: Alice <alice@example.org>
Date: Fri, 6 Nov 2026 22:00:00 +0000
Subject: [PATCH] ${id}
Message-ID: <${id}@x>

Why.
---
diff --git a/${path} b/${path}
--- a/${path}
+++ b/${path}
@@ -1 +1 @@
-y
+${line}
`,
  );
}

let shelf: Shelf;
let repository: string;
beforeAll(async () => {
  shelf = newShelf(newFolder());
  repository = join(shelf.folder, "repository");
  mkdirSync(join(repository, "drivers/net"), { recursive: true });
  writeFileSync(join(repository, "drivers/net/a.c"), "");
  writeFileSync(join(repository, "MAINTAINERS"), MAINTAINERS);
  const git = (...args: string[]): void => {
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@x", ...args], {
      cwd: repository,
      stdio: "ignore",
    });
  };
  git("init");
  git("add", ".");
  git("commit", "-m", "x");
  const mails = [
    patch("deep", "drivers/net/sub/b.c"),
    patch("beside", "drivers/network.c", "of_i2c_get();"),
    patch("tegra", "arch/tegra-2.c"),
    patch("xtegra", "arch/xtegra.c", "not_of_i2c();"),
  ];
  await shelf.update([writeMbox(join(shelf.folder, "mbox"), mails)]);
});

test.each([
  ["FOLDER", ["deep"]],
  ["but one", ["beside"]],
  ["NAME", ["tegra"]],
  ["WORD", ["beside"]],
  ["NOBODY", []],
  ["MANY", ["deep"]],
  ["MANY WORDS", []],
])("%s", async (name, expected) => {
  const sections = await readSections([name], repository);
  const terms = { timeOf: () => 0, sectionOf: (one: string) => sections.get(one)! };
  const found = shelf.index.find(conditionOf({ kind: "section", name }, terms), null, 9, null);
  expect(found.map(({ subject }) => subject.replace("[PATCH] ", ""))).toEqual(expected);
});

test("what is not read is said", async () => {
  const sections = await readSections(["WORD"], repository);
  expect(sections.get("WORD")?.unread).toEqual(["K: (a+)+$"]);
  await expect(readSections(["O"], repository)).rejects.toMatchObject({ code: "not-found" });
  await expect(readSections(["WORD"], newFolder())).rejects.toThrow("there is no MAINTAINERS here");
});

test("more words than are looked for are not read, and that is said", async () => {
  const section = (await readSections(["MANY WORDS"], repository)).get("MANY WORDS")!;
  expect(section.words.length).toBeGreaterThan(1_000);
  expect(section.unread.length).toBeGreaterThan(800);
});

test("the user's own queries may be longer together than one may be", async () => {
  const queries = lines(40, (n) => `s:none${n} OR s:${"x".repeat(100)}`).split("\n");
  const [deep] = shelf.index.mailsCalled("<deep@x>");
  const { mine } = await new DeskFactReader(shelf.index, null, [...queries, "s:deep"]).read([]);
  expect([...mine]).toEqual(worksWith(shelf.index, [deep!.id]));
});

test("the user's own queries mean the repository that was named", async () => {
  const named = await openRepository(repository);
  const queries = ["maintainers:FOLDER"];
  const [deep] = shelf.index.mailsCalled("<deep@x>");
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  await checkQueries(queries, named.cwd, { say });
  expect(said).toEqual([]);
  const { mine } = await new DeskFactReader(shelf.index, named, queries).read([]);
  expect([...mine]).toEqual(worksWith(shelf.index, [deep!.id]));
  // the tests run elsewhere: other queries go on
  await checkQueries(queries, undefined, { say });
  expect(said).toEqual([
    "note: patchsig.mine: maintainers:FOLDER finds nothing: there is no MAINTAINERS here",
  ]);
  const elsewhere = new DeskFactReader(shelf.index, null, [...queries, "s:deep"]);
  expect([...(await elsewhere.read([])).mine]).toEqual(worksWith(shelf.index, [deep!.id]));
  await expect(checkQueries(["zz:x"], undefined, { say })).rejects.toMatchObject({ code: "usage" });
});
