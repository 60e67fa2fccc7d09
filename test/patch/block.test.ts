/** The four lines of a block, and the fields of its trusted comment: what is read, and what is refused. */

import { describe, expect, it } from "vitest";
import { findMarkers, readBlock } from "../../src/patch/block.ts";
import { blockOf, signMails } from "../support/signing.ts";

const MAIL =
  "From: Alice <alice@example.org>\nSubject: [PATCH v2 1/3] x\nDate: Tue, 10 Nov 2026 10:00:00 +0000\n\nwhy\n---\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";
const [SIGNED] = signMails([Buffer.from(MAIL)], { base: "a".repeat(40) });
const BLOCK = blockOf(SIGNED!).toString("latin1");

function read(text: string): string {
  const found = readBlock(Buffer.from(text, "latin1"), text.indexOf("untrusted"));
  return found.ok ? "ok" : `${found.refusal.reason}: ${found.refusal.detail}`;
}

const MALFORMED = "block-malformed: the trusted comment of the signature is damaged";
const hex = (count: number): string => "0123456789abcdef".repeat(5).slice(0, count);

describe("the fields of a trusted comment", () => {
  it.each<[string, RegExp, string, boolean]>([
    ["a cover letter", /n=1\/3/, "n=0/3", true],
    ["the last one", /n=1\/3/, "n=3/3", true],
    ["one beyond the last", /n=1\/3/, "n=4/3", false],
    ["one of none", /n=1\/3/, "n=0/0", false],
    ["the greatest number", /n=1\/3/, "n=9999/9999", true],
    ["one with five digits", /n=1\/3/, "n=1/10000", false],
    ["one with a zero in front", /n=1\/3/, "n=01/3", false],
    ["version 0", /v=2/, "v=0", false],
    ["version 1", /v=2/, "v=1", true],
    ["version 9999", /v=2/, "v=9999", true],
    ["version 10000", /v=2/, "v=10000", false],
    ["a time of 12 digits", /t=\d+/, "t=999999999999", true],
    ["of 13", /t=\d+/, "t=1000000000000", false],
    ["of none", /t=\d+/, "t=", false],
    ["the first second of 1970", /t=\d+/, "t=0", true],
    ["an address of three characters", /by=\S+/, "by=a@b", true],
    ["of two", /by=\S+/, "by=ab", false],
    ["of 254", /by=\S+/, `by=${"a".repeat(250)}@b.c`, true],
    ["of 255", /by=\S+/, `by=${"a".repeat(251)}@b.c`, false],
    ["no base", /base=\S+/, "base=-", true],
    ["a SHA-256 base", /base=\S+/, `base=${hex(64)}`, true],
    ["a shortened base", /base=\S+/, `base=${hex(39)}`, false],
    ["no series", /series=\S+/, "series=-", true],
    ["a series of 31 digits", /series=\S+/, `series=${hex(31)}`, false],
    ["a capital digit", /series=\S+/, `series=${hex(32).toUpperCase()}`, false],
    ["seven digits of the author", / a=\S+/, ` a=${hex(7)}`, false],
    ["fifteen of the diff", / d=\S+/, ` d=${hex(15)}`, false],
    ["fields in another order", /(v=\S+) (n=\S+)/, "$2 $1", false],
    ["a field less", / s=\S+/, "", false],
    ["a field more", / s=/, " x=1 s=", false],
  ])("%s", (_, field, text, isRead) => {
    expect(BLOCK).toMatch(field);
    expect(read(BLOCK.replace(field, text))).toBe(isRead ? "ok" : MALFORMED);
  });

  it("are null where they say -", () => {
    const text = BLOCK.replace(/base=\S+/, "base=-").replace(/series=\S+/, "series=-");
    const found = readBlock(Buffer.from(text), 0);
    expect(found.ok && found.value.comment).toMatchObject({
      base: null,
      series: null,
      version: 2,
      index: 1,
      total: 3,
    });
  });
});

describe("a block", () => {
  const lines = BLOCK.trimEnd().split("\n");

  it("is of version 1", () => {
    const version = (n: string): string =>
      read(BLOCK.replace("patchsig-v1 t=", `patchsig-v${n} t=`));
    const newer = (n: string): string =>
      `block-version: the signature has version ${n}; this patchsig knows version 1`;
    expect([version("2"), version("10"), version("123456789")]).toEqual(
      ["2", "10", "123456789"].map(newer),
    );
    expect([version("1234567890"), version("x")]).toEqual([MALFORMED, MALFORMED]);
  });

  it.each<[string, string, string]>([
    ["as it was signed", BLOCK, "ok"],
    ["wrapped", BLOCK.replaceAll(/.{30}/g, "$&\n"), "ok"],
    ["with blanks behind it", `${BLOCK.trimEnd()} \t \nmore\n`, "ok"],
    ["without a line end", BLOCK.trimEnd(), "ok"],
    [
      "with text behind it",
      `${BLOCK.trimEnd()} more\n`,
      "block-malformed: text follows the signature block on its last line",
    ],
    [
      "without its last line",
      `${lines.slice(0, 3).join("\n")}\n`,
      "block-malformed: the signature block is cut short",
    ],
    [
      "without its comment",
      `${lines.slice(0, 2).join("\n")}\n`,
      "block-malformed: the signature block is damaged",
    ],
    [
      "with a legacy signature",
      BLOCK.replace(/^RU/m, "RW"),
      "block-malformed: the signature block is damaged",
    ],
  ])("%s", (_, text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it("has at most 2000 bytes, blanks included", () => {
    const padded = (length: number): string => {
      const [first, ...rest] = lines;
      return [first! + " ".repeat(length - BLOCK.trimEnd().length), ...rest].join("\n");
    };
    expect(read(padded(2000))).toBe("ok");
    expect(read(padded(2001))).toBe("block-malformed: the signature block is cut short");
  });

  it("ends with its last line, wherever it begins", () => {
    const text = `notes\n\n${BLOCK}\ndiff`;
    const found = readBlock(Buffer.from(text), 7);
    expect(found.ok && [found.value.start, found.value.end]).toEqual([7, 7 + BLOCK.length]);
  });
});

describe("the lines that begin a block", () => {
  const MARKER = "untrusted comment: patchsig";
  it.each<[string, string, number[]]>([
    ["none", "text\n", []],
    ["at the start", `${MARKER} RW`, [0]],
    ["on a line of its own", `a\n${MARKER} RW`, [2]],
    ["with a tab", `${MARKER}\tRW`, [0]],
    ["wrapped", `${MARKER}\nRW`, [0]],
    ["not within a line", `a ${MARKER} RW`, []],
    ["not quoted", `> ${MARKER} RW`, []],
    ["not of another word", `${MARKER}-statement RW`, []],
    ["two", `${MARKER} a\n${MARKER} b`, [0, 30]],
    ["and no more than two", `${MARKER} a\n`.repeat(5), [0, 30]],
    ["not at the end of all", MARKER, []],
  ])("%s", (_, text, expected) => {
    expect(findMarkers(Buffer.from(text))).toEqual(expected);
  });
});
