/** Words that no command takes, and what --help says, of every command. */

import { expect, test } from "vitest";
import { patchsig, patchsigEach, patchsigStarted, type Run } from "../support/cli.ts";
import { expectError, expectStatus, expectTidy, newFolder } from "./support.ts";

const home = newFolder();

function run(...args: string[]): Run {
  return patchsig(args, { home });
}

const COMMANDS = [
  "key",
  "key generate",
  "key import",
  "key show",
  "key password",
  "sign",
  "verify",
  "am",
  "attestation",
  "trust",
  "trust list",
  "trust show",
  "trust accept",
  "base show",
  "base check",
  "base guess",
];

test("--help of each command fits the screen", () => {
  const runs = patchsigEach(
    COMMANDS.map((command) => [...command.split(" "), "--help"]),
    home,
  );
  for (const [i, command] of COMMANDS.entries()) {
    const { stdout, stderr } = expectStatus(runs[i]!, 0);
    expect(stderr).toBe("");
    expect(stdout).toMatch(new RegExp(`^patchsig ${command}`));
    expectTidy(stdout);
    expect(stdout).not.toMatch(/\[(?:boolean|string|array|default)/);
  }
});

test("an unknown option", () => {
  // where no word is missed before
  const wrong = COMMANDS.filter(
    (command) => !/^(?:key|trust|key import|trust show|trust accept)$/.test(command),
  );
  const runs = patchsigEach(
    wrong.map((command) => [...command.split(" "), "--no-such=x"]),
    home,
  );
  for (const [i, command] of wrong.entries()) {
    const { stderr } = expectError(runs[i]!, 2, "unknown option: --no-such");
    expect(stderr).toContain(`hint: patchsig ${command} --help explains it\n`);
  }
});

test("the program itself", () => {
  const help = expectStatus(run("--help"), 0);
  expectTidy(help.stdout);
  for (const command of COMMANDS) expect(help.stdout).toContain(`\n  ${command.split(" ")[0]!} `);
  expect(expectStatus(run("--version"), 0).stdout).toMatch(/^patchsig \d+\.\d+\.\d+\n$/);
  const bare = expectStatus(run(), 2);
  expect(bare.stdout).toBe("");
  expect(bare.stderr).toBe(help.stdout);
});

const WRONG: [string[], string][] = [
  [["frobnicate"], "no such command: frobnicate"],
  [["\x1b[31m"], "no such command: \\x1b[31m"],
  [["--frobnicate"], "unknown option: --frobnicate"],
  [["toString"], "no such command: toString"],
  [["key", "frobnicate"], "no such command: key frobnicate"],
  [["trust", "frobnicate"], "no such command: trust frobnicate"],
  [["key"], "key: generate, import, show, password, unlock or lock?"],
  [["trust"], "trust: list, show, log, accept, revoke …?"],
  [["key", "import"], "key import needs more words"],
  [["trust", "accept", "alice@example.org"], "trust accept needs more words"],
  [["attestation", "a", "b"], "one word too many: b"],
  [["verify", "-x"], "unknown option: -x"],
  [["verify", "--require"], "--require needs a value"],
  [["verify", "--require", "sometimes", "x"], "--require cannot be sometimes"],
  [["attestation", "-o"], "-o needs a value"],
  [["tested"], "--test is missing"],
  [["result", "export", "--as", "tar", "x"], "--as is one of kcidb, in-toto, patchwork, b4"],
];

test("wrong usage", () => {
  const runs = patchsigEach(
    WRONG.map(([args]) => args),
    home,
  );
  for (const [i, [, message]] of WRONG.entries())
    expectTidy(expectError(runs[i]!, 2, message).stderr);
  // and once as anybody would start it
  expect(patchsigStarted(WRONG[0]![0], { home })).toEqual(runs[0]);
});

const MEANT: [string, string][] = [
  ["verfy", "did you mean verify?"],
  ["Verify", "did you mean verify?"],
  ["formatpatch", "did you mean format-patch?"],
  ["format", "did you mean format-patch?"],
  ["sgin", "did you mean sign?"],
  ["a", "did you mean am, ack or attestation?"],
  ["list", "did you mean series list, trust list or feed list?"],
  ["show", "did you mean key show, series show, result show, base show or trust show?"],
  ["trust lsit", "did you mean trust list?"],
  ["bot stat", "did you mean bot status?"],
  ["base frobnicate", "patchsig base --help explains it"],
  ["verify --requier=known", "did you mean --require?"],
  ["verify --req known", "did you mean --require?"],
  ["am --singed-only", "did you mean --signed-only?"],
  ["trust list --jsn", "did you mean --json?"],
  ["verify --no-jso", "did you mean --json?"],
  ["verify --no-pager", "patchsig --no-pager verify"],
  ["feed mirror net", "patchsig feed mirror <name> <folder>"],
  ["attestation -o", "patchsig attestation --help explains it"],
  ["--verison", "did you mean --version?"],
  ["help verfy", "did you mean verify?"],
  ["x".repeat(1000), "patchsig --help lists them"],
];

test("what else may have been meant", () => {
  const runs = patchsigEach(
    MEANT.map(([words]) => words.split(" ")),
    home,
  );
  for (const [i, [, hint]] of MEANT.entries())
    expect(expectError(runs[i]!, 2, "").stderr).toMatch(
      new RegExp(`\nhint: ${hint.replace("?", "\\?")}\n$`),
    );
});

test("help and version, in each way that git has", () => {
  const ways = [
    ["help", "verify"],
    ["verify", "--help"],
    ["help", "trust", "accept"],
    ["trust", "accept", "--help"],
    ["help", "format-patch"],
    ["format-patch", "--help"],
    ["help"],
    ["--help"],
    ["-v"],
    ["--version"],
  ];
  const runs = patchsigEach(ways, home);
  for (const one of runs) expect(one).toMatchObject({ status: 0, stderr: "" });
  for (let i = 0; i < runs.length; i += 2) expect(runs[i]!.stdout).toBe(runs[i + 1]!.stdout);
});

test("the last of repeated options counts", () => {
  expectError(
    run("verify", "--require", "pinned", "--require", "bogus", "x"),
    2,
    /cannot be bogus/,
  );
  expectError(
    run("verify", "--require", "bogus", "--require", "pinned", "x"),
    3,
    "no such file: x",
  );
});
