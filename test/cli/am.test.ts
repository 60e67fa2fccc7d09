/** `patchsig am`: what was verified is what is committed, or nothing is. */

import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { lockFile } from "../../src/store/flock.ts";
import { patchsig, PROGRAM, type Run } from "../support/cli.ts";
import { gitIsAtLeast } from "../support/gits.ts";
import { some } from "../support/long.ts";
import { commit, git, newRepository, tryGit } from "../support/repo.ts";
import {
  edit,
  edited,
  expectError,
  expectStatus,
  expectTidy,
  formatPatch,
  mbox,
  newFolder,
  newHome,
  newSubmission,
  signedPatches,
} from "./support.ts";

let submission: ReturnType<typeof newSubmission>;
let alice: string;
let files: string[];

beforeAll(() => {
  submission = newSubmission();
  alice = newHome(7);
  files = signedPatches(submission.work, alice);
});

/** The maintainer: a repository at the base, and what is remembered, both new for each test. */
let tree: string;
let home: string;
let before: string;

beforeEach(() => {
  home = newFolder();
  tree = join(newFolder(), "tree");
  cpSync(submission.base, tree, { recursive: true });
  before = state();
});

function am(args: readonly string[], options: Partial<Parameters<typeof patchsig>[1]> = {}): Run {
  return patchsig(["am", ...args], { home, cwd: tree, ...options });
}

/** All that an attempt may not change: branches, HEAD, index, files, an am under way. */
function state(): string {
  return git(tree, ["for-each-ref"]).toString() + git(tree, ["status"]).toString();
}

/** Author, date, message and tree of the commits above the base. */
function log(repository: string, range = `${submission.baseCommit}..`): string {
  return git(repository, ["log", "--format=%an <%ae> %ad%n%B%n%T", range]).toString();
}

function expectApplied(run: Run): void {
  expectStatus(run, 0);
  expect(log(tree)).toBe(log(submission.work));
}

function expectUntouched(run: Run, status: number): void {
  expectStatus(run, status);
  expect(state()).toBe(before);
}

describe("it applies", () => {
  test("patches in order, with the submitter's author, date, message and tree", () => {
    const run = am([mbox(...[...files].reverse())]);
    expectApplied(run);
    expect(run.stdout).toMatch(/^ok {4}1\/3 song: shout line 2 /);
    expect(run.stderr).toBe("applied 3 patches\n");
    expect(git(tree, ["log", "-1", "--format=%cn"]).toString()).toBe("Maint\n");
    expect(git(tree, ["status", "--porcelain"]).toString()).toBe("");
  });

  test("from standard input, in a subdirectory", () => {
    const folder = join(tree, "sub");
    mkdirSync(folder);
    expectApplied(am([], { cwd: folder, input: readFileSync(mbox(...files)) }));
  });

  test('the author whom a list replaced ("via list") is put back', () => {
    const munged = files.map((file) =>
      edited(file, (t) =>
        t.replace(
          /^From: .*$/m,
          "From: Alice via devel <devel@lists.example>\nReply-To: Alice <alice@example.org>",
        ),
      ),
    );
    expectApplied(am(munged));
  });

  test.each([
    ["its number is read", "Subject: [PATCH 0/3] songs\nSubject: [PATCH 0/3] other songs"],
    ["its number is not read", "Subject: =?unknown-9bit?q?[PATCH_0/3]_songs?="],
  ])("a refused cover letter does not stop its patches: %s", (_, subject) => {
    const letter = edited(files[0]!, (t) => t.replace(/^Subject: .*$/m, subject));
    const run = am([letter, ...files]);
    expectApplied(run);
    expect(run.stdout + run.stderr).toContain("mail refused: ");
  });

  test("applied patches are counted in the history of the key", () => {
    expectStatus(am(files), 0);
    expect(patchsig(["trust", "show", "alice@example.org"], { home }).stdout).toContain(
      "3 patches, 3 applied",
    );
  });

  test("--signoff", () => {
    expectStatus(am(["--signoff", ...files]), 0);
    expect(git(tree, ["log", "-1", "--format=%b"]).toString()).toContain(
      "Signed-off-by: Maint <maint@example.org>",
    );
  });

  // each of these makes stock git am commit something else, or refuse
  test("the same whatever git's settings", () => {
    const scissors = formatPatch(submission.work);
    edit(scissors[0]!, (t) => t.replace("Make it loud.", "Make it loud.\n\n-- >8 --\n\nOr not."));
    edit(scissors[1]!, (t) => t.replace("+LINE 10", "+LINE 10 \t "));
    edit(scissors[1]!, (t) => t.replace("And this.", "And th\u00c3\u00ads \u00e2\u0098\u0083."));
    edit(scissors[1]!, (t) =>
      t.replace(
        "\n\n",
        "\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n",
      ),
    );
    expectStatus(patchsig(["sign", ...scissors], { home: alice }), 0);
    expectStatus(am(scissors), 0);
    const expected = log(tree);
    expect(expected).toContain("-- >8 --");
    expect(expected).toContain("And thís ☃.");
    expect(git(tree, ["show", "HEAD:song.txt"]).toString()).toContain("LINE 10 \t \n");

    git(tree, ["reset", "-q", "--hard", submission.baseCommit]);
    for (const [key, value] of Object.entries({
      "am.keepcr": "true",
      "am.threeWay": "true",
      "apply.ignoreWhitespace": "change",
      "apply.whitespace": "fix",
      "commit.gpgSign": "false",
      "core.autocrlf": "true",
      "core.whitespace": "tab-in-indent,trailing-space",
      "i18n.commitEncoding": "ISO-8859-1",
      "mailinfo.quotedCr": "strip",
      "mailinfo.scissors": "true",
    }))
      git(tree, ["config", key, value]);
    expectStatus(am(scissors), 0);
    expect(log(tree)).toBe(expected);
  });
});

