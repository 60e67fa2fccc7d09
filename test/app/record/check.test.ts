/** What a commit is, compared with what was signed: told apart on commits that real git made. */

import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import Database from "better-sqlite3";
import { checkCommits } from "../../../src/app/record/check.ts";
import { commitContext } from "../../../src/app/record/context.ts";
import { MAX_NOTES } from "../../../src/app/record/prover.ts";
import { openRepository } from "../../../src/git/repository.ts";
import type { CommitResult } from "../../../src/record/result.ts";
import { renderLogEntry } from "../../../src/report/commits.ts";
import { trustFile } from "../../../src/store/place.ts";
import { openTrustStore } from "../../../src/store/trust-store.ts";
import { NO_PINS } from "../../../src/trust/pins.ts";
import { DEFAULT_POLICY, type Policy } from "../../../src/verify/policy.ts";
import { gitIsAtLeast } from "../../support/gits.ts";
import { patchsig } from "../../support/cli.ts";
import { newFolder } from "../../support/folders.ts";
import { commit, git, newRepository } from "../../support/repo.ts";
import { edited, expectStatus, formatPatch, newHome, signedPatches } from "../../cli/support.ts";

const NOW = 1_800_000_000;
const NOTES = "refs/notes/patchsig";

/** Alice's three commits on a song and a picture, and the base that they were sent against. */
function newWork(format = "sha1"): { base: string; work: string; start: string } {
  const folder = newFolder();
  const base = join(folder, "base");
  git(folder, ["init", "-q", "-b", "main", `--object-format=${format}`, base]);
  const song = Array.from({ length: 60 }, (_, i) => `line ${i + 1}`);
  const lines = (): string => `${song.join("\n")}\n`;
  const start = commit(base, "start", { "song.txt": lines(), "old name.txt": lines() });
  git(folder, ["clone", "-q", "base", "work"]);
  const work = join(folder, "work");
  song[9] = "LINE 10";
  commit(work, "song: shout\n\nMake it loud.\n\nSigned-off-by: Alice <alice@example.org>", {
    "song.txt": lines(),
  });
  song[49] = "LINE 50";
  commit(work, "song: shout again\n\nAnd this.", {
    "song.txt": lines(),
    "tune.bin": Buffer.from("a\0b\x01"),
  });
  git(work, ["mv", "old name.txt", "new.txt"]);
  commit(work, "song: another name", {});
  return { base, work, start };
}

let alice: string;
let applied: { tree: string; home: string; start: string; work: string };

/** Applied by the program, in a copy of the base. */
function applyAll(files: readonly string[], base: string, words: readonly string[] = []) {
  const [home, tree] = [newFolder(), join(newFolder(), "tree")];
  cpSync(base, tree, { recursive: true });
  expectStatus(patchsig(["am", ...words, ...files], { home, cwd: tree }), 0);
  return { home, tree };
}

beforeAll(() => {
  alice = newHome(7);
  const { base, work, start } = newWork();
  applied = { ...applyAll(signedPatches(work, alice), base), start, work };
});

let tree: string;
beforeEach(() => {
  tree = join(newFolder(), "tree");
  cpSync(applied.tree, tree, { recursive: true });
});

const PINNED: Policy = { ...DEFAULT_POLICY, require: "pinned" };

async function check(
  words: readonly string[],
  { home = applied.home, policy = DEFAULT_POLICY, cwd = tree, maxNotes = MAX_NOTES } = {},
): Promise<CommitResult[]> {
  const store = openTrustStore({ file: trustFile({ XDG_DATA_HOME: home }), dryRun: true });
  const results: CommitResult[] = [];
  try {
    const context = commitContext(store, policy, NO_PINS, NOW, () => null);
    const walk = { named: true, most: null, maxNotes };
    for await (const some of checkCommits(await openRepository(cwd), words, walk, context))
      results.push(...some);
  } finally {
    store.close();
  }
  return results;
}

/** `same`, `trailers+1`, `amended message diff`, with the verdict. */
async function statuses(...words: readonly string[]): Promise<string[]> {
  return (await check(words)).map(
    ({ status, amended, added, verdict }) =>
      [status, ...amended].join(" ") + (added.length > 0 ? `+${added.length}` : "") + ` ${verdict}`,
  );
}

const amend = (...words: string[]): Buffer =>
  git(tree, ["-c", `notes.rewriteRef=${NOTES}`, "commit", "-q", "--amend", ...words]);

function edit(line: number, text: string): void {
  const song = git(tree, ["show", "HEAD:song.txt"]).toString().split("\n");
  song[line - 1] = text;
  writeFileSync(join(tree, "song.txt"), song.join("\n"));
}

