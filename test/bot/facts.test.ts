import { describe, expect, test } from "vitest";
import { factsOf, type MailFacts } from "../../src/bot/facts.ts";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { checkMail } from "../../src/verify/check.ts";

const DIFF = `diff --git a/f b/f
index 0cfbf08..d00491f 100644
--- a/f
+++ b/f
@@ -1 +1 @@
-2
+1
--
2.39.5
`;

interface Parts {
  readonly from?: string;
  readonly subject?: string;
  readonly header?: readonly string[];
  readonly body?: string;
}

function facts({ from, subject, header = [], body }: Parts = {}): MailFacts {
  const text = [
    `From: ${from ?? "Alice <alice@example.org>"}`,
    `Subject: ${subject ?? "[PATCH] one"}`,
    "Date: Thu, 1 Oct 2026 10:00:00 +0000",
    "Message-ID: <1@example.org>",
    ...header,
    "",
    body ?? `A message.\n---\n${DIFF}`,
  ].join("\n");
  const mail = Buffer.from(text);
  return factsOf(mail, checkMail(mail, createVerifier()));
}

describe("facts", () => {
  test("a plain patch has no remarkable facts", () => {
    expect(facts()).toMatchObject({
      messageId: "<1@example.org>",
      title: "one",
      sender: { name: "Alice", identity: "alice@example.org" },
      kind: "patch",
      automatic: null,
      bot: false,
      replaced: false,
      reply: false,
      marked: true,
      rfc: false,
      pull: false,
      forwarded: false,
      signed: false,
      based: false,
    });
  });

  test.each([
    ["Auto-Submitted: auto-generated", "auto-submitted"],
    ["Auto-Submitted: auto-replied (vacation)", "auto-submitted"],
    ["X-Autoreply: yes", "x-autoreply"],
    ["X-Auto-Response-Suppress: OOF, AutoReply", "x-auto-response-suppress"],
    ["Return-Path: <>", "return-path"],
    ["Precedence: auto_reply", "precedence"],
    ["Precedence: bulk", "precedence"],
    ["Precedence: junk", "precedence"],
  ])("%s was written by a program", (line, name) => {
    expect(facts({ header: [line] }).automatic).toBe(name);
  });

  test.each([
    [["Auto-Submitted: no"]],
    [["Precedence: bulk", "List-Id: <net.example.org>"]],
    [["Precedence: junk", "List-Id: <net.example.org>"]],
    [["Precedence: list", "List-Id: <net.example.org>"]],
    [["Return-Path: <net-bounces@example.org>"]],
    [["X-Auto-Response-Suppress: DR, RN"]],
  ])("%s was written by a person", (header) => {
    expect(facts({ header }).automatic).toBe(null);
  });

  test.each([
    "kernel test robot <lkp@example.org>",
    "syzbot <syzbot+1@example.org>",
    "tip-bot2 for Alice <tip-bot2@example.org>",
    "patchwork-bot+net@example.org",
    "GitGitGadget <gitgitgadget@example.org>",
    "noreply@example.org",
    "Mail Delivery Subsystem <MAILER-DAEMON@example.org>",
    "net-owner@example.org",
  ])("%s is a bot", (from) => {
    expect(facts({ from }).bot).toBe(true);
  });

  test.each(["A. Talbot <atalbot@example.org>", "Bottomley <b@example.org>"])(
    "%s is not a bot",
    (from) => {
      expect(facts({ from }).bot).toBe(false);
    },
  );

  test.each([
    ['"alice@example.org" <mallory@example.net>'],
    ["alice@example.org, bob@example.org"],
    ["Alice <alice@example.org>, Bob <bob@example.org>"],
    ["Alice <alice@example.org> <bob@example.org>"],
    ["Alice <alice@[127.0.0.1]>"],
    ["undisclosed"],
    ["friends: alice@example.org;"],
    ["=?utf-8?q?alice=40example=2Eorg?= <mallory@example.net>"],
    [`${"a@b.example, ".repeat(10_000)}c@d.example`],
  ])("%# a From that programs read differently names nobody", (from) => {
    expect(facts({ from }).sender).toBe(null);
  });

  test("two From headers name nobody", () => {
    expect(facts({ header: ["From: Bob <bob@example.org>"] }).sender).toBe(null);
  });

  test.each([
    ["Re: [PATCH] one", "reply"],
    ["[net] Re: [PATCH] one", "reply"],
    ["AW: [PATCH] one", "reply"],
    ["[RFC PATCH] one", "rfc"],
    ["[PATCH RFC 1/1] one", "rfc"],
    ["[net-next] [RFC v2] one", "rfc"],
    ["[GIT PULL] one", "pull"],
    ["Fwd: [PATCH] one", "forwarded"],
  ] as const)("%s is a %s", (subject, what) => {
    expect(facts({ subject })[what]).toBe(true);
  });

  test.each([
    ["[PATCH] one", true],
    ["[net] [PATCHv2 net-next 1/2] one", true],
    ["[net-next PATCH 1/2] one", true],
    ["[PATCH-next] one", false],
    ['Patch "one" has been added to the stable tree', false],
    ["[GIT PULL] one", false],
    ["a [PATCH] in the middle", false],
  ])("%s is marked: %s", (subject, marked) => {
    expect(facts({ subject }).marked).toBe(marked);
  });

  test("somebody else's patch counts as forwarded", () => {
    const body = `From: Bob <bob@example.org>\n\nA message.\n---\n${DIFF}`;
    expect(facts({ body }).forwarded).toBe(true);
    const own = `From: Alice <alice@example.org>\n\nA message.\n---\n${DIFF}`;
    expect(facts({ body: own }).forwarded).toBe(false);
  });

  test.each([
    "Alice via net <net@example.org>",
    '"Alice" (via net Mailing List) <net@example.org>',
    "Alice <alice=example.net@lists.example>",
    "Alice <alice=40example.net@lists.example>",
    "Alice <alice@example.net.INVALID>",
    "Alice <0000012a3b4c5d6e-dmarc-request@lists.example>",
  ])("detects a list that put itself into From: %s", (from) => {
    expect(facts({ from }).replaced).toBe(true);
  });

  test("detects a list that says who was in From", () => {
    expect(facts({ header: ["X-Original-From: Alice <alice@example.org>"] }).replaced).toBe(true);
    expect(facts({}).replaced).toBe(false);
  });

  test("other kinds of signatures count as signed", () => {
    expect(facts({ header: ["X-Developer-Signature: v=1; a=ed25519"] }).signed).toBe(true);
  });

  test("detects a base", () => {
    const body = `A message.\n---\n${DIFF}\nbase-commit: ${"1".repeat(40)}\n`;
    expect(facts({ body }).based).toBe(true);
  });

  test("line ends and control characters in a name or Subject become spaces", () => {
    const from = "=?utf-8?q?Eve=0D=0ABcc:_x=40y?= <eve@example.org>";
    expect(facts({ from }).sender?.name ?? "").not.toMatch(/[\r\n]/);
    const subject = "=?utf-8?q?[PATCH]_a=0ABcc:_b?=";
    expect(facts({ subject }).subject).not.toMatch(/[\r\n]/);
  });
});