describe("it refuses", () => {
  test("all of a series with one altered patch, and touches nothing", () => {
    const bad = edited(files[1]!, (t) => t.replace("+LINE 10", "+LINE ten"));
    const run = am([files[0]!, bad, files[2]!]);
    expectUntouched(run, 1);
    expect(run.stderr).toBe("nothing applied: 1 of 3 failed\nhint: --partial applies the others\n");
    expectTidy(run.stdout);
  });

  test("a series with a refused patch", () => {
    const [first, second, third] = files;
    const refused = edited(second!, (t) => t.replace(/^Subject: /m, "Subject: x\nSubject: "));
    const run = am([first!, refused, third!]);
    expectUntouched(run, 1);
    expect(run.stderr).toContain("nothing applied: missing patch 2 of 3\n");
  });

  test("a series whose cover letter failed, even under require = nothing", () => {
    const [letter, ...patches] = formatPatch(submission.work, ["--cover-letter"]);
    edit(letter!, (t) => t.replace(/\*\*\* \w+ HERE \*\*\*/g, "song: be loud"));
    expectStatus(patchsig(["sign", letter!], { home: alice }), 0);
    edit(letter!, (t) => t.replace("\n\nsong: be loud", "\n\nsong: be quiet"));
    const run = am(["--require=opt-in", letter!, ...patches]);
    expectUntouched(run, 1);
    expect(run.stderr).toBe(
      "nothing applied: the cover letter failed\nhint: --partial applies the patches\n",
    );
    expectApplied(am(["--require=opt-in", "--partial", letter!, ...patches]));
  });

  test("only the failed ones with --partial", () => {
    const bad = edited(files[1]!, (t) => t.replace("+LINE 10", "+LINE ten"));
    expectStatus(am(["--partial", files[0]!, bad, files[2]!]), 0);
    expect(git(tree, ["log", "--format=%s", `${submission.baseCommit}..`]).toString()).toBe(
      "song: credits\nsong: shout line 2\n",
    );
  });

  test("an incomplete series", () => {
    const run = am([files[0]!, files[2]!]);
    expectUntouched(run, 1);
    expect(run.stderr).toBe(
      "nothing applied: missing patch 2 of 3\nhint: --partial applies the others\n",
    );
    expectStatus(am(["--partial", files[0]!, files[2]!]), 0);
  });

  test("patches from different signings, also with --partial", () => {
    const again = formatPatch(submission.work);
    edit(again[2]!, (t) => t.replace("Who sang.", "Who did not sing."));
    expectStatus(patchsig(["sign", ...again], { home: alice }), 0);
    const run = am(["--partial", files[0]!, files[1]!, again[2]!]);
    expectError(run, 3, "2 series in the mails: (1) v1 song: shout line 2; (2) v1 song: credits");
    expect(state()).toBe(before);
  });

  test("two versions: the newest, or the one that is asked for; two works: none", () => {
    const second = signedPatches(submission.work, alice, ["-v2"]);
    const newest = am([...second, ...files]);
    expectApplied(newest);
    expect(newest.stderr).toBe("v2, 3 patches; v1 is also there\napplied 3 patches\n");
    const first = am(["-v1", ...files, ...second]);
    expect(first.stderr).toContain("v1, 3 patches; v2 is also there\n");
    expectStatus(first, 3);
    git(tree, ["am", "--abort"]);
    const at = state();
    expectError(am(["--version=one", ...files]), 2, '--version: "one" is no version');
    const other = edited(formatPatch(submission.work)[0]!, (t) =>
      t.replace("[PATCH 1/3] song", "[PATCH] else").replaceAll("alice@", "bob@"),
    );
    expectError(am([...files, other]), 3, /^2 series in the mails: \(1\) v1 song.*; \(2\) v1 else/);
    expect(state()).toBe(at);
  });

  test("some of its patches: -P", () => {
    const first = am(["-P", "1-2", ...files]);
    expectStatus(first, 0);
    expect(first.stderr).toBe("applied 2 patches\n");
    expectStatus(am(["-P3", ...files]), 0);
    expectError(am(["-P", "2-1", ...files]), 2, '-P: "2-1" names no patches');
    const none = am(["-P", "*nothing*", ...files]);
    expectStatus(none, 1);
    expect(none.stderr).toBe("nothing applied: -P names none of the patches\n");
  });

  test("a list in From of an unsigned patch becomes the author, and that is said", () => {
    const [first = ""] = formatPatch(submission.work);
    edit(first, (t) => t.replace(/^From: .*$/m, "From: Alice via list <list@lists.example.org>"));
    edit(first, (t) => t.replace("[PATCH 1/3]", "[PATCH]"));
    const run = expectStatus(am([first]), 0);
    const author = "Alice via list <list@lists.example.org>";
    expect(run.stderr).toContain(`note: git commits ${author} as the author`);
    expect(git(tree, ["log", "-1", "--format=%an <%ae>"]).toString()).toBe(`${author}\n`);
  });

  test("unsigned patches, if a signature is required; else they are applied", () => {
    const unsigned = formatPatch(submission.work);
    const run = am(["--require=signature", ...unsigned]);
    expectUntouched(run, 1);
    expect(run.stderr).toBe(
      "nothing applied: 3 of 3 not signed; the policy requires a signature\n",
    );
    const applied = am(unsigned);
    expectApplied(applied);
    expect(applied.stdout).toMatch(/^none {2}3\/3 song: .* not signed.*\n$/);
  });

  test("a series of which one signature was stripped, though nobody knew its signer", () => {
    const unsigned = formatPatch(submission.work);
    const run = am([unsigned[0]!, files[1]!, files[2]!]);
    expectUntouched(run, 1);
    expect(run.stdout).toContain("patch 1 is not signed, others are");
  });

  test("added trailers; --signed-only applies the text that was signed", () => {
    const acked = [...files];
    acked[2] = edited(files[2]!, (t) =>
      t.replace("\n---\n", "\n\nReviewed-by: Forger <forger@example.net>\n---\n"),
    );
    expectUntouched(am(acked), 1);
    expectApplied(am(["--signed-only", ...acked]));
  });

  test("input without a mail or a patch, and a missing file", () => {
    expectError(am([newFolder()]), 1, /^no mail in /);
    expectError(
      am([], { input: Buffer.from("Subject: hello\n\nhow are you?\n") }),
      1,
      /^no patch in/,
    );
    expectError(am(["nowhere"]), 3, "no such file: nowhere");
    expect(state()).toBe(before);
  });
});

