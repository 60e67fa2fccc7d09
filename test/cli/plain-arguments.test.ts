/** What is read without yargs, and what is left to it. */

import { expect, test } from "vitest";
import type { CommandModule } from "yargs";
import { plainCall } from "../../src/cli/plain-arguments.ts";

let got: unknown;
const handler = (values: unknown): void => void (got = values);

const single: CommandModule = {
  command: "single [file..]",
  builder: (yargs) =>
    yargs.positional("file", { type: "string", array: true, default: ["-"] }).options({
      "max-count": { alias: "n", type: "number" },
      json: { type: "boolean", default: false },
      from: { type: "string", array: true, nargs: 1 },
    }),
  handler,
};

const several: CommandModule = {
  command: "several",
  builder: (yargs) =>
    yargs
      .command({
        command: "pin <who> <key>",
        builder: (command) => command.option("json", { type: "boolean", default: false }),
        handler,
      })
      .command("show [who]", "one", (command) => command.positional("who", {}), handler)
      .demandCommand(1)
      .strict(),
  handler: () => expect.unreachable(),
};

const NONE = { maxCount: undefined, json: false, from: undefined };

test.each<[CommandModule, string, object]>([
  [single, "", { ...NONE, file: ["-"] }],
  [single, "a - b", { ...NONE, file: ["a", "-", "b"] }],
  [single, "a --json -n 3", { ...NONE, json: true, maxCount: 3, file: ["a"] }],
  [single, "--from x --from=y", { ...NONE, from: ["x", "y"], file: ["-"] }],
  [single, "-n1 -n 2 -- -a", { ...NONE, maxCount: 2, file: ["./-a"] }],
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
  [single, "--json=false"],
  [single, "-n"],
  [single, "--max-count="],
  [several, ""],
  [several, "--help"],
  [several, "--json pin a b"],
  [several, "pin"],
  [several, "pin a"],
  [several, "pin a b c"],
  [several, "pin a b --help"],
  [several, "show a b"],
  [several, "hide a"],
])("yargs has a word on %o %s", (command, words) => {
  expect(plainCall(command, words === "" ? [] : words.split(" "))).toBeNull();
});
