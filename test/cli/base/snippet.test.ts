/** The shell lines of docs/base.md, as they stand there. */

import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { expectStatus, newFolder, newHome } from "../support.ts";
import { patchsig } from "../../support/cli.ts";
import { git } from "../../support/repo.ts";
import { lines, mboxOf, newScene } from "../../support/base.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const [snippet] =
  /^ {4}set -e\n(?: {4}.*\n)+/m.exec(readFileSync(join(ROOT, "docs", "base.md"), "utf8")) ?? [];

/** A `git-patchsig` on the PATH. */
const tools = newFolder();
const program = join(tools, "git-patchsig");
writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${ROOT}/bin/patchsig.js" "$@"\n`);
chmodSync(program, 0o755);

function run(repository: string, mbox: string): void {
  const env = {
    ...process.env,
    PATH: `${tools}${delimiter}${process.env["PATH"]}`,
    XDG_DATA_HOME: newFolder(),
  };
  const script = join(tools, "ci.sh");
  writeFileSync(script, snippet!.replace(/^ {4}/gm, ""));
  execFileSync("sh", [script, mbox], { cwd: repository, env, stdio: "pipe" });
}

test.each([
  ["recorded", (base: string) => [`--base=${base}`]],
  ["guessed", () => ["--no-base"]],
])("the base is %s", (_, options) => {
  const { repository, base } = newScene();
  const mbox = mboxOf(repository, ...options(base), "-2");
  expectStatus(patchsig(["sign", mbox], { home: newHome(), cwd: repository }), 0);
  run(repository, mbox);
  const name = (revision: string): string =>
    git(repository, ["rev-parse", revision]).toString().trim();
  expect(name("HEAD~2")).toBe(base);
  expect(git(repository, ["show", "HEAD:a.txt"]).toString()).toBe(
    lines({ 1: "one", 2: "two", 3: "three" }),
  );
});

test("without a base, nothing is checked out", () => {
  const { repository } = newScene();
  const mbox = mboxOf(repository, "--no-base", "-1");
  const before = git(repository, ["symbolic-ref", "HEAD"]).toString();
  expect(() => run(repository, mbox)).toThrow();
  expect(git(repository, ["symbolic-ref", "HEAD"]).toString()).toBe(before);
});
