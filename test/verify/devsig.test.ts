/** What is said of X-Developer-Signatures, which never improve a verdict. */

import { expect, test } from "vitest";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { withDevsig } from "../../src/verify/devsig.ts";
import { PLAIN } from "../devsig/mails.ts";
import { withHeaders } from "../support/reshape.ts";
import { check } from "../support/signing.ts";

const TOOLS = {
  verifier: createVerifier(),
  findKey: () => null,
  openpgp: () => ({ outcome: "unsupported", detail: "no gpg" }) as const,
};

const CLAIM = "v=1; a=ed25519-sha256; t=1; l=9; h=from:subject; bh=AAAA; b=AAAABBBB";

/** What is added to the findings of a mail with such a header. */
function said(value: string, text = PLAIN): string[] {
  const mail = Buffer.from(withHeaders(text, `X-Developer-Signature: ${value}\n`), "latin1");
  const checked = check(mail);
  const { findings } = withDevsig(mail, checked, TOOLS);
  expect(findings.slice(0, checked.findings.length)).toEqual(checked.findings);
  return findings
    .slice(checked.findings.length)
    .map(({ code, severity, message }) => `${code} ${severity} ${message}`);
}

test("a mail without one, and one that is refused, stay as they are", () => {
  const mail = Buffer.from(PLAIN, "latin1");
  const checked = check(mail);
  expect(withDevsig(mail, checked, TOOLS)).toBe(checked);
  const refused = Buffer.from(
    withHeaders(PLAIN.replace("Subject", "Subject\0"), `X-Developer-Signature: ${CLAIM}\n`),
  );
  expect(check(refused).view).toBeNull();
  expect(withDevsig(refused, check(refused), TOOLS).findings).toEqual(check(refused).findings);
});

test("whose it claims to be, and how it was made, if that can be read", () => {
  const key = "unknown key (ed25519/example.org/bob/default)";
  expect(said(CLAIM)).toEqual([
    `devsig-unknown-key info X-Developer-Signature of bob@example.org: ${key}`,
  ]);
  expect(said(CLAIM.replace("v=1", "v=2"))).toEqual([
    expect.stringMatching(
      /^devsig-unsupported info X-Developer-Signature of bob@example\.org: not checked: /,
    ),
  ]);
  const both = said(`${CLAIM}\nX-Developer-Signature: v=1`);
  expect(both).toEqual([
    "devsig-unsupported info X-Developer-Signature of bob@example.org: not checked (ed25519): beside a malformed one",
    expect.stringMatching(/^devsig-bad \w+ X-Developer-Signature of bob@example\.org: bad: /),
  ]);
  const nine = said(Array.from({ length: 9 }, () => CLAIM).join("\nX-Developer-Signature: "));
  expect(nine).toEqual([
    "devsig-unsupported info X-Developer-Signature: not checked: too many signatures",
  ]);
});
