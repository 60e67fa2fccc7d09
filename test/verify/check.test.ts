/** What a mail is, and where its block may be. */

import { describe, expect, it } from "vitest";
import { asSigned } from "../../src/verify/check.ts";
import { evidenceOf } from "../../src/verify/evidence.ts";
import type { Checked } from "../../src/verify/result.ts";
import { blockOf, check, signMails } from "../support/signing.ts";

const DIFF = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";

function mail(subject: string, body = `why\n---\n${DIFF}`, more = ""): string {
  return `From: Alice <alice@example.org>\nSubject: ${subject}\nDate: Tue, 10 Nov 2026 10:00:00 +0000\n${more}\n${body}`;
}

const read = (text: string): Checked => check(Buffer.from(text, "latin1"));
const SIGNED = signMails([Buffer.from(mail("[PATCH 1/2] x"))])[0]!.toString("latin1");
const BLOCK = blockOf(Buffer.from(SIGNED, "latin1")).toString("latin1");
const BROKEN = `${DIFF}diff --git a/b b/b\n`;

describe("what a mail is", () => {
  it.each<[string, string, string, string]>([
    ["a patch", mail("[PATCH] x"), "patch", "none"],
    ["text", mail("hello", "Hello.\n"), "other", "none"],
    ["a letter", mail("[PATCH 0/2] x", "Hello.\n"), "cover", "none"],
    ["a letter with a diff", mail("[PATCH 0/2] x"), "cover", "none"],
    ["a reply to a letter", mail("Re: [PATCH 0/2] x", "Fine.\n"), "other", "none"],
    ["a reply with a diff", mail("Re: [PATCH 3/4] x"), "patch", "none"],
    ["a reply with a broken diff", mail("Re: [PATCH] x", `why\n---\n${BROKEN}`), "other", "none"],
    ["a broken diff", mail("[PATCH] x", `why\n---\n${BROKEN}`), "patch", "none"],
    ["a broken diff, signed", SIGNED + BROKEN.slice(DIFF.length), "patch", "malformed"],
    ["a signed patch", SIGNED, "patch", "good"],
    ["a signed patch as a reply", SIGNED.replace("[PATCH", "Re: [PATCH"), "patch", "good"],
    ["its block without its diff", SIGNED.replace(DIFF, ""), "cover", "bad"],
    ["its block in a letter", SIGNED.replace("1/2", "0/2"), "cover", "bad"],
  ])("%s", (_, text, kind, signature) => {
    expect(read(text)).toMatchObject({ kind, signature });
  });

  it("is one of one, version 1, if its Subject does not say", () => {
    expect(read(mail("[PATCH] x")).number).toEqual({ version: 1, index: 1, total: 1 });
    expect(read(mail("[PATCH v2 3/4] x")).number).toEqual({ version: 2, index: 3, total: 4 });
  });

  it("is version 1, too, if its Subject is not about patches", () => {
    expect(read(mail("x")).number).toEqual({ version: 1, index: 1, total: 1 });
  });

  it("names its base in its notes or below its diff, not in its message; a letter anywhere", () => {
    const line = `base-commit: ${"a".repeat(40)}\n`;
    const named = (subject: string, body: string): string => read(mail(subject, body)).base.status;
    expect(named("[PATCH] x", `why\n---\n${line}\n${DIFF}`)).toBe("present");
    expect(named("[PATCH] x", `why\n---\n${DIFF}\n${line}`)).toBe("present");
    expect(named("[PATCH] x", `why\n\n${line}---\n${DIFF}`)).toBe("missing");
    expect(named("[PATCH 0/1] x", `why\n\n${line}`)).toBe("present");
    expect(named("[PATCH 0/1] x", `why\n---\n${line}`)).toBe("present");
  });

  it("has a sender, even if it is refused", () => {
    const refused = mail("[PATCH] x").replace("Date:", "From: Bob <b@x.org>\nDate:");
    expect(read(refused)).toMatchObject({ view: null, senders: ["alice@example.org"] });
    expect(read(refused.replace("<alice@example.org>", "<alice>")).senders).toEqual([]);
  });

  it("is taken for a patch, if it was too large to be read", () => {
    expect(read("")).toMatchObject({ kind: "patch", view: null });
  });

  it("is an answer that has no number of its own, if a reply carries a diff", () => {
    const found = read(mail("Re: [PATCH v3 3/4] x"));
    expect(found).toMatchObject({ isAnswer: true, number: { version: 1, index: 1, total: 1 } });
    expect(found.findings.map(({ code }) => code)).toEqual(["answer"]);
    expect(read(mail("[PATCH v3 3/4] x")).isAnswer).toBe(false);
  });

  it.each([
    ["Alice via list <list@lists.example.org>", "why\n", ["author-replaced"]],
    ["Alice via list <list@lists.example.org>", "From: Alice <alice@example.org>\n\nwhy\n", []],
    ["Alice <alice@example.org>", "why\n", []],
  ])("says if git would take a list for the author: %s", (from, text, expected) => {
    const listed = mail("[PATCH] x", `${text}---\n${DIFF}`).replace(/^From: .*$/m, `From: ${from}`);
    expect(read(listed).findings.map(({ code }) => code)).toEqual(expected);
  });

  it.each([
    ['Applied "net: count" to the net tree', true],
    ['Patch "net: count" has been added to the 6.1-stable tree', true],
    ["[tip: x86/platform] net: count", true],
    ["[list] [Bug 42] it crashes", true],
    ["[list] [PATCH] net: count", false],
    ["[1/2] net: count", false],
    ["[RFC] net: count", false],
  ])(
    "is an answer, if it is in a thread and its Subject does not call it a patch: %s",
    (subject, is) => {
      const inThread = mail(subject).replace("Date:", "In-Reply-To: <a@example.org>\nDate:");
      expect(read(inThread).isAnswer).toBe(is);
      expect(read(mail(subject)).isAnswer).toBe(false);
    },
  );
});

