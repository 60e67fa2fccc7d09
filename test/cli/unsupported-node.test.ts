/** A node that cannot run the program says so in a line. */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const BIN = join(import.meta.dirname, "..", "..", "bin");
/** What older ones lack, and what the programs ask for. */
const OLD = "--no-experimental-require-module";

function run(name: string): object {
  const { status, stdout, stderr } = spawnSync(process.execPath, [OLD, join(BIN, name)], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test.each(["patchsig.js", "git-patchsig.js"])("%s", (name) => {
  const stderr = `patchsig: node ${process.versions.node} cannot run it
hint: node 20 from 20.19 on, or node 22 from 22.12 on
`;
  expect(run(name)).toEqual({ status: 3, stdout: "", stderr });
});

test("npm installs on it nonetheless", () => {
  expect(run("compile.js")).toEqual({ status: 0, stdout: "", stderr: "" });
});
