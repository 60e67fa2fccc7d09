import { expect, test } from "vitest";
import { type DevsigClaim, readClaim, relaxed } from "../../src/devsig/claim.ts";
import { hashedPath, keyPath, parseEd25519Key } from "../../src/devsig/keyring.ts";
import { FormatError } from "../../src/errors.ts";

const VALUE = ` v=1; a=ed25519-sha256; t=1; l=9;
 i=bob@example.org; s=main; h=from:subject:message-id;
 bh=aWNA6NFmS5xpRH5Gpy45nWiKCOnDOKHOYOV7Y6lyLcU=;
 b=AAAA
 BBBB
`;

test("a header in full", () => {
  expect(readClaim(VALUE)).toEqual({
    algorithm: "ed25519",
    identity: "bob@example.org",
    selector: "main",
    timed: true,
    length: 9,
    headers: ["from", "subject", "message-id"],
    bodyHash: "aWNA6NFmS5xpRH5Gpy45nWiKCOnDOKHOYOV7Y6lyLcU=",
    prefix:
      "v=1; a=ed25519-sha256; t=1; l=9; i=bob@example.org; s=main; h=from:subject:message-id; " +
      "bh=aWNA6NFmS5xpRH5Gpy45nWiKCOnDOKHOYOV7Y6lyLcU=; b=",
    signature: Buffer.from("AAAABBBB", "base64"),
  });
  const short = readClaim(VALUE.replace(/i=.*main; /, "").replace("t=1; ", "")) as DevsigClaim;
  expect(short).toMatchObject({ identity: null, selector: "default", timed: false });
});

test.each([
  ["a tag twice", "v=1;", "v=1; v=1;", "bad"],
  ["an empty tag", "v=1;", "v=1;;", "bad"],
  ["a tag without a name", "v=1;", "v=1; =x;", "bad"],
  ["version 2", "v=1", "v=2", "unsupported"],
  ["no version", "v=1; ", "", "unsupported"],
  ["another algorithm", "ed25519-sha256", "rsa-sha256", "unsupported"],
  ["another hash", "ed25519-sha256", "ed25519-sha512", "unsupported"],
  ["the name of a property", "ed25519-sha256", "constructor-sha256", "unsupported"],
  ["b not last", "BBBB\n", "BBBB; x=y\n", "bad"],
  ["b ends the tag before", " b=AAAA", " xb=AAAA", "bad"],
  ["no b", / b=[^]*/, "", "bad"],
  ["an empty b", "AAAA\n BBBB", "", "bad"],
  ["b is not base64", "AAAA", "AAA", "bad"],
  ["b has strange characters", "AAAA", "AA*A", "bad"],
  ["no h", "h=from:subject:message-id;", "", "bad"],
  ["from not signed", "from:", "", "bad"],
  ["subject in capitals", "subject", "Subject", "bad"],
  ["many headers", "message-id", "x:".repeat(100), "unsupported"],
  ["an encoded word", "l=9", "l==?utf-8?q?9?=", "bad"],
  ["not ascii", "main", "m\xe4in", "bad"],
  ["a long identity", "bob@", `${"b".repeat(400)}@`, "unsupported"],
  ["a long selector", "main", "m".repeat(300), "unsupported"],
])("%s: %j for %j", (_, from, to, outcome) => {
  expect(VALUE.replace(from, to)).not.toBe(VALUE);
  expect(readClaim(VALUE.replace(from, to))).toMatchObject({ outcome });
});

test("DKIM's relaxed form of a value", () => {
  expect(relaxed(" a\n \t b \n")).toBe("a b");
});

test.each([
  ["bob@example.org", "main", "ed25519/example.org/bob/main"],
  ["Bob+git@Example.ORG", "Main", "ed25519/example.org/bob%2Bgit/main"],
  ["b/../c@example.org", "a b", "ed25519/example.org/b%2F..%2Fc/a+b"],
  ["a@b@c", "x~._-", "ed25519/b%40c/a/x~._-"],
  ["b\u00f6b@example.org", "x", "ed25519/example.org/b%C3%B6b/x"],
])("the path for %s, %s", (identity, selector, path) => {
  expect(keyPath("ed25519", identity, selector)).toBe(path);
});

test.each([
  ["bob", "main"],
  ["..@example.org", "main"],
  ["bob@..", "main"],
  ["bob@.", "main"],
  ["bob@example.org", ".."],
  ["@example.org", "main"],
  ["bob@", "main"],
  ["bob@example.org", ""],
])("no path for %s, %j", (identity, selector) => {
  expect(keyPath("ed25519", identity, selector)).toBeNull();
});

test("the path of the hidden folder is patatt's", () => {
  // printf %s ed25519/kernel.org/mricon/byhash | sha256sum
  expect(hashedPath("ed25519/kernel.org/mricon/byhash")).toBe(
    "by-hash/3e/e90cceff5057342bd7a80853e1297c5aae01396a64c59dc251fe0f5eedc30c",
  );
});

test("an ed25519 key file", () => {
  const point = Buffer.alloc(32, 9);
  const text = point.toString("base64");
  expect(parseEd25519Key(Buffer.from(`${text}\n`))).toEqual(point);
  for (const wrong of ["", text.slice(4), `${text} x`, text.replace("=", ""), `!${text}`])
    expect(() => parseEd25519Key(Buffer.from(wrong))).toThrow(FormatError);
});
