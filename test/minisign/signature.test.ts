import * as fc from "fast-check";
import nacl from "tweetnacl";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.ts";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { parsePublicKeyFile } from "../../src/minisign/public-key.ts";
import {
  formatSignature,
  globalMessage,
  parseSignature,
  prehash,
  signData,
  verifySignature,
} from "../../src/minisign/signature.ts";
import { fixture, plainKey } from "./support.ts";

const data = fixture("hello.txt");
const text = fixture("plain.minisig").toString();
const signature = parseSignature(Buffer.from(text));
const key = parsePublicKeyFile(fixture("plain.pub")).key;
const otherKey = parsePublicKeyFile(fixture("encrypted.pub")).key;
const verifier = createVerifier();

describe("reading", () => {
  test("stock minisign's file, byte for byte", () => {
    expect(signature).toMatchObject({
      algorithm: "prehashed",
      untrustedComment: "signed by the plain test key",
      trustedComment: "déjà signé\tby=alice@example.org",
    });
    expect(formatSignature(signature)).toBe(text);
    expect(verifySignature(verifier, key, data, signature)).toBe("good");
  });

  test("a signature made with an encrypted key", () => {
    const other = parseSignature(fixture("encrypted.minisig"));
    expect(verifySignature(verifier, otherKey, data, other)).toBe("good");
  });

  test("a legacy signature is recognized, and refused unless allowed", () => {
    const legacy = parseSignature(fixture("legacy.minisig"));
    expect(legacy.algorithm).toBe("legacy");
    expect(formatSignature(legacy)).toBe(fixture("legacy.minisig").toString());
    expect(verifySignature(verifier, key, data, legacy)).toBe("legacy");
    expect(verifySignature(verifier, key, data, legacy, true)).toBe("good");
    // neither passes for the other
    const relabelled = { ...legacy, algorithm: "prehashed" as const };
    expect(verifySignature(verifier, key, data, relabelled)).toBe("bad-signature");
    const hash = prehash(data);
    const downgraded = { ...signature, algorithm: "legacy" as const };
    expect(verifySignature(verifier, key, hash, downgraded)).toBe("legacy");
  });

  test.each([
    ["CR LF", text.replaceAll("\n", "\r\n")],
    ["no line end at the end", text.slice(0, -1)],
  ])("tolerated: %s", (_name, tolerated) => {
    expect(parseSignature(Buffer.from(tolerated))).toEqual(signature);
  });

  const lines = text.split("\n");
  const replaceLine = (index: number, line: string): string => lines.with(index, line).join("\n");
  test.each([
    ["empty", ""],
    ["one line", `${lines[0]}\n`],
    ["three lines", lines.slice(0, 3).join("\n")],
    ["a fifth line", `${text}more\n`],
    ["a blank line between", text.replace("\n", "\n\n")],
    ["no untrusted comment", replaceLine(0, "signed by the plain test key")],
    ["no trusted comment", replaceLine(2, "untrusted comment: no")],
    ["a second CR", text.replaceAll("\n", "\r\r\n")],
    ["a CR in the trusted comment", replaceLine(2, "trusted comment: a\rb")],
    ["a NUL in the trusted comment", replaceLine(2, "trusted comment: a\0b")],
    [
      "an untrusted comment that is too long",
      replaceLine(0, `untrusted comment: ${"x".repeat(1004)}`),
    ],
    ["a trusted comment that is too long", replaceLine(2, `trusted comment: ${"x".repeat(8174)}`)],
    ["a signature cut short", replaceLine(1, lines[1]!.slice(0, -4))],
    ["a signature without padding", replaceLine(1, lines[1]!.replace("=", ""))],
    ["bits set in the padding", replaceLine(1, lines[1]!.replace("4=", "5="))],
    ["an unknown algorithm", replaceLine(1, lines[1]!.replace("RUR", "RVR"))],
    ["a global signature cut short", replaceLine(3, lines[3]!.slice(0, -8))],
    ["a space after the global signature", replaceLine(3, `${lines[3]} `)],
  ])("refused: %s", (_name, refused) => {
    expect(refused).not.toBe(text);
    expect(() => parseSignature(Buffer.from(refused))).toThrow(FormatError);
  });

  test("truncated anywhere, it is refused", () => {
    for (let length = 0; length < text.length - 1; length++) {
      expect(() => parseSignature(Buffer.from(text.slice(0, length)))).toThrow(FormatError);
    }
  });

  test("any bytes give a Signature or a FormatError", () => {
    const mutations = fc.array(fc.tuple(fc.nat(text.length), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(mutations, (changes) => {
        const bytes = Buffer.from(text);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          const parsed = parseSignature(bytes);
          const check = verifySignature(verifier, key, data, parsed);
          const same = bytes.subarray(48).equals(Buffer.from(text).subarray(48));
          if (check === "good")
            expect(same || parsed.trustedComment === signature.trustedComment).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("verifying", () => {
  test("the error depends on what was changed", () => {
    const check = (change: object, of = data, by = key): string =>
      verifySignature(verifier, by, of, { ...signature, ...change });
    const zeros = Buffer.alloc(64);
    expect(check({})).toBe("good");
    expect(check({ untrustedComment: "anything" })).toBe("good");
    expect(check({}, Buffer.from("other data"))).toBe("bad-signature");
    expect(check({ signature: zeros })).toBe("bad-signature");
    expect(check({ trustedComment: "another" })).toBe("bad-comment");
    expect(check({ trustedComment: "" })).toBe("bad-comment");
    expect(check({ globalSignature: zeros })).toBe("bad-comment");
    expect(check({ globalSignature: signature.signature })).toBe("bad-comment");
    expect(check({}, data, otherKey)).toBe("other-key");
    expect(check({ keyNumber: otherKey.keyNumber })).toBe("other-key");
    // the key number is chosen by whoever made the key
    expect(check({ keyNumber: otherKey.keyNumber }, data, otherKey)).toBe("bad-signature");
  });

  test("the global signature of another file does not fit", () => {
    const other = signData(plainKey(), Buffer.from("other"), signature.trustedComment);
    const mixed = { ...signature, globalSignature: other.globalSignature };
    expect(verifySignature(verifier, key, data, mixed)).toBe("bad-comment");
  });
});

describe("signing", () => {
  test("makes the signature of stock minisign, always the same", () => {
    const made = signData(plainKey(), data, signature.trustedComment, signature.untrustedComment);
    expect(made).toEqual(signature);
    expect(formatSignature(made)).toBe(text);
  });

  test("tweetnacl agrees on both signatures", () => {
    const comments = fc
      .string({ unit: "grapheme", maxLength: 100 })
      .filter((c) => !/[\r\n\0]/.test(c));
    const secret = plainKey();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), comments, (bytes, comment) => {
        const made = parseSignature(Buffer.from(formatSignature(signData(secret, bytes, comment))));
        expect(made.trustedComment).toBe(comment);
        expect(verifySignature(verifier, key, bytes, made)).toBe("good");
        const agrees = (message: Buffer, by: Buffer): boolean =>
          nacl.sign.detached.verify(
            new Uint8Array(message),
            new Uint8Array(by),
            new Uint8Array(key.point),
          );
        expect(agrees(prehash(bytes), made.signature)).toBe(true);
        expect(agrees(globalMessage(made.signature, comment), made.globalSignature)).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  test.each(["a\nb", "a\r", "a\0b", "\udc00", "x".repeat(8174), "é".repeat(4087)])(
    "a comment that cannot be read back is not signed (%#)",
    (comment) => {
      const unused = { publicKey: key, signBytes: () => expect.unreachable() };
      expect(() => signData(unused, data, comment)).toThrow(FormatError);
      expect(() => signData(unused, data, "good", comment)).toThrow(FormatError);
    },
  );

  test("the longest comments are read back", () => {
    const longest = signData(plainKey(), data, "x".repeat(8173), "y".repeat(1003));
    const read = parseSignature(Buffer.from(formatSignature(longest)));
    expect(read).toEqual(longest);
    expect(verifySignature(verifier, key, data, read)).toBe("good");
  });
});
