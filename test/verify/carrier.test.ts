/** Mails that carry the patch in another mail: what is said of them, and when nothing is. */

import { describe, expect, it } from "vitest";
import { finding } from "../../src/findings.ts";
import { isWrapped } from "../../src/verify/carrier.ts";
import { check, signMails } from "../support/signing.ts";

const DIFF = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";
const FORWARD =
  "-------- Forwarded Message --------\nSubject: [PATCH] x\nFrom: Alice <alice@example.org>\n";

function mail(subject: string, body: string, more = ""): string {
  return `From: Alice <alice@example.org>\nSubject: ${subject}\nDate: Tue, 10 Nov 2026 10:00:00 +0000\n${more}\n${body}`;
}

const sign = (text: string, by = "alice@example.org"): string =>
  signMails([Buffer.from(text)], { by })[0]!.toString("latin1");

const body = (text: string): string => text.slice(text.indexOf("\n\n") + 2);

/** A mail with a text and this one attached. */
function attached(inner: string, text = "See below.\n", subject = "hello"): string {
  const parts = [`Content-Type: text/plain\n\n${text}`, `Content-Type: message/rfc822\n\n${inner}`];
  const body = `${parts.map((part) => `--b\n${part}\n`).join("")}--b--\n`;
  return mail(subject, body, 'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n');
}

const PATCH = mail("[PATCH] x", `why\n---\n${DIFF}`);

/** [what, the mail, whether it is said first that it carries another one] */
const CASES: readonly [string, () => string, "wrapped" | "forwarded" | null][] = [
  [
    "a good patch that speaks of forwarding",
    () => sign(mail("[PATCH] x", `why\n\n${FORWARD}\n---\n${DIFF}`)),
    null,
  ],
  [
    "the same, though its list replaced From, which is a warning",
    () =>
      sign(mail("[PATCH] x", `why\n\n${FORWARD}\n---\n${DIFF}`)).replace(
        "From: Alice <alice@example.org>\nS",
        "From: Alice via x <list@x.org>\nReply-To: Alice <alice@example.org>\nS",
      ),
    null,
  ],
  [
    "the same with an added trailer",
    () =>
      sign(mail("[PATCH] x", `why\n\n${FORWARD}\n---\n${DIFF}`)).replace(
        "\n---\n",
        "\nAcked-by: Bob <b@x.org>\n---\n",
      ),
    null,
  ],
  [
    "the same, but signed by somebody else",
    () => sign(mail("[PATCH] x", `why\n\n${FORWARD}\n---\n${DIFF}`), "bob@x.org"),
    "forwarded",
  ],
  [
    "the same, but unsigned",
    () => mail("[PATCH] x", `why\n\n${FORWARD}\n---\n${DIFF}`),
    "forwarded",
  ],
  [
    "a forward between message and diff",
    () => mail("[PATCH] x", `why\n---\n${FORWARD}\n${DIFF}`),
    "forwarded",
  ],
  ["a forward in the diff", () => mail("[PATCH] x", `why\n---\n${DIFF}${FORWARD}`), null],
  [
    "a forward below a letter's break",
    () => mail("[PATCH 0/1] x", `why\n---\n${FORWARD}`),
    "forwarded",
  ],
  ["a Subject that says so", () => PATCH.replace("[PATCH]", "Fwd: [PATCH]"), "forwarded"],
  ["a patch as usual", () => PATCH, null],
  ["an attached patch", () => attached(PATCH), "wrapped"],
  ["an attached signed patch", () => attached(sign(PATCH)), "wrapped"],
  [
    "a mail attached to an unsigned patch",
    () => attached(mail("hello", "Hello.\n"), `why\n---\n${DIFF}`, "[PATCH] x"),
    null,
  ],
  [
    "a mail attached to a signed patch that is bad: the good one may be in it",
    () => attached(mail("hello", "Hello.\n"), body(sign(PATCH)).replace("+2", "+3"), "[PATCH] x"),
    "wrapped",
  ],
  ["an attached mail that is no patch", () => attached(mail("hello", "Hello.\n")), null],
  [
    "an attached patch in quoted-printable",
    () => attached(PATCH.replace("\ndiff", "\n=64iff").replace(/^(?:---|\+\+\+|@@) .*\n/gm, "")),
    "wrapped",
  ],
  [
    "a reply whose quoted patch is refused",
    () => mail("Re: [PATCH] x", `why\n---\n${DIFF}diff --git a/b b/b\n`),
    null,
  ],
];

describe("it is said first that a mail carries another one", () => {
  it.each(CASES)("%s", (_, make, code) => {
    const [first] = check(Buffer.from(make(), "latin1")).findings;
    const codes = ["wrapped", "forwarded"];
    expect(first !== undefined && codes.includes(first.code) ? first.code : null).toBe(code);
  });

  it("nobody needs to ask for what is there", () => {
    const changed = sign(mail("[PATCH] x", `why\n---\n${DIFF}`)).replace("+2", "+3");
    const hintsOf = (text: string): string[] =>
      check(Buffer.from(text, "latin1")).findings.map(({ hint }) => hint);
    expect(hintsOf(changed)).toEqual(["ask for a resend"]);
    expect(hintsOf(changed.replace("[PATCH]", "Fwd: [PATCH]"))).toEqual([
      finding("forwarded", "").hint,
      "",
    ]);
  });

  it("but for a base it is asked all the same", () => {
    const ids = "prerequisite-patch-id: 0123456789012345678901234567890123456789\n".repeat(1001);
    const many = `${PATCH}base-commit: 0123456789012345678901234567890123456789\n${ids}`;
    const said = check(Buffer.from(many.replace("[PATCH]", "Fwd: [PATCH]"))).findings;
    expect(said.map(({ code }) => code)).toEqual(["forwarded", "prerequisites-too-many"]);
    expect(said[1]!.hint).toBe(finding("prerequisites-too-many", "").hint);
  });

  it("which is the finding that says so", () => {
    expect([isWrapped(finding("wrapped", "")), isWrapped(finding("forwarded", ""))]).toEqual([
      true,
      false,
    ]);
  });
});
