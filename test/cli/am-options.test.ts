/** git am's own options: taken where the commit stays what was verified, else refused by name (docs/manual/am.md). */

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { patchsig, patchsigEach, type Run } from "../support/cli.ts";
import { commit, git, tryGit } from "../support/repo.ts";
import { requireTool } from "../support/tools.ts";
import {
  edit,
  edited,
  expectError,
  expectStatus,
  expectTidy,
  formatPatch,
  newFolder,
  newHome,
  newSubmission,
  signedPatches,
} from "./support.ts";

const PAGE = readFileSync(join(import.meta.dirname, "..", "..", "docs", "manual", "am.md"), "utf8");
const ROWS = [...PAGE.matchAll(/^\| (`-.*) \| (.*) \|$/gm)].map(([, options, text]) => ({
  options: [...options!.matchAll(/`(-[^`]+)`/g)].map(([, option]) => option!),
  text: text!,
}));
const ALL = ROWS.flatMap(({ options }) => options);

let submission: ReturnType<typeof newSubmission>;
let alice: string;
let files: string[];
beforeAll(() => {
  submission = newSubmission();
  alice = newHome(7);
  files = signedPatches(submission.work, alice).map((file, i) =>
    edited(file, (text) => text.replace(/^Subject:/m, `Message-ID: <m${i}@example.org>\n$&`)),
  );
});

let tree: string;
let home: string;
let before: string;
beforeEach(() => {
  home = newFolder();
  tree = join(newFolder(), "tree");
  cpSync(submission.base, tree, { recursive: true });
  before = state();
});

function am(...args: string[]): Run {
  return patchsig(["am", ...args], { home, cwd: tree });
}

function state(): string {
  return git(tree, ["for-each-ref"]).toString() + git(tree, ["status"]).toString();
}

/** Of the commits above the base. */
function log(repository: string, format: string): string {
  return git(repository, ["log", `--format=${format}`, `${submission.baseCommit}..`]).toString();
}

function expectUntouched(run: Run, message: RegExp): void {
  expectStatus(run, 3);
  expect(run.stderr).toMatch(message);
  expectTidy(run.stderr);
  expect(state()).toBe(before);
}

/** `-C 3` as a word of its own would be a source. */
const VALUES: Readonly<Record<string, string>> = {
  "-p": "2",
  "--directory": "=sub",
  "--include": "=*.c",
  "--exclude": "=*.c",
  "--patch-format": "=mboxrd",
  "--quoted-cr": "=strip",
  "--empty": "=drop",
};

