/** Patch-ids of prerequisites: stock `git format-patch --base` is the judge. */

import { execFileSync } from "node:child_process";
import { chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commitsByPatchId, gitPatchIds, patchIdsOf } from "../../src/git/patch-ids.ts";
import { openRepository, type Repository } from "../../src/git/repository.ts";
import { diffsByOwnId } from "../../src/git/trial.ts";
import { readDiff } from "../../src/diff/diff.ts";
import type { Diff } from "../../src/types.ts";
import { newFolder } from "../cli/support.ts";
import { gitIsAtLeast } from "../support/gits.ts";
import { git, newRepository } from "../support/repo.ts";

const folder = newRepository(join(newFolder(), "r"));
const file = (name: string): string => join(folder, name);
const run = (...args: string[]): string => git(folder, args).toString();
const sh = (script: string): string =>
  execFileSync("sh", ["-c", script], { cwd: folder, encoding: "utf8" }).trim();
const numbers = (changed: Readonly<Record<number, string>> = {}): string =>
  Array.from({ length: 40 }, (_, i) => `${changed[i + 1] ?? i + 1}\n`).join("");
const bytes = (step: number): Buffer =>
  Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * step) & 255));
/** What is written differently with and without git's indent heuristic. */
const CODE = "a() {\n  one\n}\n\nb() {\n  one\n}\n\n";

for (const [name, content] of Object.entries({
  "f.txt": numbers(),
  "d.txt": numbers({ 1: "first" }),
  "b.bin": bytes(7),
  "crlf.txt": "a\r\nb\r\nc\r\n",
  "no-end.txt": "x\ny",
  "two words": "x\n",
  'ü"t': "q\n",
  empty: "",
  "code.c": CODE,
}))
  writeFileSync(file(name), content);
symlinkSync("f.txt", file("link"));
run("add", ".");
run("commit", "-q", "-m", "base");
const base = run("rev-parse", "HEAD").trim();

/** A private commit with this change, and what git calls it. */
function prerequisite(
  change: () => unknown,
  settings: readonly string[] = [],
): { commit: string; id: string } {
  // a shell starts git several times faster than node does
  sh(`git reset -q --hard ${base} && git clean -q -f -d`);
  change();
  const empty = "git -c maintenance.auto=false commit -q --allow-empty";
  const commit = sh(
    `git add -A && ${empty} -m private && git rev-parse HEAD && ${empty} -m "on top"`,
  );
  const form = ["format-patch", "--always", "--stdout", `--base=${base}`, "-1"];
  const mail = run(...settings.flatMap((setting) => ["-c", setting]), ...form);
  const ids = [...mail.matchAll(/^prerequisite-patch-id: (\w+)$/gm)];
  expect(ids).toHaveLength(1);
  return { commit, id: ids[0]![1]! };
}

function mailed(commit: string, ...options: string[]): Diff {
  const form = ["format-patch", "--stdout", "--always", ...options, "-1", commit];
  const mail = git(folder, form);
  const read = readDiff(mail.subarray(mail.indexOf("\ndiff --git ") + 1));
  if (!read.ok) throw new Error(read.refusal.detail);
  return read.value;
}

const write = (name: string, content: string | Buffer) => () => writeFileSync(file(name), content);
const move = (from: string, to: string) => () => renameSync(file(from), file(to));
const executable = (name: string) => () => chmodSync(file(name), 0o755);
const all =
  (...changes: (() => unknown)[]) =>
  (): void => {
    for (const change of changes) change();
  };

