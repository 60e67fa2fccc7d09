import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { PatchsigError } from "../../src/errors.ts";
import { formatPublicKeyFile, parsePublicKeyFile } from "../../src/minisign/public-key.ts";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import {
  checkNewKey,
  readPublicKeyBeside,
  readPublicKeyFile,
  readSecretKeyFile,
  replaceSecretKeyFile,
  unlockKey,
  writeKeyPair,
} from "../../src/store/key-file.ts";
import { defaultKeyPath, publicKeyPath } from "../../src/store/key-path.ts";
import { CHEAP, PASSWORD, fixture, plainKey, temporaryDirectory } from "../minisign/support.ts";

const key = plainKey();
const keyText = formatSecretKeyFile(key, "test", null);
const publicText = formatPublicKeyFile(key.publicKey);
const lock = { password: PASSWORD, salt: Buffer.alloc(32, 1), cost: CHEAP };
const lockedText = formatSecretKeyFile(key, "test", lock);

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const answers = (password: string) => () => Promise.resolve(Buffer.from(password));
const nobody = (): Promise<Buffer> => expect.unreachable("nobody is to be asked");

/** The code and hint of the PatchsigError that `act` throws. */
function failure(act: () => unknown): Pick<PatchsigError, "code" | "hint" | "message"> {
  try {
    act();
  } catch (error) {
    return error as PatchsigError;
  }
  return expect.unreachable("it did not throw");
}

/** A place for a key in a directory that does not exist yet. */
const newPlace = (): string => join(temporaryDirectory(), "data", "patchsig", "minisign.key");

function written(text = keyText): string {
  const path = newPlace();
  writeKeyPair(path, text, publicText, false);
  return path;
}

describe("places", () => {
  test("XDG_DATA_HOME, if it is absolute", () => {
    expect(defaultKeyPath({ XDG_DATA_HOME: "/data" })).toBe("/data/patchsig/minisign.key");
    const home = join(homedir(), ".local/share/patchsig/minisign.key");
    for (const ignored of [undefined, "", "relative"]) {
      expect(defaultKeyPath({ XDG_DATA_HOME: ignored })).toBe(home);
    }
  });

  test("the public key beside it", () => {
    expect(publicKeyPath("/a/minisign.key")).toBe("/a/minisign.pub");
    expect(publicKeyPath("/a/work")).toBe("/a/work.pub");
  });
});

describe("writing", () => {
  test("only for the owner, whatever the umask", () => {
    const before = process.umask(0);
    const path = written();
    process.umask(before);
    expect(mode(path)).toBe("600");
    expect(mode(publicKeyPath(path))).toBe("644");
    expect(mode(dirname(path))).toBe("700");
    expect(readFileSync(path, "utf8")).toBe(keyText);
    expect(readFileSync(publicKeyPath(path), "utf8")).toBe(publicText);
    expect(readdirSync(dirname(path)).sort()).toEqual(["minisign.key", "minisign.pub"]);
  });

  test("an existing key is kept, unless forced", () => {
    const path = written();
    expect(failure(() => checkNewKey(path)).code).toBe("exists");
    expect(failure(() => writeKeyPair(path, lockedText, publicText, false)).code).toBe("exists");
    expect(readFileSync(path, "utf8")).toBe(keyText);
    writeKeyPair(path, lockedText, publicText, true);
    expect(readFileSync(path, "utf8")).toBe(lockedText);
    expect(readdirSync(dirname(path))).toHaveLength(2);
  });

  test("nor is a public key alone, or a dangling symlink, overwritten", () => {
    const path = join(temporaryDirectory(), "k.key");
    writeFileSync(publicKeyPath(path), "precious");
    expect(failure(() => writeKeyPair(path, keyText, publicText, false)).code).toBe("exists");
    expect(existsSync(path)).toBe(false);

    const link = join(temporaryDirectory(), "k.key");
    symlinkSync("nowhere", link);
    expect(failure(() => writeKeyPair(link, keyText, publicText, false)).code).toBe("exists");
    expect(readdirSync(dirname(link))).toEqual(["k.key"]);
  });

  test("a key behind a symlink is replaced at its target", () => {
    const path = written();
    const link = join(temporaryDirectory(), "link.key");
    symlinkSync(path, link);
    replaceSecretKeyFile(link, lockedText);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(path, "utf8")).toBe(lockedText);
    expect(mode(path)).toBe("600");
  });

  test("in a read-only folder", () => {
    const file = join(temporaryDirectory(), "file");
    writeFileSync(file, "");
    const failed = failure(() => writeKeyPair(join(file, "k.key"), keyText, publicText, true));
    expect(failed.code).toMatch(/unwritable|unreadable/);
  });
});

