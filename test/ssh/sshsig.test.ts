/** SSHSIG against ssh-keygen: the same signatures, and changed ones. */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readKeyringSshKey, verifySsh } from "../../src/ssh/sshsig.ts";
import { FormatError } from "../../src/errors.ts";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { HAS_SSH, makeSsh, newHome, run } from "../devsig/patatt.ts";
import { newFolder } from "../support/folders.ts";

const home = newHome(newFolder());

const MESSAGE = Buffer.alloc(32, 5);
const verifier = createVerifier();
const TYPES = ["ed25519", "ecdsa-256", "ecdsa-384", "ecdsa-521", "rsa"];

const armored = (signature: Buffer): string =>
  `-----BEGIN SSH SIGNATURE-----\n${signature.toString("base64").replace(/.{70}/g, "$&\n")}\n-----END SSH SIGNATURE-----\n`;

function signWith(file: string, options: readonly string[] = [], namespace = "patatt"): Buffer {
  const message = join(home.folder, "message");
  writeFileSync(message, MESSAGE);
  rmSync(`${message}.sig`, { force: true });
  run(home, "ssh-keygen", ["-Y", "sign", ...options, "-n", namespace, "-f", file, message]);
  const lines = readFileSync(`${message}.sig`, "utf8").split("\n").slice(1, -2);
  return Buffer.from(lines.join(""), "base64");
}

function sshSays(publicKey: string, signature: Buffer): boolean {
  const [signers, file] = [join(home.folder, "signers"), join(home.folder, "signature")];
  const [type, blob] = publicKey.split(" ");
  writeFileSync(signers, `bob namespaces="patatt" ${type} ${blob}\n`);
  writeFileSync(file, armored(signature));
  const args = ["-Y", "verify", "-n", "patatt", "-I", "bob", "-f", signers, "-s", file];
  return spawnSync("ssh-keygen", args, { input: MESSAGE }).status === 0;
}

describe.each(TYPES)("%s", (type) => {
  let file: string;
  let publicKey: string;
  let key: Buffer;
  beforeAll(() => {
    if (!HAS_SSH) return;
    file = makeSsh(home, type, type).slice("openssh:".length);
    publicKey = readFileSync(`${file}.pub`, "utf8");
    key = readKeyringSshKey(Buffer.from(publicKey));
  });

  test.runIf(HAS_SSH)("agrees with ssh-keygen, and rejects any changed byte", () => {
    const signature = signWith(file);
    expect(sshSays(publicKey, signature)).toBe(true);
    expect(verifySsh(verifier, key, MESSAGE, signature)).toBe("good");
    expect(verifySsh(verifier, key, MESSAGE, signWith(file, ["-O", "hashalg=sha256"]))).toBe(
      "good",
    );
    const other = signWith(file, [], "git");
    expect(sshSays(publicKey, other)).toBe(false);
    expect(verifySsh(verifier, key, MESSAGE, other)).toBe("bad");
    expect(verifySsh(verifier, key, Buffer.alloc(32, 6), signature)).toBe("bad");
    for (let at = 0; at < signature.length; at++) {
      const changed = Buffer.from(signature);
      changed[at]! ^= 1 + (at % 255);
      expect([at, verifySsh(verifier, key, MESSAGE, changed)]).not.toEqual([at, "good"]);
      expect(verifySsh(verifier, key, MESSAGE, signature.subarray(0, at))).not.toBe("good");
    }
    const longer = Buffer.concat([signature, Buffer.alloc(1)]);
    expect(verifySsh(verifier, key, MESSAGE, longer)).toBe("bad");
  });
});

test.runIf(HAS_SSH)("another's key", () => {
  const [one, two] = ["one", "two"].map((name) => makeSsh(home, "ed25519", name).slice(8));
  const key = readKeyringSshKey(readFileSync(`${two}.pub`));
  expect(verifySsh(verifier, key, MESSAGE, signWith(one!))).toBe("other-key");
});

test("a short RSA key is refused", () => {
  const bytes = (length: number): Buffer => {
    const body = Buffer.alloc(length, 0x55);
    return Buffer.concat([Buffer.from([0, 0, 0, length]), body]);
  };
  const text = (word: string): Buffer =>
    Buffer.concat([Buffer.from([0, 0, 0, word.length]), Buffer.from(word)]);
  const key = Buffer.concat([text("ssh-rsa"), text("\x01\x00\x01"), bytes(128)]);
  const inner = Buffer.concat([text("rsa-sha2-512"), bytes(128)]);
  const parts = [key, Buffer.from("patatt"), Buffer.alloc(0), Buffer.from("sha512"), inner].map(
    (part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return Buffer.concat([length, part]);
    },
  );
  const signature = Buffer.concat([Buffer.from("SSHSIG\0\0\0\x01"), ...parts]);
  expect(verifySsh(verifier, key, MESSAGE, signature)).toBe("unsupported");
});

test.each([
  "",
  "ssh-ed25519",
  "ssh-ed25519 AAAA",
  "ssh-rsa AAAAC3NzaC1lZDI1NTE5",
  "ssh-ed25519 =",
  "AAAA AAAA",
])("not a key: %j", (text) => {
  expect(() => readKeyringSshKey(Buffer.from(text))).toThrow(FormatError);
});
