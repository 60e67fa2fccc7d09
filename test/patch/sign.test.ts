/** What is signed together, and where its block goes. */

import { describe, expect, it } from "vitest";
import { prepare } from "../../src/patch/sign.ts";
import type { TrustedComment } from "../../src/patch/trusted-comment.ts";
import { blockOf, check, isGood, signMails } from "../support/signing.ts";

const DIFF = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";
const STAT = " a | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n";

function mail(subject: string, body = `why\n---\n${STAT}\n${DIFF}`): Buffer {
  return Buffer.from(
    `From: Alice <alice@example.org>\nSubject: ${subject}\nDate: Tue, 10 Nov 2026 10:00:00 +0000\n\n${body}`,
    "latin1",
  );
}

const sign = (mails: readonly Buffer[], terms = {}): string[] =>
  signMails(mails, terms).map((signed) => {
    expect(isGood(check(signed))).toBe(true);
    return signed.toString("latin1");
  });
const commentOf = (signed: string): TrustedComment =>
  check(Buffer.from(signed, "latin1")).signed!.comment;

describe("mails are signed as one series", () => {
  const ids = (...labels: readonly string[]): (string | null)[] =>
    sign(labels.map((label) => mail(`[PATCH ${label}] x`))).map((one) => commentOf(one).series);
  const isOne = (all: readonly (string | null)[]): boolean =>
    all[0] !== null && new Set(all).size === 1;

  it.each<[string, string[], boolean]>([
    ["a single patch", ["1/1"], true],
    ["all of them", ["1/3", "2/3", "3/3"], true],
    ["with their letter", ["0/2", "1/2", "2/2"], true],
    ["in any order", ["2/2", "0/2", "1/2"], true],
    ["not if one is missing", ["1/3", "3/3"], false],
    ["nor if the first is", ["2/2"], false],
    ["nor if one is there twice", ["1/2", "1/2"], false],
    ["nor if one is there twice beside the others", ["1/2", "2/2", "2/2"], false],
    ["nor if the totals differ", ["1/2", "2/3"], false],
    ["nor a letter alone", ["0/2"], false],
  ])("%s", (_, labels, expected) => {
    const found = ids(...labels);
    expect(isOne(found)).toBe(expected);
    if (!expected) expect(new Set(found)).toEqual(new Set([null]));
  });

  it("whose id depends on order, version and base", () => {
    const id = (labels: readonly string[], base: string | null): string => {
      const mails = labels.map((label, i) =>
        mail(`[PATCH ${label}] x`, `why\n---\n${DIFF.replace("+2", `+${i}`)}`),
      );
      return commentOf(sign(mails, { base })[0]!).series!;
    };
    const all = [
      id(["1/2", "2/2"], null),
      id(["2/2", "1/2"], null),
      id(["v2 1/2", "v2 2/2"], null),
      id(["1/2", "2/2"], "a".repeat(40)),
    ];
    expect(new Set(all).size).toBe(4);
    for (const one of all) expect(one).toMatch(/^[0-9a-f]{32}$/);
  });
});

describe("the digests in a block", () => {
  it("have 8 digits of author and title, 16 of message and diff", () => {
    const { digests } = commentOf(sign([mail("[PATCH] x")])[0]!);
    expect(Object.values(digests).map(({ length }) => length)).toEqual([8, 8, 16, 16]);
  });
});

describe("the block", () => {
  const at = (signed: string): string => {
    const block = blockOf(Buffer.from(signed, "latin1")).toString("latin1");
    expect(signed.split(block)).toHaveLength(2);
    return signed.replace(block, "BLOCK\n").split("\n\n").slice(1).join("\n\n");
  };

  it.each<[string, string, string, string]>([
    [
      "stands right below the break",
      "[PATCH] x",
      `why\n---\nnotes\n${DIFF}`,
      `why\n---\nBLOCK\n\nnotes\n${DIFF}`,
    ],
    [
      "below a break of its own, before a naked diff",
      "[PATCH] x",
      `why\n\n${DIFF}`,
      `why\n\n---\nBLOCK\n\n${DIFF}`,
    ],
    [
      "after a line end, if the text has no blank line there",
      "[PATCH] x",
      `why\n${DIFF}`,
      `why\n\n---\nBLOCK\n\n${DIFF}`,
    ],
    ["at the end of a letter", "[PATCH 0/1] x", "why\n", "why\n\n---\nBLOCK\n\n"],
    [
      "below its diffstat",
      "[PATCH 0/1] x",
      `why\n\n${STAT}\n-- \n2.55\n`,
      `why\n\n${STAT}\n---\nBLOCK\n\n\n-- \n2.55\n`,
    ],
    [
      "below the last one",
      "[PATCH 0/1] x",
      `${STAT}\nwhy\n\n${STAT}\n-- \n2\n`,
      `${STAT}\nwhy\n\n${STAT}\n---\nBLOCK\n\n\n-- \n2\n`,
    ],
    [
      "below its summary of modes",
      "[PATCH 0/1] x",
      `why\n\n${STAT} create mode 100644 a\n\nx\n`,
      `why\n\n${STAT} create mode 100644 a\n\n---\nBLOCK\n\n\nx\n`,
    ],
    [
      "above git's base lines",
      "[PATCH 0/1] x",
      `why\n\nbase-commit: ${"a".repeat(40)}\n`,
      `why\n\n---\nBLOCK\n\nbase-commit: ${"a".repeat(40)}\n`,
    ],
    [
      "above the signature separator",
      "[PATCH 0/1] x",
      "why\n\n-- \n2.55\n",
      "why\n\n---\nBLOCK\n\n-- \n2.55\n",
    ],
    ["in a letter of nothing", "[PATCH 0/1] x", "", "---\nBLOCK\n\n"],
  ])("%s", (_, subject, body, expected) => {
    const base = body.includes("base-commit") ? "a".repeat(40) : null;
    expect(at(sign([mail(subject, body)], { base })[0]!)).toBe(expected);
  });

  it("keeps the CRs of a mail", () => {
    const crlf = Buffer.from(mail("[PATCH] x").toString().replaceAll("\n", "\r\n"));
    const [signed] = sign([crlf]);
    expect(signed!.match(/(?<!\r)\n/g)).toBeNull();
  });
});