const note = (of: string): Buffer => git(tree, ["cat-file", "blob", blobOf(of)]);
const blobOf = (of: string): string =>
  git(tree, ["notes", `--ref=${NOTES}`, "list", of])
    .toString()
    .trim();
/** As it is, without git's stripspace. */
function setNote(of: string, text: Buffer): void {
  const blob = git(tree, ["hash-object", "-w", "--stdin"], text).toString().trim();
  git(tree, ["notes", `--ref=${NOTES}`, "add", "-f", "-C", blob, of]);
}

describe("untouched", () => {
  test("each commit is what was signed, and the key is known", async () => {
    const results = await check([`${applied.start}..HEAD`], {});
    expect(results.map(({ status }) => status)).toEqual(["same", "same", "same"]);
    expect(results[2]).toMatchObject({
      subject: "song: shout",
      author: "Alice <alice@example.org>",
      carriedFrom: null,
      signer: "alice@example.org",
      trust: "first-use",
      series: { version: 1, index: 1, total: 3 },
      base: applied.start,
      verdict: "pass",
      record: { verdict: "pass", appliedBy: "Maint <maint@example.org>", trust: "first-use" },
    });
    // the first use is not another one
    expect((await check(["HEAD"], { policy: PINNED }))[0]).toMatchObject({
      status: "same",
      verdict: "fail",
      why: "the policy wants a pinned key",
    });
  });

  test("whatever settings and attributes there are", async () => {
    for (const [name, value] of Object.entries({
      "core.quotePath": "false",
      "diff.algorithm": "histogram",
      "diff.context": "7",
      "diff.interHunkContext": "20",
      "diff.mnemonicPrefix": "true",
      "diff.noprefix": "true",
      "diff.relative": "true",
      "diff.renames": "false",
      "diff.suppressBlankEmpty": "true",
      "diff.external": "false",
      "core.abbrev": "20",
      "color.ui": "always",
      "log.showRoot": "false",
      "diff.orderFile": join(tree, "order"),
    }))
      git(tree, ["config", name, value]);
    writeFileSync(join(tree, "order"), "tune*\nsong*\n");
    writeFileSync(join(tree, ".gitattributes"), "song.txt -diff\n*.bin diff\n");
    expect(await statuses("HEAD", "HEAD~1", "HEAD~2")).toEqual(Array(3).fill("same pass"));
  });

  test("a signer whose git shows diffs otherwise", async () => {
    const { base, work, start } = newWork();
    const shown = ["-U9", "--no-renames", "--histogram", "--no-indent-heuristic", "--full-index"];
    const { tree: cwd, home } = applyAll(signedPatches(work, alice, shown), base);
    const results = await check([`${start}..`], { cwd, home });
    expect(results.map(({ status }) => status)).toEqual(["same", "same", "same"]);
  });

  test("a sha256 repository", async () => {
    const { base, work, start } = newWork("sha256");
    const { tree: cwd, home } = applyAll(signedPatches(work, alice), base);
    const results = await check([`${start}..`], { cwd, home });
    expect(results.map(({ status, verdict }) => `${status} ${verdict}`)).toEqual(
      Array(3).fill("same pass"),
    );
    expect(results[0]!.commit).toHaveLength(64);
  });
});

describe("amended", () => {
  test("message", async () => {
    amend("-m", "song: another name\n\nWith more to say.");
    expect(await statuses("HEAD", "HEAD~1")).toEqual(["amended message fail", "same pass"]);
  });

  test("subject", async () => {
    amend("-m", "song: a new name");
    expect(await statuses("HEAD")).toEqual(["amended message fail"]);
  });

  test("diff", async () => {
    edit(30, "line thirty");
    amend("-a", "--no-edit");
    expect(await statuses("HEAD")).toEqual(["amended diff fail"]);
  });

  test("a mode, a file that is not in the diff", async () => {
    git(tree, ["update-index", "--chmod=+x", "new.txt"]);
    amend("--no-edit");
    expect(await statuses("HEAD")).toEqual(["amended diff fail"]);
  });

  test("author", async () => {
    amend("--no-edit", "--author=Mallory <mallory@example.net>");
    expect(await statuses("HEAD")).toEqual(["amended author fail"]);
    amend("--no-edit", "--author=Alice <alice@example.net>");
    expect(await statuses("HEAD")).toEqual(["amended author fail"]);
  });

  test("message and diff", async () => {
    git(tree, ["reset", "-q", "--hard", "HEAD~2"]);
    edit(30, "line thirty");
    amend("-a", "-m", "song: shout twice");
    expect(await statuses("HEAD")).toEqual(["amended message diff fail"]);
  });

  test("trailers alone are said, and pass", async () => {
    amend("--no-edit", "-s");
    expect(await statuses("HEAD")).toEqual(["trailers+1 pass"]);
    amend("--no-edit", "--trailer", "Reviewed-by: Bob <bob@example.org>");
    expect((await check(["HEAD"]))[0]!.added).toEqual([
      "Signed-off-by: Maint <maint@example.org>",
      "Reviewed-by: Bob <bob@example.org>",
    ]);
  });

  test("the encoding", async () => {
    git(tree, ["config", "i18n.commitEncoding", "ISO-8859-1"]);
    amend("--no-edit");
    expect(await statuses("HEAD")).toEqual(["amended message fail"]);
  });
});