describe("--on-base", () => {
  test("creates a branch at the signed base", () => {
    commit(tree, "something else", { "song.txt": "all new\n" });
    const run = am(["--on-base", ...files]);
    expectApplied(run);
    expect(run.stderr).toBe(
      `on new branch patchsig/song-shout-line-2 at ${submission.baseCommit.slice(0, 12)}\n` +
        "applied 3 patches\n",
    );
    expect(git(tree, ["symbolic-ref", "--short", "HEAD"]).toString()).toBe(
      "patchsig/song-shout-line-2\n",
    );
  });

  test("fails if the branch exists; --branch names another", () => {
    git(tree, ["branch", "patchsig/song-shout-line-2"]);
    before = state();
    const run = am(["--on-base", ...files]);
    expectUntouched(run, 3);
    expect(run.stderr).toBe(
      "patchsig: a branch patchsig/song-shout-line-2 exists already\n" +
        "hint: give another name: --branch NAME\n",
    );
    expectApplied(am(["--on-base", "--branch", "mine", ...files]));
  });

  test("fails if the base is missing here, or not signed", () => {
    const unsigned = formatPatch(submission.work, ["--no-base"]);
    expectStatus(patchsig(["sign", "--base", "1".repeat(40), ...unsigned], { home: alice }), 0);
    const run = am(["--on-base", ...unsigned]);
    expectUntouched(run, 3);
    expect(run.stderr).toBe(
      `patchsig: the base ${"1".repeat(40)} is not in this repository\nhint: fetch it first\n`,
    );
    const baseless = signedPatches(submission.work, alice, ["--no-base"]);
    expectUntouched(am(["--on-base", ...baseless]), 3);
  });

  test("takes a guessed base only on request, and only if it is unique", () => {
    const baseless = signedPatches(submission.work, alice, ["--no-base"]);
    expectUntouched(am(["--on-base", ...baseless]), 3);
    expectError(am(["--guess-base", ...baseless]), 2, "--guess-base goes with --on-base");
    const run = am(["--on-base", "--guess-base", ...baseless]);
    expectApplied(run);
    expect(run.stderr).toContain(`base guessed: ${submission.baseCommit.slice(0, 12)} `);
  });

  test("prefers the signed base to a guess", () => {
    const run = am(["--on-base", "--guess-base", ...files]);
    expectApplied(run);
    expect(run.stderr).not.toContain("guessed");
  });

  test("fails if there is no guess", () => {
    const baseless = signedPatches(submission.work, alice, ["--no-base"]);
    const other = newRepository(join(newFolder(), "other"));
    commit(other, "start", { "other.txt": "x\n" });
    const run = patchsig(["am", "--on-base", "--guess-base", ...baseless], {
      home,
      cwd: other,
    });
    expectStatus(run, 3);
    expect(run.stderr).toContain("no commit here is likely enough as the base");
  });

  test("refuses an invalid branch name, and --branch alone", () => {
    expectUntouched(am(["--on-base", "--branch", "a..b", ...files]), 2);
    expectError(am(["--branch", "mine", ...files]), 2, "--branch goes with --on-base");
  });
});

