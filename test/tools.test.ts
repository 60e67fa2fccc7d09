/** scripts/tools.sh, which make runs, perhaps as root: nobody else says where it writes. */

import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "./support/repo.ts";

const SCRIPT = join(import.meta.dirname, "..", "scripts", "tools.sh");
const NEEDED = ["sh", "git", "python3", "rm", "cat", "test", "mktemp", "stat", "readlink"];

/** Where there is no g++, as whoever may install it, with this for apt-get. */
function install(aptGet: string) {
  const folder = temporaryFolder();
  const [bin, temporary] = [join(folder, "bin"), join(folder, "tmp")];
  mkdirSync(bin);
  mkdirSync(temporary);
  const program = (name: string, text: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  for (const name of NEEDED)
    symlinkSync(
      execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim(),
      join(bin, name),
    );
  program("id", "echo 0");
  program("apt-get", aptGet);
  const env = { PATH: bin, TMPDIR: temporary };
  const run = spawnSync("sh", [SCRIPT, "build"], { env, encoding: "utf8" });
  return { run, folder, temporary };
}

test("apt-get's output goes to a private temporary file, which is removed", () => {
  const { run, temporary, folder } = install(
    'stat -c %a "$TMPDIR"/* "$(readlink /proc/$$/fd/1)" >>"$TMPDIR/../seen"',
  );
  expect(run).toMatchObject({ status: 0, stdout: "installing: g++\n", stderr: "" });
  const modes = readFileSync(join(folder, "seen"), "utf8");
  // a folder for its owner alone, which is all there is, and in it the file
  expect(modes).toMatch(/^(?:700\n6[0-7]{2}\n){2}$/);
  expect(readdirSync(temporary)).toEqual([]);
});

test("its output is shown if it fails", () => {
  const { run, temporary } = install("echo no network >&2; exit 100");
  expect(run).toMatchObject({ status: 1, stderr: "no network\n" });
  expect(readdirSync(temporary)).toEqual([]);
});
