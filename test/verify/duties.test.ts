/** The steps of the spec's "Verifier's duties", each by itself. */

import { describe, expect, it } from "vitest";
import type { Finding } from "../../src/findings.ts";
import type { Checked } from "../../src/verify/result.ts";
import { evidenceOf } from "../../src/verify/evidence.ts";
import { DEFAULT_POLICY } from "../../src/verify/policy.ts";
import { admitsFirstUse } from "../../src/verify/signer.ts";
import { check, signMails } from "../support/signing.ts";

const DIFF = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";
const ALICE = "Alice <alice@example.org>";
const BASE = "a".repeat(40);

function mail({ from = ALICE, subject = "[PATCH v2 1/2] x", more = "", lines = "" } = {}): string {
  return `From: ${from}\nSubject: ${subject}\nDate: Tue, 10 Nov 2026 10:00:00 +0000\n${more}\nwhy\n---\n${lines}${DIFF}`;
}

/** A patch of Alice's, signed, and what became of it on its way. */
function checked(
  change: (text: string) => string,
  { by = "alice@example.org", base = null as string | null, text = mail() } = {},
): Checked {
  const [signed] = signMails([Buffer.from(text)], { by, base });
  return check(Buffer.from(change(signed!.toString("latin1")), "latin1"));
}

const asIs = (text: string): string => text;
const codes = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code);

/** [what, what became of it, signature, changed, codes] */
const STEPS: readonly [string, () => Checked, string, readonly string[], readonly string[]][] = [
  ["as it was signed", () => checked(asIs), "good", [], []],
  [
    "a comment that nobody signed",
    () => checked((t) => t.replace(/ t=\d/, " t=2")),
    "bad",
    [],
    ["signature-bad"],
  ],
  [
    "another message",
    () => checked((t) => t.replace("\nwhy\n", "\nwherefore\n")),
    "bad",
    ["message"],
    ["content-changed"],
  ],
  [
    "another diff",
    () => checked((t) => t.replace("+2", "+3")),
    "bad",
    ["diff"],
    ["content-changed"],
  ],
  [
    "another title",
    () => checked((t) => t.replace("1/2] x", "1/2] y")),
    "bad",
    ["subject"],
    ["content-changed"],
  ],
  [
    "another author",
    () => checked((t) => t.replace("From: Alice", "From: Alicia")),
    "bad",
    ["author"],
    ["content-changed"],
  ],
  [
    "an added trailer",
    () => checked((t) => t.replace("\nwhy\n", "\nwhy\n\nAcked-by: Bob <b@x.org>\n")),
    "bad",
    ["message"],
    ["trailers-added"],
  ],
  [
    "another version",
    () => checked((t) => t.replace("v2 1/2", "v3 1/2")),
    "bad",
    ["series"],
    ["series-relabelled"],
  ],
  [
    "another number",
    () => checked((t) => t.replace("v2 1/2", "v2 2/2")),
    "bad",
    ["series"],
    ["series-relabelled"],
  ],
  [
    "another total",
    () => checked((t) => t.replace("v2 1/2", "v2 1/3")),
    "bad",
    ["series"],
    ["series-relabelled"],
  ],
  ["no brackets", () => checked((t) => t.replace("[PATCH v2 1/2] ", "")), "good", [], []],
  [
    "another base line",
    () => checked((t) => `${t}\nbase-commit: ${"b".repeat(40)}\n`, { base: BASE }),
    "bad",
    ["base"],
    ["base-contradicts"],
  ],
  [
    "a base line where none was signed",
    () => checked((t) => `${t}\nbase-commit: ${BASE}\n`),
    "bad",
    ["base"],
    ["base-contradicts"],
  ],
  [
    "the signed base line",
    () => checked((t) => `${t}\nbase-commit: ${BASE}\n`, { base: BASE }),
    "good",
    [],
    [],
  ],
  [
    "signed by nobody whom the mail names",
    () => checked(asIs, { by: "bob@example.net" }),
    "good",
    [],
    ["signer-not-author"],
  ],
  [
    "signed by the sender, for an author in the body",
    () =>
      checked(asIs, {
        by: "bob@example.net",
        text: mail({ from: "Bob <bob@example.net>" }).replace("\nwhy", `\nFrom: ${ALICE}\n\nwhy`),
      }),
    "good",
    [],
    ["signer-forwards"],
  ],
  [
    "an address that is not as it has to be written",
    () => checked(asIs, { by: "Alice@Example.ORG" }),
    "good",
    [],
    ["signer-address"],
  ],
  [
    "From a list, the author in Reply-To",
    () =>
      checked((t) =>
        t
          .replace(`From: ${ALICE}`, "From: Alice via Listing <listing@lists.example.org>")
          .replace("\nDate:", `\nReply-To: Listing <listing@lists.example.org>, ${ALICE}\nDate:`),
      ),
    "good",
    [],
    ["author-recovered"],
  ],
  [
    "From a list, the author's bare address in Reply-To: the name is the one before via",
    () =>
      checked((t) =>
        t
          .replace(`From: ${ALICE}`, "From: Alice via Listing <listing@lists.example.org>")
          .replace("\nDate:", "\nReply-To: alice@example.org\nDate:"),
      ),
    "good",
    [],
    ["author-recovered"],
  ],
  [
    "From a list, in encoded words",
    () =>
      checked((t) =>
        t
          .replace(
            `From: ${ALICE}`,
            "From: =?utf-8?q?Alice_via_Listing?= <listing@lists.example.org>",
          )
          .replace("\nDate:", "\nReply-To: alice@example.org\nDate:"),
      ),
    "good",
    [],
    ["author-recovered"],
  ],
  [
    "From a list, another one in Reply-To",
    () =>
      checked((t) =>
        t
          .replace(`From: ${ALICE}`, "From: Alice via Listing <listing@lists.example.org>")
          .replace("\nDate:", "\nReply-To: Bob <bob@example.net>\nDate:"),
      ),
    "bad",
    ["author"],
    ["content-changed"],
  ],
];