describe("carried over", () => {
  const commits = (): string[] =>
    git(tree, ["rev-list", `${applied.start}..HEAD`])
      .toString()
      .trim()
      .split("\n");
  const other = (line: number): void => {
    git(tree, ["checkout", "-q", "-b", "other", applied.start]);
    edit(line, "other\nline\nhere");
    git(tree, ["commit", "-qam", "other: more lines"]);
  };

  test("rebased, the same at other lines: git carries the notes if it is told to", async () => {
    const before = commits();
    git(tree, ["checkout", "-q", "-b", "topic"]);
    other(2);
    git(tree, ["-c", `notes.rewriteRef=${NOTES}`, "rebase", "-q", "other", "topic"]);
    const results = await check(["other..topic"]);
    expect(results.map(({ status }) => status)).toEqual(["same", "same", "same"]);
    expect(results.map(({ carriedFrom }) => carriedFrom)).toEqual(before);
    expect(results.every(({ verdict }) => verdict === "pass")).toBe(true);
  });

  test("rebased where it touches the context: not what was signed", async () => {
    git(tree, ["checkout", "-q", "-b", "topic"]);
    other(8);
    git(tree, ["-c", `notes.rewriteRef=${NOTES}`, "rebase", "-q", "other", "topic"]);
    expect(await statuses("other..topic")).toEqual(["same pass", "same pass", "amended diff fail"]);
    expect((await check(["topic~2"]))[0]!.why).toBe("the same lines change, between others");
  });

  test("rebased without that: no notes", async () => {
    git(tree, ["checkout", "-q", "-b", "topic"]);
    other(2);
    git(tree, ["rebase", "-q", "other", "topic"]);
    // her key is known here, and she signs
    expect(await statuses("other..topic")).toEqual(Array(3).fill("none fail"));
    const [first] = await check(["topic"]);
    expect(renderLogEntry(first!, { color: false, columns: 80 }).map(String)).toContain(
      "Record:   no note; alice@example.org signs, so a signature was expected",
    );
  });

  test("cherry-picked, with -x: the note is copied by hand", async () => {
    const picked = git(tree, ["rev-parse", "HEAD~2"]).toString().trim();
    other(2);
    git(tree, ["cherry-pick", "-x", picked]);
    git(tree, ["notes", `--ref=${NOTES}`, "copy", picked, "HEAD"]);
    expect(await statuses("HEAD")).toEqual(["trailers+1 pass"]);
    expect((await check(["HEAD"]))[0]).toMatchObject({
      carriedFrom: picked,
      added: [`(cherry picked from commit ${picked})`],
    });
    git(tree, ["commit", "-q", "--amend", "--no-edit", "-s"]);
    git(tree, ["notes", `--ref=${NOTES}`, "copy", picked, "HEAD"]);
    expect(await statuses("HEAD")).toEqual(["trailers+2 pass"]);
  });

  test("squashed: one note with both records, neither of which it is", async () => {
    git(tree, ["branch", "topic"]);
    const rewrite = [
      "-c",
      `notes.rewriteRef=${NOTES}`,
      "-c",
      "sequence.editor=sed -i 2s/pick/fixup/",
    ];
    git(tree, [...rewrite, "rebase", "-q", "-i", applied.start]);
    expect(note("HEAD~1").toString("latin1").split("patchsig-record-v1\n")).toHaveLength(3);
    expect(await statuses("HEAD~1", "HEAD")).toEqual(["amended diff fail", "same pass"]);
  });
});