test("without a committer, no branch is made", () => {
  const env = { GIT_COMMITTER_NAME: "" };
  const run = patchsig(["am", "--on-base", ...files], { home, cwd: tree, env });
  expectUntouched(run, 2);
  expect(run.stderr).toMatch(/^patchsig: no committer: git var: .*\nhint: git config --global/);
});

describe("if git am stops", () => {
  beforeEach(() => {
    // the second patch does not apply
    diverge("line 10\n", "zeile 10\n");
    before = state();
  });

  function diverge(from: string, to: string): void {
    git(tree, ["reset", "-q", "--hard", submission.baseCommit]);
    const song = readFileSync(join(tree, "song.txt"), "utf8");
    commit(tree, "other", { "song.txt": song.replace(from, to) });
  }

  test("am reports it with git's message, and can be aborted", () => {
    const run = expectStatus(am(files), 3);
    expect(run.stdout).toContain("3 of 3 in the signed order");
    expect(run.stderr).toContain("error: patch failed: song.txt:");
    expect(run.stderr).toContain('run "git am --continue"');
    expect(run.stderr.trimEnd().split("\n").slice(-2)).toEqual([
      "patchsig: git am stopped: 1 of 3 applied",
      "hint: when it is resolved: git patchsig am --continue; or --skip, --abort",
    ]);
    expect(patchsig(["trust", "show", "alice@example.org"], { home }).stdout).toContain(
      "3 patches, 1 applied",
    );
    git(tree, ["am", "--abort"]);
    expect(state()).toBe(before);
  });

  test("before it begins, am says how to go on", () => {
    git(tree, ["reset", "-q", "--hard", submission.baseCommit]);
    const hook = join(tree, ".git", "hooks", "reference-transaction");
    mkdirSync(join(hook, ".."), { recursive: true });
    writeFileSync(hook, "#!/bin/sh\n[ $1 != prepared ]\n", { mode: 0o755 });
    const run = expectStatus(am(files), 3);
    expect(run.stderr.trimEnd().split("\n").slice(-3)).toEqual([
      expect.stringMatching(/^fatal: .* aborted by .*hook$/),
      "patchsig: git am stopped: 0 of 3 applied",
      "hint: mend what git says above, then git patchsig am --abort, and try again",
    ]);
    rmSync(hook);
    expectStatus(am(["--abort"]), 0);
    expectApplied(am(files));
  });

  test("the conflict can be resolved, and am continued", () => {
    diverge("line 2\n", "zeile 2\n");
    expectStatus(am(["--3way", ...files]), 3);
    expect(readFileSync(join(tree, "song.txt"), "utf8")).toContain("<<<<<<<");
    const song = git(submission.work, ["show", "HEAD~2:song.txt"]);
    writeFileSync(join(tree, "song.txt"), song);
    git(tree, ["add", "song.txt"]);
    git(tree, ["am", "--continue"]);
    expect(log(tree, "HEAD~3..")).toBe(log(submission.work));
  });

  test("--3way merges where possible", () => {
    diverge("line 5\n", "zeile 5\n");
    expectStatus(am(files), 3);
    git(tree, ["am", "--abort"]);
    expectStatus(am(["-3", ...files]), 0);
    expect(git(tree, ["show", "HEAD:song.txt"]).toString()).toContain(
      "LINE 2\nline 3\nline 4\nzeile 5\n",
    );
  });

  test("git's settings neither make a patch apply nor change it after --continue", () => {
    diverge("line 3\n", "line  3\n");
    git(tree, ["config", "apply.ignoreWhitespace", "change"]);
    git(tree, ["config", "apply.whitespace", "fix"]);
    const spaced = formatPatch(submission.work);
    edit(spaced[1]!, (t) => t.replace("+LINE 10", "+LINE 10 \t "));
    expectStatus(patchsig(["sign", ...spaced], { home: alice }), 0);
    expect(expectStatus(am(spaced), 3).stderr).toContain("0 of 3 applied");
    git(tree, ["am", "--skip"]);
    expect(git(tree, ["show", "HEAD:song.txt"]).toString()).toContain("LINE 10 \t \n");
  });

  test("nothing starts while another am is in progress", () => {
    expectStatus(am(files), 3);
    const stopped = state();
    expectError(am(files), 3, "another am or rebase is in progress here");
    expect(state()).toBe(stopped);
  });
});

