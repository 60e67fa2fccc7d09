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

/** minisign looks for a key by its number: bytes 2 to 9. */
function withOtherNumber(publicKey: string): string {
  const bytes = Buffer.from(publicKey, "base64");
  bytes[2]! ^= 1;
  return bytes.toString("base64");
}

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
    "another key number before the same key",
    () => checked((t) => t.replace(/(?<=patchsig )RW\S+/, withOtherNumber)),
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

describe("what changed", () => {
  const trailers = (count: number): string =>
    Array.from({ length: count }, (_, i) => `Acked-by: Bob ${i} <b@x.org>\n`).join("");
  const withTrailers = (count: number): Checked =>
    checked((t) => t.replace("\nwhy\n", `\nwhy\n\n${trailers(count)}`));
  const last = ({ findings }: Checked): string => findings.at(-1)!.message;

  it.each<[string, () => Checked, string]>([
    [
      "the message",
      () => checked((t) => t.replace("\nwhy\n", "\nwherefore\n")),
      "message changed after signing; the diff is intact",
    ],
    [
      "message and diff",
      () => checked((t) => t.replace("\nwhy\n", "\nwherefore\n").replace("+2", "+3")),
      "message, diff changed after signing",
    ],
    [
      "the line ends of the diff alone",
      () => checked((t) => t.replace("-1\n+2\n", "-1\n+2\r\n")),
      "diff changed after signing: line ends",
    ],
    [
      "one trailer",
      () => withTrailers(1),
      `message changed after signing; the diff is intact; added: "Acked-by: Bob 0 <b@x.org>"`,
    ],
    [
      "a base where none was signed",
      () => checked((t) => `${t}\nbase-commit: ${BASE}\n`),
      `the mail names base ${BASE}; the signed base is none`,
    ],
    [
      "a version that no signature can name",
      () => checked((t) => t.replace("v2 1/2", "v2.5 1/2")),
      "the subject says v2.5, which cannot have been signed",
    ],
    [
      "a number of another total",
      () => checked((t) => t.replace("v2 1/2", "1/3")),
      "the subject says v1 1/3; the signed label is v2 1/2",
    ],
  ])("%s", (_, become, expected) => {
    expect(last(become())).toBe(expected);
  });

  it("quotes eight added trailers, and counts the others", () => {
    expect(last(withTrailers(8))).toMatch(/; added: (?:"Acked-by: Bob \d <b@x.org>"(?:, |$)){8}$/);
    expect(last(withTrailers(9))).toMatch(/"Acked-by: Bob 7 <b@x.org>", and 1 more$/);
  });

  it("asks for a resend that keeps line ends, if they are all that changed in the diff", () => {
    const { findings } = checked((t) => t.replace("-1\n+2\n", "-1\n+2\r\n"));
    expect(findings.at(-1)!.hint).toContain("--transfer-encoding=quoted-printable");
  });
});

describe("the base of a signed patch", () => {
  it.each<[string, string | null, string, string]>([
    ["signed", BASE, "", "present"],
    ["named and signed", BASE, BASE, "present"],
    ["neither named nor signed", null, "", "missing"],
    ["named, but not signed", null, BASE, "present"],
    ["another one named than signed", BASE, "b".repeat(40), "present"],
  ])("%s", (_, base, line, status) => {
    const more = line === "" ? "" : `\nbase-commit: ${line}\n`;
    expect(checked((t) => t + more, { base }).base).toEqual({ status, commit: base, tree: null });
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