describe("signed again, a mail", () => {
  const [first] = sign([mail("[PATCH] x")]);
  const again = (text: string, terms = {}): string =>
    sign([Buffer.from(text, "latin1")], terms)[0]!;
  const later = { time: 1_795_000_000 };

  it("is the same, with the same time, if nothing changed", () => {
    expect(again(first!, later)).toBe(first);
  });

  it.each<[string, (text: string) => string, object]>([
    ["its message", (text) => text.replace("\nwhy\n", "\nwherefore\n"), {}],
    ["its diff", (text) => text.replace("+2", "+3"), {}],
    ["its label", (text) => text.replace("[PATCH]", "[PATCH v2]"), {}],
    ["its base", (text) => text, { base: "b".repeat(40) }],
    ["its signer's address", (text) => text, { by: "bob@example.org" }],
  ])("has a new time, and one block, if this changed: %s", (_, change, terms) => {
    const [signed] = signMails([Buffer.from(change(first!), "latin1")], { ...later, ...terms });
    const text = signed!.toString("latin1");
    expect(commentOf(text).time).toBe(later.time);
    expect(text.split("untrusted comment")).toHaveLength(2);
  });

  it("is refused if it has two blocks", () => {
    const block = blockOf(Buffer.from(first!, "latin1")).toString("latin1");
    const twice = Buffer.from(first!.replace(block, `${block}\n${block}`), "latin1");
    expect(prepare(twice)).toMatchObject({ ok: false, refusal: { reason: "block-several" } });
  });
});

describe("what is not signed", () => {
  it.each<[string, Buffer, string | null]>([
    ["a mail without a patch is left as it is", mail("hello", "Hello.\n"), null],
    [
      "a diff with colors",
      mail("[PATCH] x", `why\n---\n${DIFF.replace(/^(?=.)/gm, "\x1b[1m")}`),
      "colored-diff",
    ],
    [
      "a mail that is refused",
      Buffer.from(`From: Bob <b@x.org>\n${mail("[PATCH] x").toString()}`),
      "conflicting-header",
    ],
    ["a version with a point", mail("[PATCH v1.5] x"), "odd-label"],
    [
      "a diff that git does not apply",
      mail("[PATCH] x", `why\n---\n${DIFF}diff --git a/b b/b\n`),
      "bare-diff-git",
    ],
    [
      "a damaged block",
      Buffer.from(sign([mail("[PATCH] x")])[0]!.replace(/^RU/m, "RX"), "latin1"),
      "block-malformed",
    ],
  ])("%s", (_, bytes, reason) => {
    const expected = { ok: false, refusal: { reason } };
    if (reason === null) expect(prepare(bytes)).toBeNull();
    else expect(prepare(bytes)).toMatchObject(expected);
  });
});

describe("a mail is prepared", () => {
  it("as version 1 if its Subject names none", () => {
    expect(prepare(mail("x"))).toMatchObject({ value: { version: 1, index: null, total: null } });
    expect(prepare(mail("[PATCH v3 2/4] x"))).toMatchObject({
      value: { version: 3, index: 2, total: 4 },
    });
  });

  it("unless nothing could be signed of it", () => {
    const nobody = Buffer.from(mail("[PATCH] x").toString().replace("alice@example.org", ""));
    expect(prepare(nobody)).toMatchObject({ ok: false, refusal: { reason: "author-address" } });
  });
});
