/** What patchsig writes, stock minisign reads, and the other way round. */

import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { generateSecretKey } from "../../src/minisign/generate.ts";
import {
  formatPublicKeyFile,
  formatPublicKeyText,
  parsePublicKeyFile,
} from "../../src/minisign/public-key.ts";
import {
  formatSecretKeyFile,
  parseSecretKeyFile,
  unlockSecretKey,
} from "../../src/minisign/secret-key.ts";
import {
  formatSignature,
  parseSignature,
  signData,
  verifySignature,
} from "../../src/minisign/signature.ts";
import { requireTool } from "../support/tools.ts";
import { CHEAP, PASSWORD, fixture, plainKey, temporaryDirectory } from "./support.ts";

const verifier = createVerifier();
const data = fixture("hello.txt");

function minisign(args: string[], input = ""): { status: number | null; output: string } {
  const run = spawnSync("minisign", args, { input, encoding: "utf8" });
  return { status: run.status, output: run.stdout + run.stderr };
}

/** A directory with `message`, and the paths of a key pair that may be written there. */
function room(): { message: string; secret: string; public: string } {
  const directory = temporaryDirectory();
  const message = join(directory, "message");
  writeFileSync(message, data);
  return { message, secret: join(directory, "k.key"), public: join(directory, "k.pub") };
}

/** minisign 0.11 leaves out leading zeros of the key ID, 0.12 does not. */
const withoutZeros = (text: string): string => text.replace(/key 0+/, "key ");

/** The signature with one bit of its R changed. */
function flip(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte)));
}

describe.runIf(requireTool("minisign"))("stock minisign", () => {
  test("its unencrypted key signs here, and it verifies the result", () => {
    const at = room();
    expect(minisign(["-G", "-W", "-p", at.public, "-s", at.secret]).status).toBe(0);
    const key = unlockSecretKey(parseSecretKeyFile(readFileSync(at.secret)), Buffer.alloc(0))!;
    const written = readFileSync(at.public, "utf8");
    expect(parsePublicKeyFile(Buffer.from(written)).key).toEqual(key.publicKey);

    for (const comment of ["patchsig-v1 t=1", "", "tab\there", "naïve ☃ 👩‍👧", "x".repeat(8173)]) {
      writeFileSync(`${at.message}.minisig`, formatSignature(signData(key, data, comment)));
      const { status, output } = minisign(["-Vm", at.message, "-p", at.public]);
      expect(status).toBe(0);
      expect(output).toContain(
        `Signature and comment signature verified\nTrusted comment: ${comment}\n`,
      );
      expect(minisign(["-VHm", at.message, "-P", formatPublicKeyText(key.publicKey)]).status).toBe(
        0,
      );
    }
  });

  test.each([
    ["prehashed", [], "good"],
    ["legacy", ["-l"], "legacy"],
  ])("its %s signature is read", (algorithm, flags, expected) => {
    const at = room();
    writeFileSync(at.secret, fixture("plain.key"));
    const args = ["-S", ...flags, "-s", at.secret, "-m", at.message, "-t", "said — twice"];
    expect(minisign(args).status).toBe(0);
    const signature = parseSignature(readFileSync(`${at.message}.minisig`));
    expect(signature).toMatchObject({ algorithm, trustedComment: "said — twice" });
    const { publicKey } = plainKey();
    expect(verifySignature(verifier, publicKey, data, signature)).toBe(expected);
    expect(verifySignature(verifier, publicKey, data, signature, true)).toBe("good");
  });

  test.each(["without a password", "encrypted"])("it reads our key, %s", (way) => {
    const at = room();
    const key = generateSecretKey(Buffer.alloc(32, 9), Buffer.from("\u0001patch\0\0"));
    const lock = { password: PASSWORD, salt: Buffer.alloc(32, 3), cost: CHEAP };
    const encrypted = way === "encrypted";
    writeFileSync(at.secret, formatSecretKeyFile(key, "ours", encrypted ? lock : null));
    const password = encrypted ? `${PASSWORD.toString()}\n` : "";

    expect(minisign(["-R", "-s", at.secret, "-p", at.public], password).status).toBe(0);
    const recreated = readFileSync(at.public, "utf8");
    expect(withoutZeros(recreated)).toBe(withoutZeros(formatPublicKeyFile(key.publicKey)));

    expect(minisign(["-S", "-s", at.secret, "-m", at.message, "-t", "t"], password).status).toBe(0);
    const theirs = parseSignature(readFileSync(`${at.message}.minisig`));
    expect(theirs).toEqual(signData(key, data, "t"));
    if (encrypted) {
      const wrong = minisign(["-S", "-s", at.secret, "-m", at.message], "wrong\n");
      expect(wrong.output).toContain("Wrong password for that key");
    }
  });

  test("it refuses what this program refuses", () => {
    const at = room();
    const key = plainKey();
    const good = signData(key, data, "comment");
    for (const [signature, said] of [
      [good, "Signature and comment signature verified"],
      [{ ...good, signature: flip(good.signature) }, "Signature verification failed"],
      [{ ...good, trustedComment: "changed" }, "Comment signature verification failed"],
      [
        { ...good, globalSignature: flip(good.globalSignature) },
        "Comment signature verification failed",
      ],
      [{ ...good, keyNumber: Buffer.alloc(8) }, "but the key id in the public key is"],
    ] as const) {
      writeFileSync(`${at.message}.minisig`, formatSignature(signature));
      const { output } = minisign(["-Vm", at.message, "-P", formatPublicKeyText(key.publicKey)]);
      expect(output).toContain(said);
      const ours = verifySignature(verifier, key.publicKey, data, signature);
      expect(ours === "good").toBe(signature === good);
    }
  });
});
