/** What is read without yargs, and what is left to it. */

import { expect, test } from "vitest";
import { type Command, command, type CommandGroup } from "../../src/options/command.ts";
import { plainCall } from "../../src/options/plain-arguments.ts";

let got: unknown;
const run = (values: unknown): void => void (got = values);
const json = { type: "boolean", default: false } as const;

const single = command({
  usage: "single [file..]",
  describe: "one",
  words: { file: { type: "string", array: true, default: ["-"] } },
  options: {
    "max-count": { alias: "n", type: "number" },
    json,
    from: { type: "string", array: true, nargs: 1 },
  },
  run,
});

const several: CommandGroup = {
  usage: "several",
  describe: "two",
  question: "which?",
  commands: [
    command({ usage: "pin <who> <key>", describe: "a", options: { json }, run }),
    command({ usage: "show [who]", describe: "b", words: { who: {} }, run }),
  ],
};

const demanding = command({
  usage: "write",
  describe: "three",
  options: { as: { type: "string", demandOption: true, choices: ["mbox", "eml"] } },
  run,
});

const negative = command({
  usage: "negative",
  describe: "four",
  options: { "no-verify": json, json },
  run,
});

const NONE = { maxCount: undefined, json: false, from: undefined };

test.each<[Command | CommandGroup, string, object]>([
  [single, "", { ...NONE, file: ["-"] }],
  [single, "a - b", { ...NONE, file: ["a", "-", "b"] }],
  [single, "a --json -n 3", { ...NONE, json: true, maxCount: 3, file: ["a"] }],
  [single, "--from x --from=y", { ...NONE, from: ["x", "y"], file: ["-"] }],
  [single, "--json --no-json", { ...NONE, file: ["-"] }],
  [single, "-3 a", { ...NONE, maxCount: 3, file: ["a"] }],
  [single, "-n1 -n 2 -- -a", { ...NONE, maxCount: 2, file: ["./-a"] }],
  [demanding, "--as mbox", { as: "mbox" }],
  [negative, "--no-verify", { noVerify: true, json: false }],
  [several, "pin a b", { who: "a", key: "b", json: false }],
  [several, "pin --json a b", { who: "a", key: "b", json: true }],
  [several, "show", { who: undefined }],
  [several, "show a", { who: "a" }],
])("%o %s", async (command, words, values) => {
  got = undefined;
  await plainCall(command, words === "" ? [] : words.split(" "))!();
  expect(got).toEqual(values);
});

test.each([
  [single, "--help"],
  [single, "--jso"],
  [single, "--no-from"],
  [single, "--no-json=x"],
  [single, "--json=false"],
  [single, "-n"],
  [single, "--max-count="],
  [demanding, ""],
  [demanding, "--as tar"],
  [negative, "--no-json"],
  [several, ""],
  [several, "--help"],
  [several, "--json pin a b"],
  [several, "pin"],
  [several, "pin a"],
  [several, "pin a b c"],
  [several, "pin a b --help"],
  [several, "show a b"],
  [several, "hide a"],
])("left to yargs: %o %s", (command, words) => {
  expect(plainCall(command, words === "" ? [] : words.split(" "))).toBeNull();
});
