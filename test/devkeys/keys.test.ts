/** Keyring folders and gpg: what is read, and what is left alone. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openKeyrings } from "../../src/devkeys/folder.ts";
import { verifyOpenpgp } from "../../src/devkeys/gpg.ts";
import { hashedPath } from "../../src/devsig/keyring.ts";
import { temporaryFolder } from "../support/repo.ts";
import { closeHome, gpg, HAS_GPG, type Home, newHome } from "../devsig/patatt.ts";

function put(folder: string, path: string, content: string | Buffer): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

const BOB = "ed25519/example.org/bob";

test("the first folder with the key counts", () => {
  const [one, two] = [temporaryFolder(), temporaryFolder()];
  put(one, `${BOB}/a`, "one");
  put(two, `${BOB}/a`, "two");
  put(two, `${BOB}/b`, "b");
  put(two, hashedPath(`${BOB}/hidden`), "hash");
  const find = openKeyrings([one, two]);
  const content = (path: string): string | undefined => find(path)?.content.toString();
  expect([`${BOB}/a`, `${BOB}/b`, `${BOB}/hidden`, `${BOB}/c`].map(content)).toEqual([
    "one",
    "b",
    "hash",
    undefined,
  ]);
  expect(find(`${BOB}/b`)!.place).toBe(join(two, BOB, "b"));
  expect(openKeyrings([])(`${BOB}/a`)).toBeNull();
  expect(() => openKeyrings([join(one, "none")])).toThrow("no keyring folder");
  expect(() => openKeyrings([join(one, BOB, "a")])).toThrow("no keyring folder");
});

test("nothing outside the folder, only regular files, nothing huge", () => {
  const [outside, folder] = [temporaryFolder(), temporaryFolder()];
  put(outside, "secret", "secret");
  put(folder, `${BOB}/main`, "main");
  symlinkSync("main", join(folder, BOB, "default"));
  symlinkSync(join(outside, "secret"), join(folder, BOB, "escape"));
  symlinkSync("../../../../../../../../etc/passwd", join(folder, BOB, "up"));
  symlinkSync("loop", join(folder, BOB, "loop"));
  symlinkSync(outside, join(folder, BOB, "folder"));
  mkdirSync(join(folder, BOB, "directory"));
  execFileSync("mkfifo", [join(folder, BOB, "fifo")]);
  put(folder, `${BOB}/huge`, Buffer.alloc((1 << 20) + 1));
  put(folder, `${BOB}/Capital`, "x");
  put(folder, "README", "x");
  const find = openKeyrings([folder]);
  const found = (name: string): string | undefined => find(`${BOB}/${name}`)?.content.toString();
  expect(found("main")).toBe("main");
  // patatt genkey makes such a link
  expect(found("default")).toBe("main");
  for (const name of ["escape", "up", "loop", "folder/secret", "directory", "fifo", "huge"])
    expect([name, found(name)]).toEqual([name, undefined]);
});

test("a keyring that is itself a symlink", () => {
  const folder = temporaryFolder();
  put(folder, `real/${BOB}/main`, "main");
  symlinkSync("real", join(folder, "link"));
  expect(openKeyrings([join(folder, "link")])(`${BOB}/main`)?.content.toString()).toBe("main");
});

describe("gpg", () => {
  let home: Home;
  let folder: string;
  const signed = (content: string, options: readonly string[] = []): Buffer =>
    gpg(home, [...options, "--sign"], content);
  const key = (who: string): Buffer => gpg(home, ["--armor", "--export", who]);
  const make = (who: string, expires: string, options: readonly string[] = []): void => {
    const args = ["--passphrase", "", "--quick-gen-key", who, "ed25519", "sign", expires];
    gpg(home, [...options, ...args]);
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "patchsig-gpgtest-"));
    home = newHome(folder);
    if (!HAS_GPG) return;
    make("bob@example.org", "never");
    make("eve@example.org", "never");
    make("old@example.org", "20200102T000000", ["--faked-system-time=20200101T000000!"]);
  });
  afterAll(() => {
    closeHome(home);
    rmSync(folder, { recursive: true, force: true });
  });
  const BOBS = ["-u", "bob@example.org"];

  test.runIf(HAS_GPG)("good means one signature by the key in the file", () => {
    const message = signed("text", BOBS);
    const bob = key("bob@example.org");
    expect(verifyOpenpgp(bob, message)).toEqual({ outcome: "good", content: Buffer.from("text") });
    expect(verifyOpenpgp(key("eve@example.org"), message)).toMatchObject({
      outcome: "unknown-key",
    });
    const both = signed("text", [...BOBS, "-u", "eve@example.org"]);
    expect(verifyOpenpgp(bob, both)).toMatchObject({ outcome: "unknown-key" });
    const keys = Buffer.concat([bob, key("eve@example.org")]);
    expect(verifyOpenpgp(keys, both)).toMatchObject({ outcome: "bad" });
  });

  test.runIf(HAS_GPG)("rejects any changed byte", () => {
    const message = signed("text", [...BOBS, "--compress-algo", "none"]);
    const bob = key("bob@example.org");
    const at = message.indexOf("text");
    expect(at).toBeGreaterThan(0);
    const changed = Buffer.from(message);
    changed[at]! ^= 1;
    expect(verifyOpenpgp(bob, changed)).toMatchObject({ outcome: "bad" });
    for (const wrong of [Buffer.alloc(0), message.subarray(0, -9), Buffer.from("text")])
      expect(verifyOpenpgp(bob, wrong).outcome).not.toBe("good");
    const detached = gpg(home, [...BOBS, "--detach-sign"], "text");
    expect(verifyOpenpgp(bob, detached).outcome).not.toBe("good");
    const twice = Buffer.concat([message, message]);
    expect(verifyOpenpgp(bob, twice).outcome).not.toBe("good");
  });

  test.runIf(HAS_GPG)("expired and revoked keys", () => {
    const old = signed("text", ["-u", "old@example.org", "--faked-system-time=20200101T010000!"]);
    expect(verifyOpenpgp(key("old@example.org"), old)).toEqual({
      outcome: "bad",
      detail: "the openpgp key has expired",
    });
    make("rob@example.org", "never");
    const message = signed("text", ["-u", "rob@example.org"]);
    expect(verifyOpenpgp(key("rob@example.org"), message)).toMatchObject({ outcome: "good" });
    const revokes = join(home.gnupg, "openpgp-revocs.d");
    const [, fingerprint] = /^fpr:+([0-9A-F]{40}):/m.exec(
      gpg(home, ["--with-colons", "--list-keys", "rob@example.org"]).toString(),
    )!;
    const revocation = execFileSync("sed", ["s/^:---/---/", join(revokes, `${fingerprint}.rev`)]);
    gpg(home, ["--import"], revocation.toString());
    expect(verifyOpenpgp(key("rob@example.org"), message)).toEqual({
      outcome: "bad",
      detail: "the openpgp key is revoked",
    });
  });

  test.runIf(HAS_GPG)("a message that decompresses without end", () => {
    const bomb = signed("0".repeat(20_000_000), [...BOBS, "--compress-algo", "zlib"]);
    expect(bomb.length).toBeLessThan(100_000);
    expect(verifyOpenpgp(key("bob@example.org"), bomb)).toMatchObject({ outcome: "unsupported" });
  });

  test.runIf(HAS_GPG)("without a key, without gpg; leaves no temporary files", () => {
    const here = temporaryFolder();
    const { TMPDIR, PATH } = process.env;
    process.env["TMPDIR"] = here;
    try {
      const message = signed("text", BOBS);
      const bob = key("bob@example.org");
      expect(verifyOpenpgp(bob, message).outcome).toBe("good");
      expect(verifyOpenpgp(Buffer.from("no key"), message)).toMatchObject({
        outcome: "unsupported",
      });
      process.env["PATH"] = here;
      expect(verifyOpenpgp(bob, message)).toMatchObject({ outcome: "unsupported" });
      expect(readdirSync(here)).toEqual([]);
    } finally {
      process.env["PATH"] = PATH;
      if (TMPDIR === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = TMPDIR;
    }
  });
});
