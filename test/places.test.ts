/** Without a home folder or one for temporary files: a clear error, and nothing of the current folder. */

import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { homeFolder, makeFolders, temporaryFolder } from "../src/places.ts";
import { parsePublicKeyFile } from "../src/minisign/public-key.ts";
import { newFolder } from "./support/folders.ts";
import { patchsig } from "./support/cli.ts";

/** A folder that holds what must not be read, or written to, if a name were taken relative to it. */
function trap(): string {
  const folder = newFolder();
  mkdirSync(join(folder, ".local/share/patchsig"), { recursive: true });
  writeFileSync(join(folder, ".local/share/patchsig/trust.db"), "not a database");
  return folder;
}

describe.each(["", "relative"])("HOME=%s", (HOME) => {
  test.each([[["trust", "list"]], [["verify", "-"]], [["key", "show"]]])("%j", (args) => {
    const cwd = trap();
    const env = { HOME, XDG_DATA_HOME: "", GIT_CONFIG_GLOBAL: "/nonexistent/gitconfig" };
    const run = patchsig(args, { home: cwd, cwd, env });
    expect(run.stderr).toMatch(/^patchsig: there is no home folder: HOME is .*\nhint: set HOME/);
    expect(run.status).toBe(3);
    expect(readdirSync(cwd)).toEqual([".local"]);
  });
});

test("TMPDIR is missing, or relative", () => {
  const before = process.env["TMPDIR"];
  try {
    for (const place of ["/nonexistent/x", "relative"]) {
      process.env["TMPDIR"] = place;
      expect(() => temporaryFolder("patchsig-")).toThrow(
        expect.objectContaining({ code: "unwritable", hint: expect.stringContaining("TMPDIR") }),
      );
    }
  } finally {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
  }
});

test("a uid without a user", () => {
  const before = process.env["HOME"];
  process.env["HOME"] = "";
  try {
    expect(homeFolder).toThrow(expect.objectContaining({ code: "not-found" }));
  } finally {
    process.env["HOME"] = before;
  }
});

test("a blank line at the end of a key file is ignored", () => {
  const key = `untrusted comment: x\nRW${"Q".repeat(54)}\n`;
  for (const end of ["", "\n", "\r\n", "\n\n\n"])
    expect(() => parsePublicKeyFile(Buffer.from(key + end))).not.toThrow();
  expect(() => parsePublicKeyFile(Buffer.from(`${key}\nmore\n`))).toThrow("4 lines");
});

describe("makeFolders", () => {
  test("makes what is missing, and leaves what is there", () => {
    const folder = newFolder();
    makeFolders(join(folder, "a/b/c"), 0o700);
    makeFolders(join(folder, "a/b/c"));
    expect(statSync(join(folder, "a/b")).mode & 0o777).toBe(0o700);
  });

  test("a file, and a link to nothing, in its way", () => {
    const folder = newFolder();
    writeFileSync(join(folder, "file"), "");
    symlinkSync("nowhere", join(folder, "link"));
    for (const name of ["file", "file/x", "link", "link/x"])
      expect(() => makeFolders(join(folder, name))).toThrow(
        expect.objectContaining({ code: "ENOTDIR" }),
      );
    expect(readdirSync(folder)).toEqual(["file", "link"]);
  });

  // node would try for ever
  test.runIf(existsSync("/proc/self"))("where the system makes none", () => {
    expect(() => makeFolders("/proc/x/y")).toThrow(/^ENOENT/);
    const run = patchsig(["key", "generate", "--no-password"], { home: "/proc/x/y", cwd: "/" });
    expect(run.stderr).toMatch(/^patchsig: cannot write \/proc\/x\/.*: no such file or folder\n/);
    expect(run.status).toBe(3);
  });
});
