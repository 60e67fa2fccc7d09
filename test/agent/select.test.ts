import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { selectKey } from "../../src/agent/select.ts";
import type { AgentKey } from "../../src/agent/ssh-agent.ts";
import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatPublicKeyText, publicKeyOfPoint } from "../../src/minisign/public-key.ts";
import { formatSshKey, sshFingerprint } from "../../src/ssh/key.ts";

const key = (seed: number, comment: string): AgentKey => ({
  point: generateSecretKey(Buffer.alloc(32, seed), Buffer.alloc(8)).publicKey.point,
  comment,
});
const [work, home, twin] = [key(1, "work laptop"), key(2, "home"), key(3, "home")];
const blob = (type: string): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, type.length]), Buffer.from(`${type} and so on`)]);
const others = ["sk-ssh-ed25519@openssh.com", "ecdsa-sha2-nistp256"].map((type) => ({
  type,
  comment: `my ${type}`,
  blob: blob(type),
}));
const held = { keys: [work, home, twin], others };
const ssh = (one: AgentKey): string => `ssh-ed25519 ${formatSshKey(one.point).toString("base64")}`;

describe("one key", () => {
  test.each([
    ["its comment", "work laptop", work],
    ["its fingerprint", sshFingerprint(home.point), home],
    ["its public key file", `${ssh(twin)} any comment`, twin],
    ["its public key", ssh(work), work],
    ["minisign's form of it", formatPublicKeyText(publicKeyOfPoint(twin.point)), twin],
  ])("%s", (_name, selector, wanted) => {
    const selected = selectKey(held, selector);
    expect(selected.key).toBe(wanted);
    expect(selected.publicKey).toEqual(publicKeyOfPoint(wanted.point));
  });

  test("of a key file, with the key ID from that file", () => {
    const publicKey = { keyNumber: Buffer.from("ABCDEFGH"), point: work.point };
    expect(selectKey(held, formatPublicKeyText(publicKey)).publicKey).toEqual(publicKey);
  });
});

describe("no key, or more than one", () => {
  test.each([
    "nobody",
    "work",
    "",
    "SHA256:",
    "ssh-ed25519 ",
    "ssh-ed25519",
    `RW${"A".repeat(54)}`,
  ])('"%s"', (selector) => {
    expect(() => selectKey(held, selector)).toThrow(
      expect.objectContaining({ code: "no-key", message: expect.stringMatching(/no key/) }),
    );
  });

  test("two keys with one comment: the error lists their fingerprints", () => {
    expect(() => selectKey(held, "home")).toThrow(
      expect.objectContaining({
        message: 'the ssh-agent holds 2 keys "home"',
        hint:
          `its ed25519 keys: "work laptop" ${sshFingerprint(work.point)}, ` +
          `"home" ${sshFingerprint(home.point)}, "home" ${sshFingerprint(twin.point)}; 2 of other types ` +
          "(sk-ssh-ed25519@openssh.com, ecdsa-sha2-nistp256)",
      }),
    );
  });

  test("one key listed under two comments is one key", () => {
    const also = { ...work, comment: "RSA no more" };
    const twice = { keys: [work, also], others: [] };
    expect(selectKey(twice, formatPublicKeyText(publicKeyOfPoint(work.point))).key).toBe(work);
    expect(selectKey(twice, "RSA no more").key).toBe(also);
  });

  test.each(others)(
    "a key of another type is called by its type: $type",
    ({ type, comment, blob }) => {
      const base64 = createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
      for (const selector of [comment, `SHA256:${base64}`, `${type} ${blob.toString("base64")} x`])
        expect(() => selectKey(held, selector), selector).toThrow(
          expect.objectContaining({
            code: "no-key",
            message: `the key "${selector}" is a ${type} key`,
            hint: expect.stringContaining(
              type.startsWith("sk-") ? "security key" : "Ed25519 alone",
            ),
          }),
        );
    },
  );

  test("an empty agent, and one with far too many keys", () => {
    expect(() => selectKey({ keys: [], others: [] }, "x")).toThrow(
      expect.objectContaining({ hint: "it holds no ed25519 key" }),
    );
    const keys = Array.from({ length: 1000 }, () => ({ ...work, comment: "x".repeat(1000) }));
    let hint = "";
    try {
      selectKey({ keys, others: [] }, "y");
    } catch (error) {
      hint = (error as { hint: string }).hint;
    }
    expect(hint).toContain("995 more");
    expect(hint.length).toBeLessThan(1000);
  });
});
