/** Which mail readers setup finds, and tells of. */

import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mailReaders } from "../../../src/app/setup/readers.ts";
import { newFolder } from "../../support/folders.ts";

let home: string;
beforeEach(() => {
  home = newFolder();
  vi.stubEnv("HOME", home);
  vi.stubEnv("PATH", join(home, "bin"));
  mkdirSync(join(home, "bin"));
});
afterEach(() => vi.unstubAllEnvs());

function has(file: string, text: string): void {
  mkdirSync(dirname(join(home, file)), { recursive: true });
  writeFileSync(join(home, file), text);
}

const install = (...names: string[]): void =>
  names.forEach((name) => symlinkSync(process.execPath, join(home, "bin", name)));

const found = (): unknown[] => mailReaders().map(({ name, file, isNews }) => [name, file, isNews]);

test("none", () => {
  expect(found()).toEqual([]);
});

test("what has settings is used, whatever else is installed", () => {
  install("neomutt", "aerc");
  has(".muttrc", "set sort=threads\n");
  has(".config/notmuch/default/config", "[database]\n");
  expect(found()).toEqual([
    ["mutt", join(home, ".muttrc"), true],
    // its line is typed in a shell
    ["notmuch", null, true],
  ]);
});

test("of what is only installed, several are named, and one is told of", () => {
  install("aerc");
  expect(found()).toEqual([["aerc", null, true]]);
  install("mutt");
  expect(found()).toEqual([
    ["mutt", null, false],
    ["aerc", null, false],
  ]);
});

test("settings that name patchsig need not be told; a folder is none", () => {
  has(".muttrc", "macro index V '<pipe-message>git patchsig verify<enter>'\n");
  mkdirSync(join(home, ".neomuttrc"));
  expect(found()).toEqual([["mutt", join(home, ".muttrc"), false]]);
});
