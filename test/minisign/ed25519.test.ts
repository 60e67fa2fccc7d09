import { createPublicKey, verify } from "node:crypto";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import nacl from "tweetnacl";
import { describe, expect, test } from "vitest";
import {
  createVerifier,
  importSeed,
  publicPoint,
  signBytes,
  verifyStrict,
} from "../../src/minisign/ed25519.ts";
import { formatPublicKeyText } from "../../src/minisign/public-key.ts";
import {
  formatSignature,
  globalMessage,
  parseSignature,
  prehash,
  verifySignature,
} from "../../src/minisign/signature.ts";
import type { Signature } from "../../src/minisign/signature.ts";
import { some } from "../support/long.ts";
import { requireTool } from "../support/tools.ts";
import { fixture, temporaryDirectory } from "./support.ts";

interface Vector {
  name: string;
  publicKey: string;
  data: string;
  signature: string;
  trustedComment: string;
  globalSignature: string;
  minisign: "good" | "bad-signature" | "bad-comment";
}

const { keyNumber, vectors } = JSON.parse(fixture("strictness.json").toString()) as {
  keyNumber: string;
  vectors: Vector[];
};
const hex = (text: string): Buffer => Buffer.from(text, "hex");

function signatureOf(vector: Vector): Signature {
  return {
    algorithm: "prehashed",
    keyNumber: hex(keyNumber),
    signature: hex(vector.signature),
    untrustedComment: "vector",
    trustedComment: vector.trustedComment,
    globalSignature: hex(vector.globalSignature),
  };
}

function keyOf(vector: Vector): { keyNumber: Buffer; point: Buffer } {
  return { keyNumber: hex(keyNumber), point: hex(vector.publicKey) };
}

/** The verdict that a bare Ed25519 function leads to. */
function verdict(
  vector: Vector,
  verifies: (key: Buffer, message: Buffer, signature: Buffer) => boolean,
): Vector["minisign"] {
  const [key, signature] = [hex(vector.publicKey), hex(vector.signature)];
  if (!verifies(key, prehash(Buffer.from(vector.data)), signature)) return "bad-signature";
  const global = globalMessage(signature, vector.trustedComment);
  return verifies(key, global, hex(vector.globalSignature)) ? "good" : "bad-comment";
}

const tweetnacl = (key: Buffer, message: Buffer, signature: Buffer): boolean =>
  nacl.sign.detached.verify(
    new Uint8Array(message),
    new Uint8Array(signature),
    new Uint8Array(key),
  );

function openssl(key: Buffer, message: Buffer, signature: Buffer): boolean {
  const x = key.toString("base64url");
  const point = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return verify(null, message, point, signature);
}

const passesFirst = (verdict: string): boolean => verdict !== "bad-signature";

/** Key (32), message and signature (64) in one buffer. */
function verifyParts(bytes: Buffer): boolean {
  return verifyStrict(bytes.subarray(0, 32), bytes.subarray(32, -64), bytes.subarray(-64));
}

describe("strictness: every vector, every route", () => {
  const shared = createVerifier();

  test.each(vectors)("$name: $minisign", (vector) => {
    const { minisign: expected } = vector;
    expect(verdict(vector, verifyStrict)).toBe(expected);
    expect(verdict(vector, (...args) => shared.verifyStrict(...args))).toBe(expected);
    // once more, now that the key is known
    expect(verdict(vector, (...args) => shared.verifyStrict(...args))).toBe(expected);

    const parsed = parseSignature(Buffer.from(formatSignature(signatureOf(vector))));
    const data = Buffer.from(vector.data);
    expect(verifySignature(shared, keyOf(vector), data, parsed)).toBe(expected);
  });

  test.runIf(requireTool("minisign"))("stock minisign says the same", () => {
    const said = {
      "Signature and comment signature verified": "good",
      "Signature verification failed": "bad-signature",
      "Comment signature verification failed": "bad-comment",
    };
    const path = join(temporaryDirectory(), "data");
    for (const vector of vectors) {
      writeFileSync(path, vector.data);
      writeFileSync(`${path}.minisig`, formatSignature(signatureOf(vector)));
      const args = ["-Vm", path, "-P", formatPublicKeyText(keyOf(vector))];
      const run = spawnSync("minisign", args, { encoding: "utf8" });
      const [line] = (run.stdout + run.stderr).split("\n");
      expect(said[line as keyof typeof said], vector.name).toBe(vector.minisign);
      expect(run.status === 0).toBe(vector.minisign === "good");
    }
  });
});