test("the manual has every option of git am", () => {
  const listed = [...amUsage().matchAll(/^ {4}(-\S.*?)(?= {2}| <| \.\.\.|$)/gm)]
    .flatMap(([, text]) => text!.split(", "))
    // git 2.43 lists both in one
    .map((option) => option.replace("[no-]", "").replace(/\[?=.*| .*/, ""));
  expect(listed.length).toBeGreaterThan(35);
  expect(listed.filter((option) => !ALL.includes(option))).toEqual([]);
});

test("what is refused is named, with git's own way, before anything is read", () => {
  const refused = ROWS.filter(({ text }) => text.startsWith("refused: ")).flatMap((row) =>
    row.options.map((option) => ({ option, text: row.text })),
  );
  expect(refused.length).toBeGreaterThan(15);
  const words = refused.flatMap(({ option }) => {
    const typed = option + (VALUES[option] ?? "");
    return [
      ["am", typed, "no-such-file"],
      // the letter behind others, and an option that yargs has to read
      ["am", /^-\w/.test(typed) ? `-3s${typed.slice(1)}` : typed, "--no-3way"],
    ];
  });
  const runs = patchsigEach(words, home);
  for (const [i, run] of runs.entries()) {
    const { option, text } = refused[Math.floor(i / 2)]!;
    const { stderr } = expectError(run, 2, new RegExp(`^${option}: `));
    expectTidy(stderr);
    expect(stderr).toMatch(/\nhint: /);
    if (text.includes("leave it out")) expect(stderr).toContain("hint: leave it out\n");
    if (text.includes("rebase -i")) expect(stderr).toContain("git rebase -i\n");
    if (text.includes("see above")) expect(stderr).toContain("| git apply ");
  }
  const negated = ["--no-utf8", "--no-ignore-whitespace"];
  for (const run of patchsigEach(
    negated.map((word) => ["am", word]),
    home,
  ))
    expectError(run, 2, /^--no-/);
});

describe.runIf(requireTool("ssh-keygen"))("what is taken", () => {
  let key: string;
  beforeAll(() => {
    key = join(newFolder(), "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
  });
  beforeEach(() => {
    git(tree, ["config", "gpg.format", "ssh"]);
    // not the key to be used
    git(tree, ["config", "user.signingKey", "/dev/null"]);
  });

  const signers = (): string[] =>
    git(tree, ["rev-list", `${submission.baseCommit}..`])
      .toString()
      .trim()
      .split("\n")
      .filter((name) => /^gpgsig /m.test(git(tree, ["cat-file", "commit", name]).toString()));

  test("many at once, in short form: signed commits of what was verified, and not a word", () => {
    const dates = ["--committer-date-is-author-date", "--rerere-autoupdate"];
    const harmless = ["--whitespace=fix", "-c", "--keep-cr"];
    const run = expectStatus(am("-q3", ...dates, ...harmless, `-msS${key}`, ...files), 0);
    expect(run.stdout + run.stderr).toBe("");
    const same = "%an <%ae> %ad%n%s%n%T";
    expect(log(tree, same)).toBe(log(submission.work, same));
    expect(log(tree, "%ct")).toBe(log(tree, "%at"));
    expect(log(tree, "%b").match(/^Message-ID: <m\d@example.org>$/gm)).toHaveLength(3);
    expect(log(tree, "%b").match(/^Signed-off-by: Maint <maint@example.org>$/gm)).toHaveLength(3);
    expect(signers()).toHaveLength(3);
  });

  test("settings are overruled, where words overrule them", () => {
    for (const setting of ["commit.gpgSign", "am.messageId", "am.threeWay"])
      git(tree, ["config", setting, "true"]);
    const not = ["--no-gpg-sign", "--no-message-id", "--no-3way", "--no-signoff"];
    const more = ["--no-scissors", "--no-keep-cr", "--no-rerere-autoupdate", "--verify"];
    expectStatus(am(...not, ...more, "--ignore-date", "--whitespace", "error", ...files), 0);
    expect(log(tree, "%s%n%b%T")).toBe(log(submission.work, "%s%n%b%T"));
    expect(log(tree, "%at")).toBe(log(tree, "%ct"));
    expect(signers()).toEqual([]);
  });

  test("where git stops, git applies it less strictly; am gives it again what it forgets", () => {
    const song = readFileSync(join(tree, "song.txt"), "utf8").replace("line 7\n", "zeile 7\n");
    commit(tree, "other", { "song.txt": song });
    const given = `-S${key} --no-verify --committer-date-is-author-date --ignore-date`;
    const words = given.split(" ").filter((word) => hasNoVerify() || word !== "--no-verify");
    const run = expectStatus(am("-q", ...words, ...files), 3);
    expect(run.stderr).toMatch(/patchsig: git am stopped: 1 of 3 applied\nhint: .*am --continue/);
    // as the manual has it
    const [, way = "", next] = /^ {4}(git am --show.*)\n {4}git patchsig (.*)$/m.exec(PAGE)!;
    execFileSync("sh", ["-ec", way], { cwd: tree, stdio: "ignore" });
    expect(next).toBe("am --continue");
    expectStatus(am("--continue"), 0);
    expect(signers()).toHaveLength(3);
    expect(log(tree, "%ct").split("\n")[0]).toBe(log(tree, "%at").split("\n")[0]);
    expect(git(tree, ["show", "HEAD~1:song.txt"]).toString()).toContain(
      "zeile 7\nline 8\nline 9\nLINE 10\n",
    );
  });
});

function hasNoVerify(): boolean {
  return amUsage().includes("--no-verify");
}

function amUsage(): string {
  const { stdout, stderr } = tryGit(tree, ["am", "-h"]);
  return stdout.toString() + stderr;
}

test("--no-verify skips the hooks of git am, if git can", () => {
  const hooks = join(tree, ".git", "hooks");
  mkdirSync(hooks, { recursive: true });
  writeFileSync(join(hooks, "applypatch-msg"), '#!/bin/sh\necho Seen: yes >>"$1"\n', {
    mode: 0o755,
  });
  if (hasNoVerify()) {
    expectStatus(am("-n", ...files), 0);
    expect(log(tree, "%b")).not.toContain("Seen");
    return;
  }
  expectUntouched(am("--no-verify", ...files), /^patchsig: --no-verify: git am has it since 2\.40/);
  // what git -c does
  const env = { GIT_CONFIG_PARAMETERS: "'core.hooksPath=/dev/null'" };
  expectStatus(patchsig(["am", ...files], { home, cwd: tree, env }), 0);
  expect(log(tree, "%b")).not.toContain("Seen");
});

test("a git am that reads names of two letters otherwise is too old", () => {
  const bin = newFolder();
  const real = process.env["PATH"]!;
  const text = `#!/bin/sh\nPATH='${real}'\ncase " $* " in *" version "*) echo git version 2.33.8;; *) exec git "$@";; esac\n`;
  writeFileSync(join(bin, "git"), text, { mode: 0o755 });
  const run = patchsig(["am", ...files], { home, cwd: tree, env: { PATH: `${bin}:${real}` } });
  expectUntouched(run, /^patchsig: am needs git 2\.34 or newer\nhint: /);
});

test("--scissors and --whitespace=fix are refused where they would make another commit", () => {
  const cut = formatPatch(submission.work);
  edit(cut[0]!, (t) => t.replace("Make it loud.", "Make it loud.\n\n-- >8 --\n\nOr not."));
  edit(cut[1]!, (t) => t.replace("+LINE 10", "+LINE 10 \t "));
  expectStatus(patchsig(["sign", ...cut], { home: alice }), 0);
  expectUntouched(
    am("--scissors", ...cut),
    /--scissors would cut the message of song: shout line 2\n/,
  );
  expectUntouched(
    am("--whitespace=fix", ...cut),
    /--whitespace=fix would change song: shout line 10\n/,
  );
  // git stops at the second, and --abort is git's
  expectStatus(am("--whitespace=error", ...cut), 3);
  expect(log(tree, "%s")).toBe("song: shout line 2\n");
  git(tree, ["am", "--abort"]);
  expect(state()).toBe(before);
  expectStatus(am("--no-scissors", "--whitespace=nowarn", ...cut), 0);
});

test("-q says what went wrong all the same", () => {
  const bad = edited(files[1]!, (t) => t.replace("+LINE 10", "+LINE ten"));
  const run = expectStatus(am("-q", files[0]!, bad, files[2]!), 1);
  expect(run.stdout).toContain("diff changed after signing");
  expect(run.stderr).toContain("nothing applied: 1 of 3 failed\n");
});
