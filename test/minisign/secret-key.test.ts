import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.ts";
import { generateSecretKey } from "../../src/minisign/generate.ts";
import { formatPublicKeyText, parsePublicKeyFile } from "../../src/minisign/public-key.ts";
import {
  DEFAULT_COST,
  SecretKey,
  formatSecretKeyFile,
  parseSecretKeyFile,
  scryptParameters,
  unlockSecretKey,
} from "../../src/minisign/secret-key.ts";
import { CHEAP, PASSWORD, exactly, fixture, plainKey } from "./support.ts";

const NONE = Buffer.alloc(0);
const encryptedPublic = parsePublicKeyFile(fixture("encrypted.pub")).key;
const plainPublic = parsePublicKeyFile(fixture("plain.pub")).key;
const lock = { password: PASSWORD, salt: Buffer.alloc(32, 5), cost: CHEAP };

const parse = (text: string) => parseSecretKeyFile(Buffer.from(text));

/** The file with one bit changed: `bit` counts from the start of the 158 bytes. */
function flipped(text: string, bit: number): string {
  const [comment, line] = text.split("\n") as [string, string];
  const bytes = Buffer.from(line, "base64");
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return `${comment}\n${bytes.toString("base64")}\n`;
}

describe("files of stock minisign", () => {
  test("unencrypted, byte for byte", () => {
    const file = parse(fixture("plain.key").toString());
    expect(file).toMatchObject({ comment: "test key without a password", encrypted: false });
    const key = plainKey();
    expect(key.publicKey).toEqual(plainPublic);
    expect(formatSecretKeyFile(key, file.comment, null)).toBe(fixture("plain.key").toString());
  });

  // test/cli/attestation.test.ts unlocks it: once only, since that takes seconds
  test("encrypted at the default cost", () => {
    const file = parse(fixture("encrypted.key").toString());
    expect(file).toMatchObject({ encrypted: true, cost: DEFAULT_COST });
  });

  test("encrypted, byte for byte", () => {
    const text = formatSecretKeyFile(plainKey(), "cheap", lock);
    const file = parse(text);
    const again = { password: PASSWORD, salt: file.salt, cost: file.cost };
    expect(formatSecretKeyFile(unlockSecretKey(file, PASSWORD)!, file.comment, again)).toBe(text);
  });

  test("with its password removed: the checksum is still there, and is checked", () => {
    const text = fixture("removed.key").toString();
    const key = unlockSecretKey(parse(text), NONE)!;
    expect(key.publicKey).toEqual(encryptedPublic);
    for (let bit = 54 * 8; bit < 158 * 8; bit += 5) {
      expect(() => unlockSecretKey(parse(flipped(text, bit)), NONE), `bit ${bit}`).toThrow(
        FormatError,
      );
    }
  });
});

describe("damaged files", () => {
  const plain = fixture("plain.key").toString();
  const locked = formatSecretKeyFile(plainKey(), "locked", lock);

  test("a wrong password is null", () => {
    expect(unlockSecretKey(parse(locked), PASSWORD)?.publicKey).toEqual(plainPublic);
    expect(unlockSecretKey(parse(locked), Buffer.from("wrong"))).toBeNull();
    expect(unlockSecretKey(parse(locked), NONE)).toBeNull();
    expect(unlockSecretKey(parse(locked), Buffer.concat([PASSWORD, Buffer.from("\n")]))).toBeNull();
  });

  test("a flipped bit in salt, key or checksum looks like a wrong password", () => {
    for (let bit = 6 * 8; bit < 158 * 8; bit += 29) {
      if (bit >= 38 * 8 && bit < 54 * 8) continue;
      expect(unlockSecretKey(parse(flipped(locked, bit)), PASSWORD), `bit ${bit}`).toBeNull();
    }
  });

  test("a flipped bit in the three algorithm names is refused", () => {
    for (let bit = 0; bit < 6 * 8; bit++) {
      for (const text of [plain, locked]) {
        expect(() => parse(flipped(text, bit)), `bit ${bit}`).toThrow(FormatError);
      }
    }
  });

  test("without checksum, a seed that does not fit the public key is refused", () => {
    for (let bit = 62 * 8; bit < 126 * 8; bit += 7) {
      expect(() => unlockSecretKey(parse(flipped(plain, bit)), NONE), `bit ${bit}`).toThrow(
        FormatError,
      );
    }
  });

  test("truncated anywhere, it is refused", () => {
    for (let length = 0; length < plain.length - 1; length++) {
      expect(() => parse(plain.slice(0, length))).toThrow(FormatError);
    }
  });

  test.each([
    ["a public key", fixture("plain.pub").toString()],
    ["a third line", `${plain}more\n`],
    ["no comment", plain.replace("untrusted comment: ", "")],
  ])("refused: %s", (_name, text) => {
    expect(() => parse(text)).toThrow(FormatError);
  });
});