describe("the block", () => {
  const codes = (text: string): string[] => read(text).findings.map(({ code }) => code);

  it.each<[string, string, string[]]>([
    ["is below the break", SIGNED, []],
    ["occurs once", SIGNED.replace(BLOCK, `${BLOCK}\n${BLOCK}`), ["block-several"]],
    ["and not in the message, too", SIGNED.replace("why\n", `why\n\n${BLOCK}`), ["block-several"]],
    [
      "nor in the message instead",
      SIGNED.replace(BLOCK, "").replace("why\n", `why\n\n${BLOCK}`),
      ["block-misplaced"],
    ],
    ["nor behind the diff", `${SIGNED.replace(BLOCK, "")}\n${BLOCK}`, ["block-misplaced"]],
    ["nor without a break", SIGNED.replace("---\n", ""), ["block-misplaced"]],
  ])("%s", (_, text, expected) => {
    expect(codes(text)).toEqual(expected);
    if (expected.length > 0) expect(read(text).signature).toBe("malformed");
  });

  it("may be the only thing below the break of a letter", () => {
    const [letter] = signMails([Buffer.from(mail("[PATCH 0/2] x", "why\n"))]);
    expect(check(letter!)).toMatchObject({ kind: "cover", signature: "good" });
  });
});

describe("a patch as its signer wrote it", () => {
  const ACK = "Acked-by: Bob <b@x.org>\n";
  const acked = (text: string): string => text.replace("why\n", `why\n\n${ACK}`);

  it("has no added trailer, and is good", () => {
    const found = asSigned(read(acked(SIGNED)));
    expect(found).toMatchObject({ signature: "good", changed: [], findings: [] });
    expect(found.view!.message.toString()).toBe("why\n");
    expect(evidenceOf(found).attestation).toBe(evidenceOf(read(SIGNED)).attestation);
  });

  it("keeps what else was found", () => {
    const twice = acked(SIGNED).replace("Date:", "Subject: [PATCH 1/2] x\nDate:");
    const [first, ...more] = read(twice).findings.map(({ code }) => code);
    expect([first, ...more]).toContain("trailers-added");
    const kept = asSigned(read(twice)).findings.map(({ code }) => code);
    expect(kept).toEqual([first, ...more].filter((code) => code !== "trailers-added"));
    expect(kept).not.toEqual([]);
  });

  it("is as it came, if nothing or something else changed", () => {
    for (const text of [
      SIGNED,
      SIGNED.replace("+2", "+3"),
      acked(SIGNED).replace("1/2", "2/2"),
      "x",
    ]) {
      const found = read(text);
      expect(asSigned(found)).toBe(found);
    }
  });

  it("has the author whom a list replaced", () => {
    const list = acked(SIGNED).replace(
      "From: Alice <alice@example.org>",
      "From: Alice via L <l@x.org>\nReply-To: Alice <alice@example.org>",
    );
    expect(asSigned(read(list))).toMatchObject({
      signature: "good",
      author: { name: "Alice", email: "alice@example.org" },
    });
  });
});

describe("what a verdict needs of a mail", () => {
  it.each<[string, string, boolean, boolean]>([
    ["that was read", mail("[PATCH] x"), true, true],
    ["whose diff was refused", mail("[PATCH] x", `why\n---\n${BROKEN}`), true, false],
    [
      "that was refused",
      mail("[PATCH] x").replace("Date:", "From: Bob <b@x.org>\nDate:"),
      false,
      false,
    ],
  ])("%s", (_, text, isRead, isWhole) => {
    const found = evidenceOf(read(text));
    expect([found.read, found.whole]).toEqual([isRead, isWhole]);
    if (!isWhole) expect(found).toMatchObject({ sighting: null, content: null, work: null });
  });
});
