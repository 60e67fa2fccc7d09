/** The base that the hook records for stock git send-email, as the receiver's program says it. */

import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readBaseLines } from "../../src/base/lines.ts";
import { patchsig, records, type Run } from "../support/cli.ts";
import { git } from "../support/repo.ts";
import { sendEmail } from "../support/send-email.ts";
import { requireTool } from "../support/tools.ts";
import { edit, expectStatus, filesOf, newFolder, newHome, newSubmission, text } from "./support.ts";

const tools = requireTool("git-send-email");

let home: string;
let bin: string;
let pristine: string;
let baseCommit: string;
let work: string;

beforeAll(() => {
  home = newHome();
  bin = newFolder();
  symlinkSync(
    join(import.meta.dirname, "..", "..", "bin", "git-patchsig.js"),
    join(bin, "git-patchsig"),
  );
  ({ work: pristine, baseCommit } = newSubmission());
  git(pristine, ["config", "user.name", "Alice"]);
});
beforeEach(() => {
  work = join(newFolder(), "work");
  cpSync(pristine, work, { recursive: true });
});

const environment = (): Record<string, string> => ({
  PATH: `${bin}:${process.env["PATH"]}`,
  XDG_DATA_HOME: home,
  SSH_AUTH_SOCK: "",
  GIT_COMMITTER_NAME: "Alice",
  GIT_COMMITTER_EMAIL: "alice@example.org",
});
const run = (...args: string[]): Run => patchsig(args, { home, cwd: work, env: environment() });

/** Files as git format-patch writes them, without a base. */
function plainPatches(range: string, ...options: string[]): string[] {
  const out = newFolder();
  git(work, ["format-patch", "-q", "-o", out, ...options, range]);
  return filesOf(out);
}

/** What the series record of a verification says. */
function seriesOf(inbox: string, status = 0): Record<string, unknown> {
  const verified = patchsig(["verify", "--json", inbox], { home: newFolder() });
  const found = records(expectStatus(verified, status)).find(({ type }) => type === "series");
  return found!;
}

/** The lines that git writes for a range and this base. */
function gitsLines(range: string): string[] {
  const out = git(work, ["format-patch", "--stdout", `--base=${baseCommit}`, range]).toString();
  return out.match(/^(?:base-commit|prerequisite-patch-id): .*$/gm) ?? [];
}
const linesIn = (mail: string): string[] =>
  mail.match(/^(?:base-commit|base-tree|prerequisite-patch-id): .*$/gm) ?? [];

describe.runIf(tools)("git send-email RANGE", () => {
  test("the receiver gets the base, and what is below the series", async () => {
    git(work, ["remote", "set-url", "origin", "https://git.example.org/song.git"]);
    expectStatus(run("hook", "install"), 0);
    const { mails, said, status } = await sendEmail(
      ["--from=Alice <alice@example.org>", "HEAD~2"],
      {
        cwd: work,
        env: environment(),
      },
    );
    expect(status, said).toBe(0);
    expect(said).toContain(
      `signed 2 mails as alice@example.org, base ${baseCommit.slice(0, 12)}\n`,
    );
    const inbox = newFolder();
    for (const [i, mail] of mails.entries()) writeFileSync(join(inbox, `${i}.eml`), mail);
    expect(seriesOf(inbox)).toMatchObject({ sealed: true, base: { commit: baseCommit } });

    const [base, ...below] = gitsLines("HEAD~2");
    expect(below).toHaveLength(1);
    const tree = "base-tree: https://git.example.org/song.git main";
    expect(mails.map((mail) => linesIn(mail.toString()))).toEqual([[base, tree, ...below], []]);
  });

  // where the system shows the command line
  test.runIf(process.platform === "linux")("--no-base: none", async () => {
    expectStatus(run("hook", "install"), 0);
    const words = ["--no-base", "--from=Alice <alice@example.org>", "HEAD~1"];
    const { mails, said } = await sendEmail(words, { cwd: work, env: environment() });
    expect(said).toContain("signed 1 mail as alice@example.org, no base commit\n");
    expect(mails.map((mail) => linesIn(mail.toString()))).toEqual([[]]);
  });

  test.each([
    ["a cover letter", ["--cover-letter", "origin/main"]],
    ["one patch", ["-1"]],
  ])("with %s, in the first mail", async (_, words) => {
    expectStatus(run("hook", "install"), 0);
    const editor = join(newFolder(), "editor");
    writeFileSync(editor, 'sed -i "s/\\*\\*\\* [A-Z]* HERE \\*\\*\\*/song: be loud/" "$@"\n');
    git(work, ["config", "core.editor", `sh ${editor}`]);
    const files = newFolder();
    git(work, ["format-patch", "-q", "-o", files, ...words]);
    git(work, ["config", "sendemail.from", "Alice <alice@example.org>"]);
    for (const file of filesOf(files).slice(0, words.length - 1))
      edit(file, (t) => t.replace(/\*\*\* [A-Z]* HERE \*\*\*/g, "song: be loud"));
    const { mails, said } = await sendEmail([files], { cwd: work, env: environment() });
    expect(mails.length, said).toBe(filesOf(files).length);
    const found = mails.map((mail) => readBaseLines([mail]).commit);
    expect(found).toEqual(mails.map((_mail, i) => (i === 0 ? baseCommit : null)));
  });
});