const EDIT = write("f.txt", numbers({ 3: "three", 9: "nine" }));
const CHANGES: [string, () => unknown][] = [
  ["a text", EDIT],
  ["a rename", move("f.txt", "moved.txt")],
  ["a rename with an edit", all(EDIT, move("f.txt", "moved.txt"))],
  ["a mode", executable("f.txt")],
  ["a mode with an edit", all(EDIT, executable("f.txt"))],
  ["a new file", write("new", "x\n")],
  ["a new file that can be run", all(write("new", "x\n"), executable("new"))],
  ["a new empty file", write("new", "")],
  ["a deleted file", () => rmSync(file("f.txt"))],
  ["a deleted empty file", () => rmSync(file("empty"))],
  ["a binary file", write("b.bin", bytes(11))],
  ["a new binary file", write("c.bin", bytes(11))],
  ["a deleted binary file", () => rmSync(file("b.bin"))],
  ["a renamed binary file", move("b.bin", "c.bin")],
  ["a binary file that can be run", executable("b.bin")],
  ["a binary file with another mode", all(write("b.bin", bytes(11)), executable("b.bin"))],
  ["a file of CRLF", write("crlf.txt", "a\r\nB\r\nc\r\n")],
  ["a file without an end of line", write("no-end.txt", "x\nz")],
  ["a file that gets its last end of line", write("no-end.txt", "x\ny\n")],
  [
    "another symlink",
    all(
      () => rmSync(file("link")),
      () => symlinkSync("d.txt", file("link")),
    ),
  ],
  ["a file for a symlink", all(() => rmSync(file("link")), write("link", "x\n"))],
  ["blanks in a name", write("two words", "y\n")],
  ["a quoted name", write('ü"t', "r\n")],
  ["odd white space", write("f.txt", numbers({ 5: "\f\v\t x\r" }))],
  ["what slides", write("code.c", CODE.replace("b()", "c() {\n  one\n}\n\nb()"))],
  ["several", all(EDIT, move("b.bin", "c.bin"), executable("crlf.txt"), write("new", ""))],
];

const opened = openRepository(folder);

/** Before git 2.39, format-patch names changes without text otherwise: what it writes then is not found. */
const hasIds = gitIsAtLeast(2, 39);

test.runIf(hasIds).each(CHANGES)(
  "%s: a commit and its mail have git's patch-id",
  async (name, change) => {
    const repository = await opened;
    const { commit, id } = prerequisite(change);
    expect(await commitsByPatchId(repository, base, [id])).toEqual(new Map([[id, commit]]));
    expect(await patchIdsOf(repository, [commit])).toEqual([id]);
    const mail = mailed(commit);
    const [read] = await gitPatchIds(repository, [mail], [base]);
    // the mail of what slides has it in another place
    if (name !== "what slides") expect(read).toBe(id);
    else
      expect(await diffsByOwnId(repository, base, [mail.canonical], [id])).toEqual(
        new Map([[id, mail.canonical]]),
      );
  },
);

test("nothing", async () => {
  const { commit, id } = prerequisite(() => undefined);
  expect(id).toMatch(/^0+$/);
  expect(await patchIdsOf(await opened, [commit])).toEqual([id]);
});

/** Settings of the writer's git that make another id. */
test.each(["diff.renames=false", "diff.renames=copies", "diff.renameLimit=1"])(
  "the writer has %s",
  async (setting) => {
    const change = all(
      move("d.txt", "e.txt"),
      EDIT,
      write("copy", numbers({ 5: "x" })),
      write("g.txt", numbers({ 1: "first", 7: "x" })),
    );
    const { commit, id } = prerequisite(change, [setting]);
    expect((await commitsByPatchId(await opened, base, [id])).get(id)).toBe(commit);
  },
);

describe("however the mail was made", () => {
  const FORMS = [
    ["-U8"],
    ["-U1"],
    ["--no-renames"],
    ["--histogram"],
    ["--patience"],
    ["--inter-hunk-context=9"],
    ["--function-context"],
    ["--full-index"],
    ["--no-indent-heuristic"],
  ];
  const change = all(EDIT, move("d.txt", "e.txt"), CHANGES.find(([n]) => n === "what slides")![1]);

  test.each(FORMS)("%s", async (...form) => {
    const needless = mailed(prerequisite(EDIT).commit).canonical;
    const { commit, id } = prerequisite(change);
    const { canonical } = mailed(commit, ...form);
    const found = await diffsByOwnId(await opened, base, [needless, canonical], [id]);
    expect(found).toEqual(new Map([[id, canonical]]));
  });
});

/** Settings of the reader's git make no difference. */
test.runIf(hasIds).each([
  ["diff.context", "8"],
  ["diff.noprefix", "true"],
  ["diff.mnemonicPrefix", "true"],
  ["diff.algorithm", "histogram"],
  ["diff.indentHeuristic", "true"],
  ["diff.interHunkContext", "9"],
  ["diff.renames", "false"],
  ["diff.suppressBlankEmpty", "true"],
  ["diff.external", "false"],
  ["diff.submodule", "log"],
  ["diff.relative", "true"],
  ["core.quotePath", "false"],
])("the reader has %s=%s", async (key, value) => {
  const repository: Repository = await opened;
  const { commit, id } = prerequisite(all(...CHANGES.slice(-4).map(([, change]) => change)));
  run("config", key, value);
  try {
    expect(await patchIdsOf(repository, [commit])).toEqual([id]);
  } finally {
    run("config", "--unset", key);
  }
});
