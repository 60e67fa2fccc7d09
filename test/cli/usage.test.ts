/** Words that no command takes, and what --help says, of every command. */

import { expect, test } from "vitest";
import { patchsig, type Run } from "../support/cli.ts";
import { some } from "../support/long.ts";
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

test.each(some(COMMANDS, 3))("%s --help fits the screen", (command) => {
  const { stdout, stderr } = expectStatus(run(...command.split(" "), "--help"), 0);
  expect(stderr).toBe("");
  expect(stdout).toMatch(new RegExp(`^patchsig ${command}`));
  expectTidy(stdout);
  expect(stdout).not.toMatch(/\[(?:boolean|string|array|default)/);
});

const WITH_OPTIONS = [
  "key show",
  "sign",
  "verify",
  "am",
  "attestation",
  "trust list",
  "base show",
  "base check",
];
test.each(some(WITH_OPTIONS, 3))("%s: an unknown option", (command) => {
  const words = command.split(" ");
  const { stderr } = expectError(run(...words, "--no-such=x"), 2, "unknown option: --no-such");
  expect(stderr).toContain(`hint: patchsig ${words[0]} --help says what it takes\n`);
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

test.each([
  [["frobnicate"], "no such command: frobnicate"],
  [["\x1b[31m"], "no such command: \\x1b[31m"],
  [["--frobnicate"], "no such command: --frobnicate"],
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
])("%j", (args, message) => {
  const { stderr } = expectError(run(...args), 2, message);
  expectTidy(stderr);
});

test("of an option that is given twice, the last one counts", () => {
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