describe("the hook", () => {
  const hook = (file: string): Run =>
    patchsig(["hook", "run", file], { home, cwd: work, env: environment() });

  test("a base that is there already is left alone", () => {
    const files = plainPatches("HEAD~1", "--base=HEAD~1");
    const its = git(work, ["rev-parse", "HEAD~1"]).toString().trim();
    expect(expectStatus(hook(files[0]!), 0).stderr).toContain(`base ${its.slice(0, 12)}\n`);
    expect(linesIn(text(files[0]!))).toEqual([`base-commit: ${its}`]);
  });

  test("no remote: the parent, and that nobody else has it", () => {
    git(work, ["remote", "remove", "origin"]);
    const { stderr } = expectStatus(hook(plainPatches("HEAD~1")[0]!), 0);
    expect(stderr).toContain("note: nobody else has the base commit: there is no remote-tracking");
  });

  const elsewhere = "f".repeat(40);
  test.each<[string, () => string[]]>([
    ["of a commit that is not here", () => renamed(plainPatches("origin/main"), elsewhere)],
    ["without a commit", () => plainPatches("origin/main", "--zero-commit")],
    ["of which one is not here", () => renamed(plainPatches("origin/main"), elsewhere, 1)],
    ["two of one commit", () => renamed(plainPatches("origin/main"), head("HEAD~2"), 1)],
    ["from before and after a rebase", () => rebased()],
    ["of a tree, not of a commit", () => renamed(plainPatches("HEAD~1"), head("HEAD^{tree}"))],
    ["part of a series", () => plainPatches("origin/main").slice(0, 1).map(alone)],
  ])("patches %s: signed without a base, and without a word more", (_, make) => {
    const files = make();
    const { stderr } = expectStatus(hook(files[0]!), 0);
    expect(stderr).toMatch(/^signed \d mails? as alice@example\.org, no base commit\n/);
    expect(
      stderr
        .replace(/^note: 1 of 3 signed.*\n/m, "")
        .trimEnd()
        .split("\n"),
    ).toHaveLength(1);
    expect(files.flatMap((file) => linesIn(text(file)))).toEqual([]);
  });

  test("outside a repository", () => {
    const files = plainPatches("origin/main");
    const options = { home, cwd: newFolder(), env: environment() };
    const done = patchsig(["hook", "run", files[0]!], options);
    expect(expectStatus(done, 0).stderr).toContain("no base commit\n");
  });

  const head = (name: string): string => git(work, ["rev-parse", name]).toString().trim();

  /** With another commit in the From line: of one of them, or of all. */
  function renamed(files: string[], commit: string, only?: number): string[] {
    for (const [i, file] of files.entries())
      if (only === undefined || only === i)
        edit(file, (t) => t.replace(/^From [0-9a-f]{40} /, `From ${commit} `));
    return files;
  }

  /** The first patch anew, after its commit was amended and the others were rebased. */
  function rebased(): string[] {
    const files = plainPatches("origin/main");
    const [tip, first] = [head("HEAD"), head("HEAD~2")];
    git(work, ["checkout", "-q", first]);
    git(work, ["commit", "-q", "--amend", "-m", "song: shout louder"]);
    git(work, ["cherry-pick", `${first}..${tip}`]);
    const [anew] = plainPatches("origin/main");
    writeFileSync(files[0]!, text(anew!), "latin1");
    return files;
  }

  function alone(file: string): string {
    const copy = join(newFolder(), "alone.patch");
    cpSync(file, copy);
    return copy;
  }
});