describe("the cost of a password", () => {
  // what libsodium 1.0.18 picks
  test.each([
    ["minisign's default", 2n ** 25n, 2n ** 30n, { N: 2 ** 20, r: 8, p: 1 }],
    ["the default halved once", 2n ** 24n, 2n ** 29n, { N: 2 ** 19, r: 8, p: 1 }],
    ["interactive", 524288n, 16777216n, { N: 2 ** 14, r: 8, p: 1 }],
    ["little time, much memory", 524288n, 2n ** 30n, { N: 2 ** 14, r: 8, p: 1 }],
    ["much time, little memory", 2n ** 25n, 2n ** 24n, { N: 2 ** 14, r: 8, p: 64 }],
    ["less time than the least", 1n, 2n ** 20n, { N: 2 ** 10, r: 8, p: 1 }],
    ["no memory", 32768n, 0n, { N: 2, r: 8, p: 512 }],
  ])("%s", (_name, opslimit, memlimit, expected) => {
    expect(scryptParameters({ opslimit, memlimit })).toEqual(expected);
  });

  test.each([
    ["2 GiB", 2n ** 26n, 2n ** 31n],
    ["all there is", 2n ** 64n - 1n, 2n ** 64n - 1n],
    ["1 GiB, 32 times over", 2n ** 30n, 2n ** 30n],
    ["little memory, for ever", 2n ** 64n - 1n, 0n],
  ])("refused: %s", (_name, opslimit, memlimit) => {
    expect(() => scryptParameters({ opslimit, memlimit })).toThrow(FormatError);
    const hostile = parse(formatSecretKeyFile(plainKey(), "hostile", lock));
    const file = { ...hostile, cost: { opslimit, memlimit } };
    expect(() => unlockSecretKey(file, PASSWORD)).toThrow(FormatError);
  });

  test("stays within 1 GiB and four times the default's work, whatever the file says", () => {
    const any = fc.oneof(
      fc.bigInt(0n, 2n ** 64n - 1n),
      fc.nat(40).map((bits) => 2n ** BigInt(bits)),
    );
    fc.assert(
      fc.property(any, any, (opslimit, memlimit) => {
        try {
          const { N, r, p } = scryptParameters({ opslimit, memlimit });
          expect(128 * N * r).toBeLessThanOrEqual(2 ** 30);
          expect(N * p).toBeLessThanOrEqual(2 ** 22);
          expect(p).toBeGreaterThanOrEqual(1);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });
});

describe("generating keys", () => {
  test("format, parse, unlock", () => {
    const passwords = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(
        exactly(32),
        exactly(8),
        exactly(32),
        passwords,
        (seed, number, salt, password) => {
          const key = generateSecretKey(seed, number);
          for (const way of [null, { password, salt, cost: CHEAP }]) {
            const file = parse(formatSecretKeyFile(key, "made", way));
            expect(file.encrypted).toBe(way !== null);
            const read = unlockSecretKey(file, password)!;
            expect(read.exposeSeed()).toEqual(Buffer.from(seed));
            expect(read.publicKey).toEqual(key.publicKey);
          }
        },
      ),
      { numRuns: 10 },
    );
  });

  test("a public key that does not belong to the seed is refused", () => {
    expect(() => new SecretKey(Buffer.alloc(32, 1), plainPublic)).toThrow(FormatError);
  });
});

test("wrong lengths throw, and write no file", () => {
  const [seed, number] = [Buffer.alloc(32), Buffer.alloc(8)];
  expect(() => generateSecretKey(seed, Buffer.alloc(9))).toThrow(RangeError);
  expect(() => new SecretKey(Buffer.alloc(31), plainPublic)).toThrow(RangeError);
  const key = generateSecretKey(seed, number);
  const short = { ...lock, salt: Buffer.alloc(31) };
  expect(() => formatSecretKeyFile(key, "salt", short)).toThrow(RangeError);
});

describe("secrecy", () => {
  test("no way of printing a key shows its seed", () => {
    const key = plainKey();
    const seed = key.exposeSeed();
    const file = parse(fixture("plain.key").toString());
    const secrets = [
      ...(["hex", "base64", "latin1"] as const).map((encoding) => seed.toString(encoding)),
      [...seed].join(","),
      [...seed].join(", "),
      seed.toString("hex").match(/../g)!.join(" "),
    ];
    for (const value of [key, file, { deep: [key, file] }]) {
      const shown = [
        (value as SecretKey).toString(),
        JSON.stringify(value, (_name, inner: unknown) =>
          typeof inner === "bigint" ? String(inner) : inner,
        ),
        inspect(value, { depth: 9, showHidden: true, maxArrayLength: null }),
      ].join("\n");
      for (const secret of secrets) expect(shown).not.toContain(secret);
      expect(shown).toContain("[redacted]");
    }
    expect(String(key)).toContain(formatPublicKeyText(plainPublic));
  });

  test("a wiped key cannot be used", () => {
    const key = plainKey();
    const seed = key.exposeSeed();
    key.wipe();
    expect(seed).toEqual(Buffer.alloc(32));
    expect(() => key.signBytes(Buffer.alloc(1))).toThrow("wiped");
    expect(() => key.exposeSeed()).toThrow("wiped");
    expect(() => formatSecretKeyFile(key, "gone", null)).toThrow("wiped");
  });
});