describe("the repository", () => {
  test("is required", () => {
    expectError(am(files, { cwd: newFolder() }), 3, /^no git repository at \//);
  });

  test("must not be bare", () => {
    const bare = join(newFolder(), "bare");
    git(tree, ["clone", "-q", "--bare", tree, bare]);
    expectError(am(files, { cwd: bare }), 3, "there is no working tree here to apply to");
  });

  test("must have no staged changes; other changes only in files that no patch touches", () => {
    writeFileSync(join(tree, "notes.txt"), "mine\n");
    git(tree, ["add", "notes.txt"]);
    before = state();
    const run = am(files);
    expectError(run, 3, "there are staged changes here");
    expect(state()).toBe(before);

    git(tree, ["reset", "-q"]);
    expectApplied(am(files));
    expect(readFileSync(join(tree, "notes.txt"), "utf8")).toBe("mine\n");
  });

  test("may have an unborn branch", () => {
    const start = formatPatch(submission.work, ["--root", "--no-base"], submission.baseCommit);
    expectStatus(patchsig(["sign", ...start], { home: alice }), 0);
    rmSync(tree, { recursive: true });
    mkdirSync(tree);
    git(tree, ["init", "-q", "-b", "main"]);
    expectStatus(am(start), 0);
    expect(tryGit(tree, ["rev-parse", "HEAD^{tree}"]).stdout).toEqual(
      git(submission.base, ["rev-parse", "HEAD^{tree}"]),
    );
  });
});

describe("settings and hooks of the repository", () => {
  const SETTINGS = [
    "am.keepcr=true",
    "am.threeWay=true",
    "am.threeWay=false",
    "apply.whitespace=fix",
    "apply.ignoreWhitespace=change",
    "mailinfo.scissors=true",
    "mailinfo.quotedCr=strip",
    "i18n.commitEncoding=ISO-8859-1",
    "core.whitespace=trailing-space",
    "core.commentChar=S",
    "commit.cleanup=strip",
    "trailer.separators=#",
    "format.signOff=true",
  ];

  test("do not change the commit", () => {
    for (const setting of SETTINGS) git(tree, ["config", ...setting.split("=")]);
    expectApplied(am(files));
  });

  test.each(["diff.algorithm=bogus", "i18n.logOutputEncoding=UTF-16"])("%s", (setting) => {
    const [key = "", value = ""] = setting.split("=");
    const env = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: key, GIT_CONFIG_VALUE_0: value };
    expectApplied(am(files, { env }));
  });

  test("am.messageId: the trailer has a checked value", () => {
    git(tree, ["config", "am.messageid", "true"]);
    const named = files.map((file, i) =>
      edited(file, (text) => text.replace(/^Subject:/m, `Message-ID: <m${i}@example.org>\n$&`)),
    );
    expectStatus(am(named), 0);
    const said = git(tree, ["log", "--reverse", "--format=%B%x00", "-3"]).toString().split("\0");
    expect(said[0]).toBe(
      "song: shout line 2\n\nMake it loud.\n\nSigned-off-by: Alice <alice@example.org>\nMessage-ID: <m0@example.org>\n",
    );
    expect(said[1]).toBe("\nsong: shout line 10\n\nAnd this.\n\nMessage-ID: <m1@example.org>\n");
  });

  const IDS: [string, string][] = [
    ["an encoded word", "<=?utf-8?q?m1=3E=0AReviewed-by:_Greg_KH_=3Cg=40example.org?=>"],
    ["one that is broken", "<a=?b@example.org>"],
    ["white space", "<a b@example.org>"],
    ["a fold", "<a@example.org>\n\tReviewed-by:<b@example.org>"],
    ["a control", "<a\x0bb@example.org>"],
    ["a carriage return", "<a\rb@example.org>"],
    ["a tab", "<a\tb@example.org>"],
  ];
  test.each(some(IDS, 3))("a Message-ID with %s is refused, whatever the setting", (_, id) => {
    const evil = edited(files[0]!, (text) =>
      text.replace(/^Subject:/m, () => `Message-ID: ${id}\nSubject:`),
    );
    const run = am([evil]);
    expectUntouched(run, 1);
    expect(run.stdout).toMatch(/mail refused: /);
  });

  function hook(name: string, script: string): void {
    const folder = join(tree, ".git", "hooks");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  test("a hook may change the commit: am reports that, and keeps it", () => {
    hook("applypatch-msg", 'echo "Link: here" >>"$1"');
    const run = am(files);
    expectStatus(run, 0);
    expect(run.stderr).toBe(
      "note: changed by your hook applypatch-msg: message\napplied 3 patches\n",
    );
    expect(git(tree, ["log", "-1", "--format=%B"]).toString()).toContain("Link: here");
  });

  test("so may a hook that a setting names, in a git that runs it", () => {
    git(tree, ["config", "hook.link.event", "applypatch-msg"]);
    git(tree, ["config", "hook.link.command", 'echo "Link: here" >>"$1" #']);
    const note = "note: changed by your hook applypatch-msg: message\n";
    const run = expectStatus(am(files), 0);
    expect(run.stderr).toBe(`${gitIsAtLeast(2, 54) ? note : ""}applied 3 patches\n`);
  });

  /** A git that does something more after each `git am`. */
  function otherGit(script: string): Record<string, string> {
    const bin = newFolder();
    const real = process.env["PATH"]!;
    const text = `#!/bin/sh\nPATH='${real}'\ngit "$@"; s=$?\ncase " $* " in *" am --patch-format"*) ${script};; esac\nexit $s\n`;
    writeFileSync(join(bin, "git"), text, { mode: 0o755 });
    return { PATH: `${bin}:${real}` };
  }

  const CHANGES: [string, string][] = [
    ["author", "git commit -q --amend --no-edit --author 'Mallory <m@example.org>'"],
    ["author", "git commit -q --amend --no-edit --author 'Alice <m@example.org>'"],
    ["message", "git commit -q --amend -m 'song: other'"],
    ["message", "git -c i18n.commitEncoding=ISO-8859-1 commit -q --amend --no-edit"],
    ["message", "git commit -q --amend --no-edit -s"],
    ["tree", "echo more >more; git add more; git commit -q --amend --no-edit"],
    ["tree", "git rm -q docs/credits.txt; git commit -q --amend --no-edit --allow-empty"],
  ];
  test.each(some(CHANGES, 2, 1))(
    "a commit with another %s than verified is undone, other changes stay: %s",
    (what, script) => {
      writeFileSync(join(tree, "mine.txt"), "mine\n");
      git(tree, ["add", "mine.txt"]);
      git(tree, ["commit", "-q", "-m", "mine"]);
      writeFileSync(join(tree, "mine.txt"), "changed\n");
      before = state();
      const run = patchsig(["am", ...files], { home, cwd: tree, env: otherGit(script) });
      expectUntouched(run, 3);
      expect(run.stderr).toContain(
        `git committed something other than what was verified (${what}): undone`,
      );
      expect(readFileSync(join(tree, "mine.txt"), "utf8")).toBe("changed\n");
    },
  );

  test("somebody else's commits are not undone", () => {
    const env = otherGit("git commit -q --allow-empty -m theirs");
    const run = patchsig(["am", ...files], { home, cwd: tree, env });
    expectStatus(run, 3);
    expect(run.stderr).toContain("patchsig: other commits were made here while git am ran");
    expect(git(tree, ["log", "-1", "--format=%s"]).toString()).toBe("theirs\n");
  });

  test("a run that is killed loses no record: the next one writes the notes", () => {
    const killed = { home, cwd: tree, env: otherGit("kill -9 $PPID") };
    expect(patchsig(["am", ...files], killed).status).toBe(-1);
    const noted = ["notes", "--ref=patchsig", "list"];
    expect(tryGit(tree, noted).stdout.toString()).toBe("");
    const log = expectStatus(patchsig(["log", "-n1"], { home, cwd: tree }), 0).stdout;
    expect(log).toContain("Record:   as signed\n");
    expect(git(tree, noted).toString().split("\n")).toHaveLength(4);
  });

  test("waits for another one here", async () => {
    const folder = join(tree, ".git", "patchsig");
    mkdirSync(folder);
    const lock = await lockFile(join(folder, "am.lock"), () => undefined);
    const env = { ...process.env, XDG_DATA_HOME: home };
    const child = spawn(process.execPath, [PROGRAM, "am", ...files], { cwd: tree, env });
    let said = "";
    const isSaid = new Promise((resolve) => {
      child.stderr.on("data", (bytes: Buffer) => resolve((said += bytes.toString())));
    });
    expect(await isSaid).toBe("waiting for another am here\n");
    const meanwhile = state();
    lock.release();
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect({ status, meanwhile }).toEqual({ status: 0, meanwhile: before });
    expect(said).toContain("applied 3 patches\n");
  });

  test("--signoff adds one line, and nothing else", () => {
    expectStatus(am(["-s", ...files]), 0);
    const last = git(tree, ["log", "-1", "--format=%B"]).toString();
    expect(last).toMatch(/\n\nSigned-off-by: Maint <maint@example.org>\n/);
  });

  test("--3way, where a patch does not apply cleanly", () => {
    const moved = readFileSync(join(tree, "song.txt"), "utf8").replace("line 5\n", "line five\n");
    commit(tree, "another", { "song.txt": moved });
    expectStatus(am(files), 3);
    git(tree, ["am", "--abort"]);
    expectStatus(am(["-3", ...files]), 0);
    expect(git(tree, ["rev-list", "--count", "HEAD"]).toString()).toBe("5\n");
  });

  test("--3way: behind a patch that git merged, a tree is compared again", () => {
    const moved = readFileSync(join(tree, "song.txt"), "utf8").replace("line 5\n", "line five\n");
    commit(tree, "another", { "song.txt": moved });
    before = state();
    const env = otherGit("echo more >more; git add more; git commit -q --amend --no-edit");
    const run = patchsig(["am", "-3", ...files], { home, cwd: tree, env });
    expectUntouched(run, 3);
    expect(run.stderr).toContain("other than what was verified (tree): undone");
  });

  test("--3way, where some patches are here already", () => {
    git(tree, ["am", "-q", ...files.slice(0, 2)]);
    const start = git(tree, ["rev-parse", "HEAD"]).toString().trim();
    const run = expectStatus(am(["-3", ...files]), 0);
    expect(run.stderr.trimEnd().split("\n").slice(-3)).toEqual([
      "applied 1 patch",
      expect.stringMatching(/^note: already here, not applied: ./),
      expect.stringMatching(/^note: already here, not applied: ./),
    ]);
    expect(log(tree)).toBe(log(submission.work));
    const [commit] = git(tree, ["rev-list", `${start}..`])
      .toString()
      .trim()
      .split("\n");
    expect(git(tree, ["notes", "--ref=patchsig", "list"]).toString()).toMatch(
      new RegExp(`^\\w+ ${commit}\n$`),
    );
    // with a hook that does something else, nothing is taken for what was here
    git(tree, ["reset", "-q", "--hard", start]);
    const env = otherGit("git commit -q --amend -m other");
    const other = patchsig(["am", "-3", ...files], { home, cwd: tree, env });
    expect(other.stderr).toContain("other commits were made here");
  });

  test("--3way stops after a patch that is here already", () => {
    git(tree, ["am", "-q", files[0]!]);
    const song = readFileSync(join(tree, "song.txt"), "utf8");
    commit(tree, "other", { "song.txt": song.replace("line 10\n", "zeile 10\n") });
    const run = expectStatus(am(["-3", ...files]), 3);
    expect(run.stderr).toContain("patchsig: git am stopped: 1 of 3 applied\n");
    git(tree, ["am", "--abort"]);
  });

  test("on a branch without a commit", () => {
    const fresh = newRepository(newFolder());
    const alone = files.slice(2);
    expectStatus(am(["--partial", ...alone], { cwd: fresh }), 0);
    git(fresh, ["update-ref", "-d", "HEAD"]);
    git(fresh, [
      "read-tree",
      "-u",
      "--reset",
      git(fresh, ["hash-object", "-t", "tree", "/dev/null"]).toString().trim(),
    ]);
    const env = otherGit("git commit -q --amend -m other");
    expectStatus(patchsig(["am", "--partial", ...alone], { home, cwd: fresh, env }), 3);
    expect(tryGit(fresh, ["rev-parse", "--verify", "-q", "HEAD"]).status).toBe(1);
    expect(git(fresh, ["status", "--porcelain"]).toString()).toBe("");
  });
});

test("--on-base refuses a commit that is on no branch or tag", () => {
  const work = newFolder();
  git(work, ["clone", "-q", submission.base, "fork"]);
  const fork = join(work, "fork");
  commit(fork, "backdoor", { "evil.txt": "x\n" });
  const base = git(fork, ["rev-parse", "HEAD"]).toString().trim();
  commit(fork, "song: credits", { "docs/credits.txt": "Ilse\n" });
  const [only = ""] = signedPatches(fork, alice, [`--base=${base}`, "-1"], "HEAD");
  git(tree, ["fetch", "-q", fork]);
  const run = am(["--on-base", only]);
  expectStatus(run, 3);
  expect(run.stderr).toContain(`the base ${base} is on no branch or tag here`);
  expect(state()).toBe(before);
  git(tree, ["branch", "looked-at", base]);
  expectStatus(am(["--on-base", only]), 0);
});
