/** patatt's keyring as one of ours. */

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { PATATT_FOLDERS, readPatattKeyring } from "../../src/devsig/import.ts";
import { readKeyringRef } from "../../src/git/keyring.ts";
import { formatPublicKeyText, publicKeyOfPoint } from "../../src/minisign/public-key.ts";
import { formatSshKey } from "../../src/ssh/key.ts";
import { readKeyringFolder } from "../../src/source/keyring.ts";
import type { Keyring } from "../../src/trust/keyring.ts";
import { commit, git, newRepository, temporaryFolder } from "../support/repo.ts";
import { keyOf } from "../trust/support.ts";
import { HAS_SSH } from "./patatt.ts";

const point = (seed: number): Buffer => Buffer.from(keyOf(seed).signer.publicKey.point);
const own = (seed: number): string => `${point(seed).toString("base64")}\n`;
const ssh = (seed: number): string =>
  `ssh-ed25519 ${formatSshKey(point(seed)).toString("base64")} x`;
const text = (seed: number): string => formatPublicKeyText(publicKeyOfPoint(point(seed)));

const file = (path: string, content: string | null) => ({
  path,
  bytes: content === null ? null : Buffer.from(content),
});
const read = (files: Record<string, string | null>): Keyring =>
  readPatattKeyring(Object.entries(files).map(([path, content]) => file(path, content)));

test("Ed25519 keys, patatt's own and ssh's", () => {
  const keyring = read({
    "ed25519/example.org/bob/main": own(1),
    "openssh/example.org/carol%2Bgit/default": ssh(2),
  });
  expect([...keyring.keys]).toEqual([
    ["bob@example.org", [text(1)]],
    ["carol+git@example.org", [text(2)]],
  ]);
  expect(keyring.problems).toEqual([]);
});

test("one key under two names counts once", () => {
  const keyring = read({
    "ed25519/example.org/bob/2026": own(1),
    "ed25519/example.org/bob/default": null,
    "openssh/example.org/bob/default": ssh(1),
  });
  expect([...keyring.keys]).toEqual([["bob@example.org", [text(1)]]]);
  expect(keyring.problems).toEqual([]);
});

test("two keys of one address, under two selectors, both count", () => {
  const keyring = read({
    "ed25519/example.org/bob/2025": own(1),
    "openssh/example.org/bob/2026": ssh(2),
    "ed25519/example.org/eve/x": own(3),
  });
  expect([...keyring.keys]).toEqual([
    ["bob@example.org", [text(1), text(2)]],
    ["eve@example.org", [text(3)]],
  ]);
  expect(keyring.problems).toEqual([]);
});

test.each([
  ["ed25519/example.org/bob/x", "no base64", "there is no key in it"],
  ["ed25519/example.org/bob/x", own(1).slice(0, 40), "there is no key in it"],
  ["openssh/example.org/bob/x", "ssh-ed25519 AAAA", "there is no key in it"],
  ["ed25519/example.org/bob/x", null, "it is not a regular file of at most 16 KiB"],
  ["ed25519/Example.org/bob/x", own(1), "its folders are not an address in its one spelling"],
  ["ed25519/example.org/bob+git/x", own(1), "its folders are not an address in its one spelling"],
  ["ed25519/example.org/%ff/x", own(1), "its folders are not an address in its one spelling"],
  ["ed25519/example.org/bob", own(1), "its folders are not an address in its one spelling"],
])("%s with %s: %s", (path, content, why) => {
  const keyring = read({ [path]: content });
  expect([...keyring.keys]).toEqual([]);
  expect(keyring.problems).toEqual([{ path, why }]);
});

test.runIf(HAS_SSH)("other types of ssh keys are ignored", () => {
  const folder = temporaryFolder();
  const args = ["-q", "-t", "ecdsa", "-N", "", "-f", join(folder, "key")];
  execFileSync("ssh-keygen", args);
  const key = readFileSync(join(folder, "key.pub"), "utf8");
  const keyring = read({ "openssh/example.org/bob/x": key });
  expect(keyring).toMatchObject({ keys: new Map(), problems: [] });
});

test("from a folder, and from a ref", async () => {
  const folder = newRepository(temporaryFolder());
  const bob = join(folder, ".keys/ed25519/example.org/bob");
  mkdirSync(bob, { recursive: true });
  writeFileSync(join(bob, "main"), own(1));
  symlinkSync("main", join(bob, "default"));
  const hashed = join(folder, ".keys/by-hash/ab/cdef");
  mkdirSync(dirname(hashed), { recursive: true });
  writeFileSync(hashed, own(2));
  const expected = new Map([["bob@example.org", [text(1)]]]);
  const here = readPatattKeyring(readKeyringFolder(join(folder, ".keys"), PATATT_FOLDERS));
  expect(here).toMatchObject({ keys: expected, problems: [] });
  git(folder, ["add", "-A"]);
  commit(folder, "keys", {});
  const files = await readKeyringRef(`ref:${folder}:HEAD:.keys`, PATATT_FOLDERS);
  expect(readPatattKeyring(files)).toMatchObject({ keys: expected, problems: [] });
});
