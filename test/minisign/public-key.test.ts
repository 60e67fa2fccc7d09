import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.ts";
import {
  formatKeyId,
  formatPublicKeyFile,
  formatPublicKeyText,
  parsePublicKeyFile,
  parsePublicKeyText,
} from "../../src/minisign/public-key.ts";
import { exactly, fixture } from "./support.ts";

const text = fixture("plain.pub").toString();
const bare = text.split("\n")[1]!;

describe("public key", () => {
  test("stock minisign's file, byte for byte", () => {
    const { comment, key } = parsePublicKeyFile(Buffer.from(text));
    expect(comment).toBe("minisign public key E9F055A267C96D73");
    expect(formatKeyId(key.keyNumber)).toBe("E9F055A267C96D73");
    expect(formatPublicKeyText(key)).toBe(bare);
    expect(formatPublicKeyFile(key)).toBe(text);
    expect(parsePublicKeyText(bare)).toEqual(key);
  });

  test("a key ID keeps its leading zeros", () => {
    expect(formatKeyId(Buffer.from("0102030405060000", "hex"))).toBe("0000060504030201");
  });

  test.each([
    ["CR LF", text.replaceAll("\n", "\r\n")],
    ["no line end at the end", text.trimEnd()],
  ])("tolerated: %s", (_name, tolerated) => {
    expect(formatPublicKeyText(parsePublicKeyFile(Buffer.from(tolerated)).key)).toBe(bare);
  });

  test.each([
    ["empty", ""],
    ["no comment line", `${bare}\n`],
    ["another first line", text.replace("untrusted comment: ", "comment: ")],
    ["a third line", `${text}more\n`],
    ["a key cut short", text.slice(0, -6)],
    ["a space before the key", text.replace("RW", " RW")],
    ["a NUL in the comment", text.replace("minisign", "mini\0sign")],
    ["a CR in the comment", text.replace("minisign", "mini\rsign")],
    ["a comment longer than minisign reads", text.replace("minisign", "m".repeat(1024))],
  ])("refused file: %s", (_name, refused) => {
    expect(() => parsePublicKeyFile(Buffer.from(refused))).toThrow(FormatError);
  });

  test("refused: bytes that are not UTF-8", () => {
    const bytes = Buffer.from(text);
    bytes[20] = 0xff;
    expect(() => parsePublicKeyFile(bytes)).toThrow(FormatError);
  });

  test.each([
    ["empty", ""],
    ["white space around it", `${bare} `],
    ["padding", `${bare}====`],
    ["the other base64 alphabet", bare.replaceAll("+", "-").replaceAll("/", "_")],
    ["another algorithm", Buffer.from(`ED${"x".repeat(40)}`).toString("base64")],
    ["43 bytes", Buffer.from(`Ed${"x".repeat(41)}`).toString("base64")],
    ["a secret key", fixture("plain.key").toString().split("\n")[1]!],
  ])("refused text: %s", (_name, refused) => {
    expect(() => parsePublicKeyText(refused)).toThrow(FormatError);
  });

  test("formatting, then parsing gives the same key", () => {
    fc.assert(
      fc.property(exactly(8), exactly(32), (keyNumber, point) => {
        const key = { keyNumber: Buffer.from(keyNumber), point: Buffer.from(point) };
        expect(parsePublicKeyText(formatPublicKeyText(key))).toEqual(key);
        expect(parsePublicKeyFile(Buffer.from(formatPublicKeyFile(key))).key).toEqual(key);
      }),
    );
  });

  test("a comment that would break the file is not written", () => {
    const key = parsePublicKeyText(bare);
    for (const comment of ["a\nb", "a\rb", "a\0b", "\ud800", "x".repeat(1005)]) {
      expect(() => formatPublicKeyFile(key, comment)).toThrow(FormatError);
    }
  });
});
