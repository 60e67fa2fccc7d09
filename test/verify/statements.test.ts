/** Where in a mail a statement about a key counts, and what is said of it. */

import { describe, expect, it } from "vitest";
import type { Ruling } from "../../src/trust/ruling.ts";
import { statementFinding, statementText } from "../../src/verify/statements.ts";
import { check } from "../support/signing.ts";
import { ALICE, BOB, keyOf, says } from "../trust/support.ts";

const [OLD, NEW] = [keyOf(1), keyOf(2)];
const ROTATION = says(OLD, "rotate", NEW);
const DIFF = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";

describe("a statement", () => {
  const found = (body: string): number => {
    const header = `From: Alice <${ALICE}>\nSubject: [PATCH] x\nDate: Tue, 10 Nov 2026 10:00:00 +0000\n`;
    return check(Buffer.from(`${header}\n${body}`)).statements.length;
  };

  it.each<[string, string, number]>([
    ["counts below the break of a patch", `why\n---\n${ROTATION.text}\n${DIFF}`, 1],
    ["not in what will be its commit message", `why\n\n${ROTATION.text}---\n${DIFF}`, 0],
    ["nor behind its diff", `why\n---\n${DIFF}\n${ROTATION.text}`, 0],
    ["counts anywhere in a mail without a diff", `why\n\n${ROTATION.text}`, 1],
    ["there also below a break", `why\n---\n${ROTATION.text}`, 1],
    [
      "not in a mail whose diff is refused",
      `why\n---\n${ROTATION.text}\n${DIFF}diff --git a/b b/b\n`,
      0,
    ],
  ])("%s", (_, body, count) => {
    expect(found(body)).toBe(count);
  });
});

describe("what is said of a statement", () => {
  const [a, b] = [OLD.text, NEW.text];

  it.each([
    ["rotate", { key: b, signer: a }, `${ALICE} rotates ${a} to ${b}`],
    ["add", { key: b, signer: a }, `${ALICE} uses ${b} beside ${a}`],
    ["endorse", { key: b, signer: a, of: BOB }, `${ALICE} endorses ${b} as the key of ${BOB}`],
    ["revoke", { key: a, signer: a }, `${ALICE} revokes ${a}`],
    ["revoke", { key: b, signer: a, of: BOB }, `${ALICE} revokes ${b} of ${BOB}`],
  ] as const)("%s %j", (kind, more, text) => {
    expect(statementText({ kind, by: ALICE, of: ALICE, ...more })).toBe(text);
  });

  it("says why it was not followed", () => {
    const ruled = (outcome: Ruling["outcome"], why: string): string[] => {
      const { code, message } = statementFinding(ROTATION, { outcome, why, transitions: [] });
      return [code, message];
    };
    const text = `${ALICE} rotates ${a} to ${b}`;
    expect(ruled("applied", "")).toEqual(["statement-applied", text]);
    expect(ruled("refused", "no right")).toEqual(["statement-refused", `${text}: no right`]);
  });
});
