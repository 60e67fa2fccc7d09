/** Who the author may have been before a list put its own address into From. */

import { describe, expect, it } from "vitest";
import { readRawMail } from "../../src/mail/mailinfo.ts";
import type { MailView } from "../../src/types.ts";
import {
  authorCandidates,
  distinctSenders,
  isReplaced,
  senderAddresses,
} from "../../src/verify/author.ts";

const DIFF = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";
const VIA = "Alice via Listing <listing@lists.example.org>";

function view(from: string, more = "", body = "why\n"): MailView {
  const read = readRawMail(
    Buffer.from(
      `From: ${from}\nSubject: [PATCH] x\nDate: Tue, 10 Nov 2026 10:00:00 +0000\n${more}\n${body}---\n${DIFF}`,
    ),
  );
  if (!read.ok) throw new Error(read.refusal.detail);
  return read.value;
}

const candidates = (from: string, more = "", body = "why\n"): string[] =>
  authorCandidates(view(from, more, body)).map(
    ({ author, email }) => `${author.toString()} <${email.toString()}>`,
  );

/** [what, From, other headers, candidates: of one address with the name before "via" and with its own] */
const CASES: readonly [string, string, string, string[]][] = [
  ["From that nobody replaced", "Alice <alice@example.org>", "Reply-To: Bob <bob@x.org>\n", []],
  ["nothing else in the mail", VIA, "", []],
  [
    "Reply-To, by name",
    VIA,
    "Reply-To: Alice A <alice@example.org>\n",
    ["Alice A <alice@example.org>", "Alice <alice@example.org>"],
  ],
  [
    "Reply-To, a bare address: the name is the one before via",
    VIA,
    "Reply-To: alice@example.org\n",
    ["Alice <alice@example.org>", "alice@example.org <alice@example.org>"],
  ],
  [
    "a bare address, and no name before via",
    '"" via Listing <l@lists.example.org>',
    "Reply-To: alice@example.org\n",
    ["alice@example.org <alice@example.org>", " <alice@example.org>"],
  ],
  [
    "Cc, only by the name that the list shows",
    VIA,
    "Cc: Bob <bob@x.org>, Alice <alice@example.org>\n",
    ["Alice <alice@example.org>", "Alice <alice@example.org>"],
  ],
  [
    "a header of the list's",
    VIA,
    "X-Original-From: Alice A <alice@example.org>\n",
    ["Alice A <alice@example.org>", "Alice <alice@example.org>"],
  ],
  [
    "an address of one letter, as git reads it",
    VIA,
    "Reply-To: Alice <a>\n",
    ["Alice <a>", "Alice <a>"],
  ],
  [
    "an address within the list's",
    "Alice <alice=example.org@groups.io>",
    "",
    ["Alice <alice@example.org>", "Alice <alice@example.org>"],
  ],
  [
    "one with =40",
    "Alice <alice=40example.org@dmarc.ietf.org>",
    "",
    [
      "Alice <alice@40example.org>",
      "Alice <alice@40example.org>",
      "Alice <alice@example.org>",
      "Alice <alice@example.org>",
    ],
  ],
  [
    "one that is made invalid",
    "Alice <alice@example.org.INVALID>",
    "",
    ["Alice <alice@example.org>", "Alice <alice@example.org>"],
  ],
];

describe("the author may have been", () => {
  it.each(CASES)("%s", (_, from, more, expected) => {
    expect(candidates(from, more)).toEqual(expected);
    expect(isReplaced(from)).toBe(from !== "Alice <alice@example.org>");
  });

  it("nobody else, if the body names one, whether by name or by address", () => {
    const more = "Reply-To: Bob <bob@x.org>\n";
    expect(candidates(VIA, more)).toHaveLength(2);
    expect(candidates(VIA, more, "From: Carol <carol@x.org>\n\nwhy\n")).toEqual([]);
    expect(candidates(VIA, more, "From: Carol <listing@lists.example.org>\n\nwhy\n")).toEqual([]);
    expect(candidates(VIA, more, "From: Alice via Listing <carol@x.org>\n\nwhy\n")).toEqual([]);
  });

  it("one of the first 32 addresses, in the first 4000 characters", () => {
    const people = (count: number): string =>
      Array.from({ length: count }, (_, i) => `P${i} <p${i}@x.org>`).join(", ");
    expect(candidates(VIA, `Reply-To: ${people(40)}\n`)).toHaveLength(64);
    const behind = (before: number): string[] =>
      candidates(VIA, `Reply-To: ${"x".repeat(before)},<alice@example.org>\n`);
    expect(behind(4000 - 19)).toContain("Alice <alice@example.org>");
    expect(behind(4000 - 18)).not.toContain("Alice <alice@example.org>");
  });
});

describe("the sender may be", () => {
  it("whom From names", () => {
    expect(
      senderAddresses(view("Alice <Alice@Example.org>", "Reply-To: Bob <bob@x.org>\n")),
    ).toEqual(["alice@example.org"]);
  });

  it("nobody, if that is no address", () => {
    expect(senderAddresses(view("Alice <alice>"))).toEqual([]);
  });

  it("without the address that all have there", () => {
    const [list, bob] = ["listing@lists.example.org", "bob@x.org"];
    expect(distinctSenders([list, bob, bob])).toEqual([bob]);
    expect(distinctSenders([list])).toEqual([list]);
    expect(distinctSenders([])).toEqual([]);
  });

  it("whoever may be the author, if a list replaced it", () => {
    expect(senderAddresses(view(VIA, "Reply-To: Bob <bob@x.org>\n"))).toEqual([
      "listing@lists.example.org",
      "bob@x.org",
    ]);
  });
});