describe("not by the signer", () => {
  test("forged: text, signature, diff, signer, garbage", async () => {
    const text = note("HEAD~2").toString("latin1");
    const forge = async (from: RegExp | string, to: string): Promise<string> => {
      const forged = text.replace(from, to);
      expect(forged).not.toBe(text);
      setNote("HEAD~2", Buffer.from(forged, "latin1"));
      return (await statuses("HEAD~2"))[0]!;
    };
    for (const [from, to] of [
      [/^author: Alice </m, "author: Malice <"],
      [/^message: ./m, "message: f"],
      [/^RU.{8}/m, "RUAAAAAAAA"],
      [/^\+LINE 10$/m, "+LINE 11"],
      [/^signer: alice@example.org$/m, "signer: linus@example.org"],
      [/ by=alice@/, " by=malory@"],
      [/^diff-bytes: \d/m, "diff-bytes: 9"],
      [/^[^]*$/, "hello\n"],
      ["patchsig-record-v1", "patchsig-record-v9"],
    ] as const)
      expect(await forge(from, to), String(from)).toBe("forged fail");
    // what only the applier says can be anything, and proves nothing
    expect(await forge(/^trust: first-use$/m, "trust: pinned")).toBe("same pass");
  });

  test("the diff left out: then it is not known", async () => {
    const text = note("HEAD~2").toString("latin1");
    const cut = text.slice(0, text.indexOf("\ndiff --git")).replace(/^(diff-bytes): .*$/m, "$1: -");
    setNote("HEAD~2", Buffer.from(cut, "latin1"));
    expect((await check(["HEAD~2"]))[0]).toMatchObject({
      status: "amended",
      amended: ["diff"],
      why: "the diff is not known here",
      verdict: "fail",
    });
  });

  test("moved: a note copied to another commit", async () => {
    commit(tree, "tune: end it", { "tune.txt": "the end\n" });
    const fresh = git(tree, ["rev-parse", "HEAD"]).toString().trim();
    git(tree, ["notes", `--ref=${NOTES}`, "copy", "HEAD~1", fresh]);
    const [result] = await check([fresh]);
    expect(result).toMatchObject({ status: "moved", verdict: "fail" });
    expect(result!.carriedFrom).toBe(git(tree, ["rev-parse", "HEAD~1"]).toString().trim());
    // onto one of hers
    git(tree, ["notes", `--ref=${NOTES}`, "copy", "-f", "HEAD~3", "HEAD~1"]);
    expect(await statuses("HEAD~1")).toEqual(["moved fail"]);
  });

  test("moved onto another old file: the same binary delta makes another new one", async () => {
    const { base } = newWork();
    const bytes = Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * i * 7919) >> 5));
    const changed = (at: number, from: Buffer = bytes): Buffer =>
      Buffer.concat([from.subarray(0, at), Buffer.from("xyz"), from.subarray(at + 3)]);
    const start = commit(base, "a tune", { "tune.bin": bytes });
    const work = join(newFolder(), "work");
    git(base, ["clone", "-q", base, work]);
    commit(work, "tune: end it", { "tune.bin": changed(3900) });
    const { tree: cwd, home } = applyAll(signedPatches(work, alice), base);
    expect((await check(["HEAD"], { cwd, home }))[0]!.status).toBe("same");
    const signed = git(cwd, ["rev-parse", "HEAD"]).toString().trim();
    git(cwd, ["reset", "-q", "--hard", start]);
    const other = changed(100);
    commit(cwd, "another start", { "tune.bin": other });
    commit(cwd, "tune: end it", { "tune.bin": changed(3900, other) });
    git(cwd, ["notes", `--ref=${NOTES}`, "copy", signed, "HEAD"]);
    const [result] = await check(["HEAD"], { cwd, home });
    expect(result).toMatchObject({ status: "amended", amended: ["diff"], verdict: "fail" });
  });

  test("another's own signature in her name", async () => {
    const { base, work } = newWork();
    const { tree: cwd } = applyAll(signedPatches(work, newHome(9)), base);
    expect((await check(["HEAD"], { cwd }))[0]).toMatchObject({
      status: "same",
      trust: "changed",
      verdict: "fail",
    });
    // where nobody has met a key of hers
    expect((await check(["HEAD"], { cwd, home: newFolder() }))[0]).toMatchObject({
      trust: "unknown",
      verdict: "warn",
    });
  });

  test("the key revoked since, or replaced", async () => {
    for (const [state, verdict] of [
      ["revoked", "fail"],
      ["replaced", "pass"],
    ] as const) {
      const home = newFolder();
      cpSync(applied.home, home, { recursive: true });
      const db = new Database(trustFile({ XDG_DATA_HOME: home }));
      db.prepare("update keys set state = ?").run(state);
      db.close();
      expect((await check(["HEAD"], { home }))[0]).toMatchObject({
        status: "same",
        trust: state,
        verdict,
        why: `the key has been ${state} since`,
      });
    }
  });
});