describe("reading", () => {
  test("refuses a file that others can access", () => {
    const path = written();
    for (const lax of [0o640, 0o604, 0o620, 0o601, 0o644, 0o777]) {
      chmodSync(path, lax);
      const { code, hint } = failure(() => readSecretKeyFile(path));
      expect(code).toBe("lax-mode");
      expect(hint).toBe(`chmod 600 ${path}`);
      execFileSync("sh", ["-c", hint!]);
      expect(readSecretKeyFile(path).encrypted).toBe(false);
    }
    chmodSync(path, 0o400);
    expect(readSecretKeyFile(path).comment).toBe("test");
  });

  test("the hint can be pasted, whatever the name", () => {
    const path = join(temporaryDirectory(), "it's a key; rm x");
    writeFileSync(path, keyText, { mode: 0o644 });
    const { hint } = failure(() => readSecretKeyFile(path));
    execFileSync("sh", ["-c", hint!]);
    expect(mode(path)).toBe("600");
  });

  test("follows a symlink; its target's mode counts", () => {
    const path = written();
    const link = join(temporaryDirectory(), "link.key");
    symlinkSync(path, link);
    expect(readSecretKeyFile(link).comment).toBe("test");
    chmodSync(path, 0o644);
    expect(failure(() => readSecretKeyFile(link)).code).toBe("lax-mode");
  });

  test("refuses anything that is not a key file", () => {
    const directory = temporaryDirectory();
    const at = (name: string, content: string | Buffer): string => {
      writeFileSync(join(directory, name), content, { mode: 0o600 });
      return join(directory, name);
    };
    const fifo = join(directory, "fifo");
    execFileSync("mkfifo", ["-m", "600", fifo]);
    for (const [path, code] of [
      [join(directory, "missing"), "not-found"],
      [directory, "unreadable"],
      [fifo, "unreadable"],
      [at("public", publicText), "bad-key"],
      [at("empty", ""), "bad-key"],
      [at("big", Buffer.alloc(100_000)), "too-large"],
    ] as const) {
      expect(failure(() => readSecretKeyFile(path)).code, path).toBe(code);
    }
    expect(failure(() => readPublicKeyFile(at("secret", keyText))).code).toBe("bad-key");
  });

  test("the public key beside it, or null", () => {
    const path = written();
    expect(readPublicKeyBeside(path)).toEqual(key.publicKey);
    expect(readPublicKeyBeside(join(dirname(path), "other.key"))).toBeNull();
  });
});

describe("unlocking", () => {
  test("an unencrypted key needs no password", async () => {
    const unlocked = await unlockKey({ path: written(), askPassword: nobody });
    expect(unlocked.publicKey).toEqual(key.publicKey);
  });

  test("asks once for a series, and wipes the password", async () => {
    const answer = Buffer.from(PASSWORD);
    const askPassword = vi.fn(() => Promise.resolve(answer));
    const path = written(lockedText);
    const unlocked = await unlockKey({ path, askPassword });
    for (let i = 0; i < 3; i++) unlocked.signBytes(Buffer.from(`patch ${i}`));
    expect(askPassword).toHaveBeenCalledExactlyOnceWith(`password for ${path}: `);
    expect(answer).toEqual(Buffer.alloc(PASSWORD.length));
  });

  test("a wrong password", async () => {
    const unlocking = unlockKey({ path: written(lockedText), askPassword: answers("wrong") });
    await expect(unlocking).rejects.toMatchObject({ code: "bad-password" });
  });

  test("a public key file of another key", async () => {
    const path = written();
    const other = parsePublicKeyFile(fixture("encrypted.pub")).key;
    writeFileSync(publicKeyPath(path), formatPublicKeyFile(other));
    const unlocking = unlockKey({ path, askPassword: nobody });
    await expect(unlocking).rejects.toMatchObject({ code: "bad-key" });
  });

  test("a key that asks for 4 GiB is refused at once", async () => {
    const [comment, line] = lockedText.split("\n") as [string, string];
    const bytes = Buffer.from(line, "base64");
    bytes.writeBigUInt64LE(2n ** 40n, 38);
    bytes.writeBigUInt64LE(2n ** 32n, 46);
    const path = join(temporaryDirectory(), "hostile.key");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${comment}\n${bytes.toString("base64")}\n`, { mode: 0o600 });
    const unlocking = unlockKey({ path, askPassword: answers(PASSWORD.toString()) });
    await expect(unlocking).rejects.toMatchObject({
      code: "bad-key",
      message: expect.stringContaining("too much memory"),
    });
  });
});
