/** The hook as files: what was there before is never lost, whenever a run is killed. */

import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { hookState, installHook, uninstallHook } from "../../src/store/hook-file.ts";
import { replaceFile } from "../../src/store/replace-file.ts";
import { temporaryDirectory } from "./support.ts";

let folder: string;
let path: string;
let kept: string;
beforeEach(() => {
  folder = join(temporaryDirectory(), "hooks");
  path = join(folder, "sendemail-validate");
  kept = `${path}.before-patchsig`;
});

/** A hook that somebody wrote; not UTF-8. */
const THEIRS = Buffer.from("#!/bin/sh\n# caf\xe9\nexit 7\n", "latin1");
function plant(mode = 0o750): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path, THEIRS);
  chmodSync(path, mode);
}
const here = (): string[] => readdirSync(folder).sort();
const mode = (file: string): number => statSync(file).mode & 0o777;

function withUmask(mask: number, work: () => void): void {
  const before = process.umask(mask);
  try {
    work();
  } finally {
    process.umask(before);
  }
}

test("installing twice is like once; uninstall removes it", () => {
  withUmask(0o077, () => expect(installHook(folder)).toBeNull());
  expect(mode(path)).toBe(0o755);
  const script = readFileSync(path);
  expect(installHook(folder)).toBeNull();
  expect(readFileSync(path)).toEqual(script);
  expect(here()).toEqual(["sendemail-validate"]);
  expect(uninstallHook(folder)).toBe(true);
  expect(here()).toEqual([]);
  expect(uninstallHook(folder)).toBe(false);
});

test("a replaced file keeps its mode", () => {
  plant(0o666);
  withUmask(0o022, () => replaceFile(path, Buffer.from("new")));
  expect(mode(path)).toBe(0o666);
  expect(here()).toEqual(["sendemail-validate"]);
});

describe("an existing hook", () => {
  test.each([0o755, 0o750, 0o644, 0o500])("is kept, with its mode (%i)", (its) => {
    plant(its);
    expect(installHook(folder)).toBe(kept);
    expect(installHook(folder)).toBe(kept);
    expect(readFileSync(kept)).toEqual(THEIRS);
    expect(hookState(folder)).toMatchObject({ path, installed: true, other: kept });
    expect(uninstallHook(folder)).toBe(true);
    expect(readFileSync(path)).toEqual(THEIRS);
    expect(mode(path)).toBe(its);
    expect(here()).toEqual(["sendemail-validate"]);
  });

  test.each(["../dotfiles", "nowhere"])("that is a symlink to %s stays one", (target) => {
    mkdirSync(folder);
    const dotfiles = join(folder, "../dotfiles");
    writeFileSync(dotfiles, THEIRS);
    symlinkSync(target, path);
    expect(installHook(folder)).toBe(kept);
    expect(lstatSync(path).isFile()).toBe(true);
    expect(readFileSync(dotfiles)).toEqual(THEIRS);
    expect(uninstallHook(folder)).toBe(true);
    expect(readlinkSync(path)).toBe(target);
    expect(here()).toEqual(["sendemail-validate"]);
  });

  test("that was added since is not lost", () => {
    plant();
    installHook(folder);
    writeFileSync(path, "#!/bin/sh\n");
    expect(() => installHook(folder)).toThrow(/^there are two hooks to keep/);
    expect(uninstallHook(folder)).toBe(false);
    expect(readFileSync(path, "utf8")).toBe("#!/bin/sh\n");
    expect(readFileSync(kept)).toEqual(THEIRS);
  });

  test("where nothing can be created: nothing is changed", () => {
    plant();
    mkdirSync(kept);
    expect(() => installHook(folder)).toThrow(/^there are two hooks/);
    expect(readFileSync(path)).toEqual(THEIRS);
    // core.hooksPath=/dev/null means no hooks
    for (const file of [path, "/dev/null"]) {
      expect(() => installHook(file)).toThrow(/^cannot change /);
      expect(hookState(file)).toMatchObject({ installed: false, other: null });
      expect(uninstallHook(file)).toBe(false);
    }
  });

  // root may write everywhere
  test.runIf(process.getuid?.() !== 0)("in a read-only folder: nothing is changed", () => {
    plant();
    chmodSync(folder, 0o555);
    try {
      expect(() => installHook(folder)).toThrow(/^cannot change /);
      expect(here()).toEqual(["sendemail-validate"]);
      expect(hookState(folder)).toMatchObject({ installed: false, other: path });
    } finally {
      chmodSync(folder, 0o755);
    }
  });
});

describe("a killed installation", () => {
  const halfWay = [
    ["once the old hook had two names", () => linkSync(path, kept)],
    ["where there are no hard links", () => renameSync(path, kept)],
  ] as const;
  test.each(halfWay)("%s, is completed", (_when, kill) => {
    plant();
    kill();
    expect(installHook(folder)).toBe(kept);
    expect(hookState(folder)).toMatchObject({ path, installed: true, other: kept });
    expect(readFileSync(kept)).toEqual(THEIRS);
  });
  test.each(halfWay)("%s, is undone", (_when, kill) => {
    plant();
    kill();
    expect(hookState(folder).installed).toBe(false);
    expect(uninstallHook(folder)).toBe(true);
    expect(readFileSync(path)).toEqual(THEIRS);
    expect(here()).toEqual(["sendemail-validate"]);
  });
});