// why the checks exist, and why tweetnacl decides nothing: if a table in fixtures/minisign/README.md
// stops being true, this fails
describe("signatures that only other libraries accept", () => {
  const small = ["A of small order", "R of small order", "A and R of small"];
  const OTHERS = [
    ["node:crypto", openssl, small],
    ["tweetnacl", tweetnacl, ["S + ", ...small]],
  ] as const;
  // tweetnacl takes seconds
  test.each(some(OTHERS, 2))("%s", (_name, verifies, expected) => {
    const more = new Set<string>();
    for (const vector of vectors) {
      const theirs = passesFirst(verdict(vector, verifies));
      if (passesFirst(vector.minisign)) expect(theirs, vector.name).toBe(true);
      else if (theirs) more.add(vector.name);
    }
    for (const kind of expected) {
      expect(
        [...more].filter((name) => name.startsWith(kind)),
        kind,
      ).not.toEqual([]);
    }
    const known = [...expected, "R = identity", "A and R = identity, S = L"];
    const surprising = [...more].filter((name) => !known.some((kind) => name.startsWith(kind)));
    expect(surprising).toEqual([]);
  });
});

describe("keys and signatures", () => {
  // RFC 8032, 7.1: TEST 1 and TEST 3
  test.each([
    [
      "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
      "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
      "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
  ])("RFC 8032 %s", (seed, point, message, signature) => {
    const key = importSeed(hex(seed));
    expect(publicPoint(key).toString("hex")).toBe(point);
    expect(signBytes(key, hex(message)).toString("hex")).toBe(signature);
    expect(verifyStrict(hex(point), hex(message), hex(signature))).toBe(true);
  });

  test("node:crypto and tweetnacl make the same keys and signatures", () => {
    const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(seeds, fc.uint8Array({ maxLength: 200 }), (seed, message) => {
        const ours = importSeed(seed);
        const theirs = nacl.sign.keyPair.fromSeed(new Uint8Array(seed));
        expect(publicPoint(ours)).toEqual(Buffer.from(theirs.publicKey));
        const signature = signBytes(ours, message);
        expect(signature).toEqual(
          Buffer.from(nacl.sign.detached(new Uint8Array(message), theirs.secretKey)),
        );
        expect(verifyStrict(theirs.publicKey, message, signature)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test("one flipped bit anywhere is refused", () => {
    const key = importSeed(Buffer.alloc(32, 7));
    const message = Buffer.from("message");
    const all = Buffer.concat([publicPoint(key), message, signBytes(key, message)]);
    expect(verifyParts(all)).toBe(true);
    for (let bit = 0; bit < all.length * 8; bit++) {
      const changed = Buffer.from(all);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(verifyParts(changed), `bit ${bit}`).toBe(false);
    }
  });

  test("wrong lengths are refused, not thrown", () => {
    const key = importSeed(Buffer.alloc(32, 7));
    const [point, signature] = [publicPoint(key), signBytes(key, Buffer.alloc(0))];
    const none = Buffer.alloc(0);
    expect(verifyStrict(point, none, signature)).toBe(true);
    for (const [p, s] of [
      [none, signature],
      [point.subarray(1), signature],
      [Buffer.concat([point, point]), signature],
      [point, none],
      [point, signature.subarray(0, 63)],
      [point, Buffer.concat([signature, none, Buffer.alloc(1)])],
    ] as const) {
      expect(verifyStrict(p, none, s)).toBe(false);
    }
  });

  test("a full cache still gives right answers", () => {
    const verifier = createVerifier(2);
    const keys = [1, 2, 3, 4].map((byte) => importSeed(Buffer.alloc(32, byte)));
    const message = Buffer.from("m");
    for (let round = 0; round < 3; round++) {
      for (const key of keys) {
        for (const other of keys) {
          const good = verifier.verifyStrict(publicPoint(key), message, signBytes(other, message));
          expect(good).toBe(key === other);
        }
      }
    }
  });
});
