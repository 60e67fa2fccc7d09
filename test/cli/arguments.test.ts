import { describe, expect, test } from "vitest";
import { type Command, runCommand } from "../../src/cli/arguments.ts";

let got: Record<string, unknown> | null = null;
let help = "";

const SIGN: Command = {
  command: "sign [file..]",
  describe: "sign files",
  builder: (syntax) =>
    syntax
      .positional("file", { describe: "what to sign", default: ["-"] })
      .option("base", { type: "string", describe: "a commit" })
      .option("dry-run", { type: "boolean", default: false })
      .option("fd", { type: "number" })
      .options({ quiet: { type: "boolean", alias: "q" }, secret: { hidden: true } }),
  handler: (values) => {
    got = values;
  },
};
const TRUST: Command = {
  command: "trust <command>",
  describe: "keys",
  builder: (syntax) =>
    syntax
      .command({ ...SIGN, command: "accept <identity> [key]", builder: () => undefined })
      .command("list", "all of them", () => undefined, SIGN.handler)
      .demandCommand(1, ""),
  handler: () => undefined,
};

async function run(command: Command, ...args: string[]): Promise<Record<string, unknown> | null> {
  got = null;
  await runCommand(command, args, (text) => {
    help = text;
  });
  return got;
}

describe("what is read", () => {
  test.each([
    [[], { file: ["-"], dryRun: false }],
    [["a", "b"], { file: ["a", "b"], dryRun: false }],
    [["a", "--base", "x", "b"], { file: ["a", "b"], base: "x", dryRun: false }],
    [["--base=-x"], { file: ["-"], base: "-x", dryRun: false }],
    [["--base", "-"], { file: ["-"], base: "-", dryRun: false }],
    [["--base", "x", "--base=y"], { file: ["-"], base: "y", dryRun: false }],
    [["-q", "--dry-run"], { file: ["-"], quiet: true, dryRun: true }],
    [["--fd", "3"], { file: ["-"], fd: 3, dryRun: false }],
    [["-", "--", "-q", "--base"], { file: ["-", "-q", "--base"], dryRun: false }],
  ])("%j", async (args, values) => {
    expect(await run(SIGN, ...args)).toEqual(values);
  });

  test("the words of a command below", async () => {
    expect(await run(TRUST, "accept", "a@b")).toEqual({ identity: "a@b", key: undefined });
    expect(await run(TRUST, "accept", "a@b", "RW")).toEqual({ identity: "a@b", key: "RW" });
    expect(await run(TRUST, "list")).toEqual({});
  });
});

test.each([
  [SIGN, ["--nothing"], "unknown option: --nothing"],
  [SIGN, ["-x"], "unknown option: -x"],
  [SIGN, ["--__proto__"], "unknown option: --__proto__"],
  [SIGN, ["--base"], "--base needs a value"],
  [SIGN, ["--base", "--dry-run"], "--base needs a value"],
  [SIGN, ["--dry-run=yes"], "--dry-run takes no value"],
  [SIGN, ["--no-dry-run"], "unknown option: --no-dry-run"],
  [TRUST, [], "trust needs more words"],
  [TRUST, ["forget"], "no such command: trust forget"],
  [TRUST, ["accept"], "trust accept needs more words"],
  [TRUST, ["list", "all"], "one word too many: all"],
])("%o %j is wrong usage", async (command, args, message) => {
  await expect(run(command, ...args)).rejects.toMatchObject({ code: "usage", message });
});

test("help names what is there, and not what is hidden", async () => {
  expect(await run(SIGN, "a", "-h")).toBeNull();
  expect(help).toContain("usage: patchsig sign [file..] [options]");
  for (const text of ["what to sign", "--base <string>", "-q, --quiet"])
    expect(help).toContain(text);
  expect(help).not.toContain("secret");
  expect(Math.max(...help.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  await run(TRUST, "--help");
  expect(help).toContain("accept <identity> [key]");
});
