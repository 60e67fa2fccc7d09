/** What is looked for in a mail, by the options of a run. */

import { describe, expect, test } from "vitest";
import {
  type CheckOptions,
  createCheck,
  evidenceIn,
  examine,
  isEvidence,
} from "../../../src/app/verify/checking.ts";
import { PatchsigError } from "../../../src/errors.ts";
import { PLAIN } from "../../devsig/mails.ts";
import { signed } from "../../dkim/sign.ts";
import { signMails } from "../../support/signing.ts";

const NOTHING: CheckOptions = { devKeyrings: [], signedOnly: false, plainAm: null, dkim: null };
const checked = (text: string, options: Partial<CheckOptions> = {}) =>
  createCheck({ ...NOTHING, ...options })(Buffer.from(text, "latin1"), text.length);

describe("DKIM signatures are looked at", () => {
  const mail = signed(PLAIN, { body: "simple" });
  const claimed = (names: readonly string[] | null): readonly string[] =>
    checked(mail, { dkim: { names, servers: [] } }).dkim!.claims.flatMap(({ keyName, prepared }) =>
      prepared === null ? [] : keyName,
    );
  const NAME = "main._domainkey.example.org";

  test("only if they are asked for", () => expect(checked(mail).dkim).toBeNull());

  test("of names whose keys are at hand, or of any name", () => {
    expect(claimed([NAME])).toEqual([NAME]);
    expect(claimed(["other._domainkey.example.org"])).toEqual([]);
    expect(claimed([])).toEqual([]);
    expect(claimed(null)).toEqual([NAME]);
  });
});

test("an added trailer is left out where mails are taken as they were signed", () => {
  const [mail] = signMails([Buffer.from(PLAIN.replaceAll("bob@", "alice@"))]);
  const added = mail!.toString().replace("\n---\n", "\nAcked-by: Carol <c@x.org>\n---\n");
  const failing = (signedOnly: boolean): string[] =>
    checked(added, { signedOnly })
      .findings.filter(({ severity }) => severity === "fail")
      .map(({ code }) => code);
  expect([failing(false), failing(true)]).toEqual([["trailers-added"], []]);
});

test("this program's own failure at a mail is returned, any other is thrown", () => {
  const failing = (error: unknown) => () => {
    throw error;
  };
  const own = new TypeError("injected");
  expect(examine(failing(own), null, 0)).toBe(own);
  for (const other of [new PatchsigError("not-found", "x"), "no error"])
    expect(() => examine(failing(other), null, 0)).toThrow();
});

test("of a mail without a patch, only its thread goes on, if it has nothing to report", () => {
  const found = (text: string) => evidenceIn(checked(text));
  const letter = "From: a@x.org\nSubject: hello\nMessage-ID: <1@x>\nIn-Reply-To: <0@x>\n\nx\n";
  expect(found(letter)).toEqual({ messageId: "<1@x>", references: ["<0@x>"] });
  expect(isEvidence(found(letter))).toBe(false);
  expect(isEvidence(found(PLAIN))).toBe(true);
  // another signature of a mail that is no patch is nobody's concern
  const other = letter.replace("\n\n", "\nX-Developer-Signature: v=2\n\n");
  expect(isEvidence(found(other))).toBe(false);
  // not read: it is passed over, and counted
  const strange = letter.replace("\n\n", "\nContent-Type: text/plain; charset=ks_c_5601-1987\n\n");
  expect(isEvidence(found(strange))).toBe(true);
  const statement = `${letter}\nuntrusted comment: patchsig-statement x\n`;
  expect(isEvidence(found(statement))).toBe(true);
});
