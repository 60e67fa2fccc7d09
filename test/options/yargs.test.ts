import { expect, test } from "vitest";
import { command } from "../../src/options/command.ts";
import { runWithYargs } from "../../src/options/yargs.ts";

async function valuesOf(words: readonly string[]): Promise<unknown> {
  let values: unknown;
  const one = command({
    usage: "try [revision..]",
    describe: "x",
    words: { revision: { describe: "x", type: "string", array: true, default: ["HEAD"] } },
    options: {
      "max-count": { alias: "n", type: "number", describe: "x" },
      "my-folder": { alias: "f", type: "string", array: true, nargs: 1, describe: "x" },
    },
    run: ({ revision, maxCount, myFolder }) => {
      values = { revision, maxCount, myFolder };
    },
  });
  await runWithYargs(one, "try", words, () => {});
  return values;
}

test.each<[string, object]>([
  ["", { revision: ["HEAD"] }],
  ["a", { revision: ["a"] }],
  ["-1 b", { revision: ["b"], maxCount: 1 }],
  ["a b -n 1 -n 2", { revision: ["a", "b"], maxCount: 2 }],
  ["-f x --my-folder=y a", { revision: ["a"], myFolder: ["x", "y"] }],
])("%s: lists stay lists, of all else the last one counts", async (words, values) => {
  const expected = { maxCount: undefined, myFolder: undefined, ...values };
  expect(await valuesOf(words.split(" ").filter((word) => word !== ""))).toEqual(expected);
});