describe("without a signature", () => {
  // older ones cannot merge trees
  test.runIf(gitIsAtLeast(2, 38))("no note: by the policy; a merge, a root", async () => {
    git(tree, ["checkout", "-q", "-b", "side", applied.start]);
    edit(20, "side");
    git(tree, ["commit", "-qam", "side: mine", "--author=Bob <bob@example.org>"]);
    const author = "--author=Alice <alice@example.org>";
    git(tree, ["merge", "-q", "--no-ff", "-m", "Merge", "main"]);
    git(tree, ["commit", "-q", "--amend", "--no-edit", author]);
    expect(await statuses("HEAD", "HEAD^1")).toEqual(["none warn", "none warn"]);
    expect((await check(["HEAD"]))[0]!.why).toBe("a merge as git makes it");
    const require = "signature" as const;
    const strict = await check(["HEAD", "HEAD^1"], { policy: { ...DEFAULT_POLICY, require } });
    expect(strict.map(({ verdict }) => verdict)).toEqual(["fail", "fail"]);
    for (const name of ["HEAD", applied.start])
      git(tree, ["notes", `--ref=${NOTES}`, "copy", "main", name]);
    expect(await statuses("HEAD", applied.start)).toEqual(["moved fail", "moved fail"]);
  });

  test("a merge in the name of somebody who signs, with more than git makes of it; what it brings", async () => {
    const author = "--author=Alice <alice@example.org>";
    git(tree, ["checkout", "-q", "-b", "side", applied.start]);
    edit(20, "side");
    git(tree, ["commit", "-qam", "side: in her name", author]);
    git(tree, ["merge", "-q", "--no-commit", "main"]);
    edit(30, "evil");
    git(tree, ["commit", "-qam", "Merge", author]);
    const words = ["HEAD", "HEAD^1"];
    expect(await statuses(...words)).toEqual(["none fail", "none fail"]);
    // a commit that git merges from three
    git(tree, ["checkout", "-q", "-B", "octopus", "main"]);
    for (const name of ["a", "b"]) {
      git(tree, ["checkout", "-q", "-B", name, "main"]);
      commit(tree, name, { [name]: name });
    }
    git(tree, ["checkout", "-q", "octopus"]);
    git(tree, ["merge", "-q", "--no-ff", "-m", "Octopus", "a", "b"]);
    git(tree, ["commit", "-q", "--amend", "--no-edit", author]);
    expect(await statuses("HEAD")).toEqual(["none fail"]);
    // an empty commit is no merge
    git(tree, ["commit", "-q", "--allow-empty", "-m", "empty", author]);
    expect(await statuses("HEAD")).toEqual(["none fail"]);
  });

  test("a patch that was not signed has a record of that", async () => {
    const { base, work } = newWork();
    const [first] = formatPatch(work);
    const bob = edited(first!, (t) => t.replaceAll("Alice <alice@", "Bob <bob@"));
    const { tree: cwd, home } = applyAll([bob], base, ["--partial"]);
    expect((await check(["HEAD"], { cwd, home }))[0]).toMatchObject({
      status: "unsigned",
      signer: null,
      verdict: "warn",
      record: { verdict: "warn", vouched: null, findings: [{ code: "unsigned" }] },
    });
  });

  test("a root commit that am made", async () => {
    const work = newRepository(join(newFolder(), "work"));
    commit(work, "first", { a: "a\n" });
    const files = signedPatches(work, alice, ["--root", "--no-base"], "HEAD");
    const { tree: cwd, home } = applyAll(files, newRepository(join(newFolder(), "empty")));
    expect((await check(["HEAD"], { cwd, home }))[0]).toMatchObject({ status: "same" });
  });
});

test("notes that are too long for one time are compared one after the other", async () => {
  const words = ["HEAD", "HEAD~1", "HEAD~2", "HEAD~3"];
  const all = await check(words);
  expect(all).toHaveLength(4);
  for (const maxNotes of [1, 1500, 4000]) expect(await check(words, { maxNotes })).toEqual(all);
});

test("words that name no commit", async () => {
  await expect(check(["nowhere"])).rejects.toThrow(/nowhere/);
  await expect(check(["--all"])).rejects.toThrow("--all names no commit");
  await expect(check(["HEAD:song.txt"])).rejects.toThrow();
});
