/** Files that ssh-keygen writes, and what they tell without a password. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sshKeyInFile } from "../../src/ssh/file.ts";
import { sshFingerprint } from "../../src/ssh/key.ts";
import { newFolder } from "../support/folders.ts";
import { requireTool } from "../support/tools.ts";

/** A pair of key files; `fingerprint` is ssh-keygen's own. */
function newPair(type: string, ...more: readonly string[]) {
  const path = join(newFolder(), "id");
  execFileSync("ssh-keygen", ["-q", "-t", type, "-f", path, "-C", "a comment", ...more]);
  const listed = execFileSync("ssh-keygen", ["-lf", `${path}.pub`], { encoding: "utf8" });
  return { path, fingerprint: /SHA256:\S+/.exec(listed)![0] };
}

describe.runIf(requireTool("ssh-keygen"))("ssh-keygen's files", () => {
  test.each([["without a password", ""] as const, ["with one", "secret"] as const])(
    "ed25519 %s: both files show the key",
    (_name, password) => {
      const { path, fingerprint } = newPair("ed25519", "-N", password);
      for (const file of [path, `${path}.pub`]) {
        const { type, point } = sshKeyInFile(readFileSync(file))!;
        expect(type).toBe("ssh-ed25519");
        expect(sshFingerprint(point!)).toBe(fingerprint);
      }
    },
  );

  test.each([
    ["rsa", "ssh-rsa", ["-b", "2048"]],
    ["ecdsa", "ecdsa-sha2-nistp256", []],
  ])("%s: only the type", (type, name, more) => {
    const { path } = newPair(type, "-N", "", ...more);
    for (const file of [path, `${path}.pub`])
      expect(sshKeyInFile(readFileSync(file))).toEqual({ type: name, point: null });
  });

  test("the old form of an RSA key", () => {
    const { path } = newPair("rsa", "-N", "", "-b", "2048", "-m", "PEM");
    expect(sshKeyInFile(readFileSync(path))).toEqual({ type: "", point: null });
  });
});

test.each([
  "",
  "untrusted comment: minisign encrypted secret key\nRWRTY0Iy\n",
  "ssh-ed25519",
  "ssh-ed25519 AAAA",
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==",
  "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----\n",
  "-----BEGIN OPENSSH PRIVATE KEY-----\n\n",
  "-----BEGIN PRIVATE KEY-----\n",
])("not an SSH key: %j", (text) => {
  expect(sshKeyInFile(Buffer.from(text))).toBeNull();
});
