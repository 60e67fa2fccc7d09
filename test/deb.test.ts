/** make deb: a package that dpkg takes, lintian finds no error in, and that runs. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { newFolder } from "./support/folders.ts";
import { LONG } from "./support/long.ts";

const ROOT = join(import.meta.dirname, "..");
const BUILDER = { DEBFULLNAME: "Olga Owner", DEBEMAIL: "olga@example.org" };

/** It is for Debian's own node. */
const CAN =
  process.execPath === "/usr/bin/node" && spawnSync("dpkg-deb", ["--version"]).status === 0;

function output(program: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, ...BUILDER },
  });
  expect(status, stderr).toBe(0);
  return stdout;
}

describe.runIf(LONG && CAN)("make deb", () => {
  let file: string;

  beforeAll(() => {
    file = join(ROOT, output("make", "-s", "deb").trim());
  });

  test("is for the node and the libraries that it was built with", () => {
    const field = (name: string): string => output("dpkg-deb", "-f", file, name).trim();
    const [major, minor] = process.versions.node.split(".").map(Number);
    expect(field("Depends")).toMatch(/^libc6 \(>= [\d.]+\), libstdc\+\+6 \(>= [\d.]+\), git, /);
    expect(field("Depends")).toContain(
      `nodejs (>= ${major}.${minor}), nodejs (<< ${Number(major) + 1})`,
    );
    expect(field("Maintainer")).toBe("Olga Owner <olga@example.org>");
  });

  test("lintian finds no error", () => {
    if (spawnSync("lintian", ["--version"]).error !== undefined) {
      process.stderr.write("skipped: lintian is not installed\n");
      return;
    }
    output("lintian", "--allow-root", "--fail-on", "error", file);
  });

  test("runs when it is unpacked", () => {
    const folder = newFolder();
    output("dpkg-deb", "-x", file, folder);
    const program = join(folder, "usr", "lib", "patchsig", "bin", "patchsig.js");
    const mail = join(ROOT, "fixtures", "canonical", "plain.eml");
    expect(output(process.execPath, program, "attestation", mail)).toMatch(/^patchsig-v1/);
    expect(readFileSync(join(folder, "usr", "bin", "git-patchsig"), "utf8")).toContain(
      `exec "$node" '/usr/lib/patchsig/bin/git-patchsig.js' "$@"`,
    );
  });

  test("is the same, byte for byte, when it is made again", () => {
    const before = readFileSync(file);
    output("make", "-s", "deb");
    expect(readFileSync(file).equals(before)).toBe(true);
  });
});