describe("the verifier's duties", () => {
  it.each(STEPS)("%s", (_, become, signature, changed, expected) => {
    const found = become();
    expect(found).toMatchObject({ signature, changed });
    expect(codes(found.findings)).toEqual(expected);
  });

  it("nothing in the comment counts before it is verified", () => {
    const { signed, number, base } = checked((t) => t.replace(/ t=\d/, " t=2"), { base: BASE });
    expect(signed).toBeNull();
    expect(number).toEqual({ version: 2, index: 1, total: 2 });
    expect(base).toEqual({ status: "missing", commit: null, tree: null });
  });
});

describe("the digest under which a mail is counted", () => {
  it("is the signer's if the signature is good, else none", () => {
    const forwarded = checked(asIs, { by: "bob@example.net" });
    expect(evidenceOf(forwarded).sighting?.identity).toBe("bob@example.net");
    expect(evidenceOf(forwarded).work).not.toBeNull();
    expect(evidenceOf(checked((t) => t.replace("+2", "+3")))).toMatchObject({
      sighting: null,
      work: null,
      attestation: null,
    });
  });

  it("is the author's for an unsigned patch", () => {
    const unsigned = evidenceOf(check(Buffer.from(mail())));
    expect(unsigned.sighting?.identity).toBe("alice@example.org");
    expect(unsigned.work).toBeNull();
  });
});

it.each([
  ["signature", "allow", true],
  ["opt-in", "warn", true],
  ["signature", "fail", false],
  ["opt-in", "fail", false],
  ["known", "allow", false],
  ["pinned", "warn", false],
] as const)("a policy that wants %s and %ss first use", (require, firstUse, admits) => {
  expect(admitsFirstUse({ ...DEFAULT_POLICY, require, firstUse })).toBe(admits);
});
