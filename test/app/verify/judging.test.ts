/** What of a run's mails is remembered, and what the next mail is told of it. */

import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTrustJudge } from "../../../src/app/verify/judging.ts";
import { PatchsigError } from "../../../src/errors.ts";
import { finding } from "../../../src/findings.ts";
import { openTrustStore, type TrustStore } from "../../../src/store/trust-store.ts";
import { evidenceOf } from "../../../src/verify/evidence.ts";
import { DEFAULT_POLICY, type Policy } from "../../../src/verify/policy.ts";
import { temporaryDirectory } from "../../store/support.ts";
import { check, signMails } from "../../support/signing.ts";

const ALICE = "alice@example.org";
const DIFF = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";

function mail({ subject = "[PATCH] x", from = ALICE, id = "1", more = "" } = {}): string {
  return `From: Alice <${from}>\nSubject: ${subject}\nDate: Fri, 6 Nov 2026 22:00:00 +0000\nMessage-ID: <${id}@x>\n\nwhy\n---\n${more}${DIFF}`;
}
const signed = (text: string, by = ALICE): string =>
  signMails([Buffer.from(text)], { by })[0]!.toString("latin1");

let trust: TrustStore;
beforeEach(() => {
  trust = openTrustStore({ file: join(temporaryDirectory(), "trust.db") });
});
afterEach(() => trust.close());

/** The codes of the findings about the mail. */
function codesOf(
  text: string,
  { dryRun = false, ...policy }: Partial<Policy> & { dryRun?: boolean } = {},
): string[] {
  const evidence = evidenceOf(check(Buffer.from(text, "latin1")));
  const policies = { general: { ...DEFAULT_POLICY, ...policy }, overrides: [] };
  const judge = createTrustJudge(trust, { policies, dryRun, at: 1_794_100_000 });
  const [one] = judge.judge([{ source: "m", evidence, payload: null }]).members;
  return one!.result.findings.map(({ code }) => code);
}
const keys = (): string[] => trust.lookup(ALICE).map(({ state, patches }) => `${state} ${patches}`);

test("a good patch makes its key known here, a copy of it counts once", () => {
  expect(codesOf(signed(mail()))).toEqual(["key-first-use"]);
  expect(codesOf(signed(mail()))).toEqual(["key-first-use"]);
  expect(keys()).toEqual(["first-use 1"]);
  expect(codesOf(signed(mail({ id: "2" })))).toEqual(["key-first-use", "replayed"]);
});

test("nothing is remembered of what fails: by its signature, its policy, or its diff", () => {
  codesOf(signed(mail()).replace("+2", "+3"));
  codesOf(signed(mail()), { require: "known" });
  codesOf(signed(mail()), { firstUse: "fail" });
  codesOf(`${signed(mail())}diff --git a/b b/b\n`);
  expect(codesOf(signed(mail(), "bob@example.net"))).toEqual(["signer-not-author"]);
  expect([keys(), trust.lookup("bob@example.net")]).toEqual([[], []]);
  // nor is it a replay, if it comes once more
  expect(codesOf(signed(mail({ id: "2" })))).toEqual(["key-first-use"]);
});

test("an unsigned patch is counted, and said of the first signed one", () => {
  expect(codesOf(mail())).toEqual(["unsigned"]);
  expect(trust.unsignedSeen(ALICE)).toMatchObject({ patches: 1 });
  expect(codesOf(signed(mail({ id: "2" })))).toEqual(["key-first-use"]);
  expect(codesOf(mail({ id: "3" }))).toEqual(["unsigned-known"]);
});

test("a reply that carries a diff is neither unsigned nor counted", () => {
  expect(codesOf(mail({ subject: "Re: [PATCH] x" }))).toEqual(["answer"]);
  expect(trust.unsignedSeen(ALICE)).toBeNull();
});

test("who looks like a known signer does not pass, signed or not", () => {
  codesOf(signed(mail()));
  const odd = mail({ from: "alice@example.org.", id: "2" });
  expect(codesOf(odd)).toEqual(["address-lookalike"]);
});

test("a dry run says that the key is not remembered", () => {
  const evidence = evidenceOf(check(Buffer.from(signed(mail()), "latin1")));
  const policies = { general: DEFAULT_POLICY, overrides: [] };
  const said = (dryRun: boolean): string => {
    const judge = createTrustJudge(trust, { policies, dryRun });
    const [one] = judge.judge([{ source: "m", evidence, payload: null }]).members;
    return one!.result.findings[0]!.message;
  };
  expect(said(true)).toContain("first use, not remembered");
});

test("a reply of a known signer may be unsigned: nothing of it is applied", () => {
  codesOf(signed(mail()));
  expect(codesOf(mail({ id: "2" }))).toEqual(["unsigned-known"]);
  expect(codesOf(mail({ subject: "Re: [PATCH] x", id: "3" }))).toEqual(["answer"]);
});

test("a mail at which the program fails is named, and stops no other", () => {
  const found = (id: string) => ({
    source: `at ${id}`,
    evidence: evidenceOf(check(Buffer.from(mail({ id })))),
    payload: id,
  });
  const [first, second] = [found("1"), found("2")];
  const policies = { general: DEFAULT_POLICY, overrides: [] };
  const broken = { ...second, evidence: { ...second.evidence, statements: null as never } };
  const { members, faults } = createTrustJudge(trust, { policies, dryRun: false }).judge([
    first,
    broken,
    found("3"),
  ]);
  expect(members.map(({ payload }) => payload)).toEqual(["1", "3"]);
  expect(faults).toMatchObject([{ source: "at 2", error: { code: "fault" } }]);
  expect(faults[0]!.error.message).toContain("<2@x>");
});

test("a database that is busy is nobody's mail: nothing is tried again", () => {
  let tried = 0;
  const busy = new PatchsigError("database-busy", "busy");
  const failing = {
    transaction: () => {
      tried++;
      throw busy;
    },
  } as Partial<TrustStore> as TrustStore;
  const judge = createTrustJudge(failing, {
    policies: { general: DEFAULT_POLICY, overrides: [] },
    dryRun: false,
  });
  expect(() => judge.judge([])).toThrow(busy);
  expect(tried).toBe(1);
});

test("an author who is pinned by the repository's keyring signs", () => {
  const evidence = evidenceOf(check(Buffer.from(mail())));
  const judged = (name: string) => {
    const pins = { keys: new Map([[name, []]]), revoked: new Set<string>() };
    const terms = { policies: { general: DEFAULT_POLICY, overrides: [] }, dryRun: true, pins };
    const { members } = createTrustJudge(trust, terms).judge([
      { source: "", evidence, payload: null },
    ]);
    return members[0]!.result.findings.map(({ code }) => code);
  };
  expect(judged(ALICE)).toEqual(["unsigned-known"]);
  expect(judged("bob@example.net")).toEqual(["unsigned"]);
});

/** The findings about the mail, in words. */
function said(text: string): string[] {
  const evidence = evidenceOf(check(Buffer.from(text, "latin1")));
  const policies = { general: DEFAULT_POLICY, overrides: [] };
  const judge = createTrustJudge(trust, { policies, dryRun: false, at: 1_794_100_000 });
  const [one] = judge.judge([{ source: "m", evidence, payload: null }]).members;
  return one!.result.findings.map(({ message }) => message);
}

test("of a key on first use, the unsigned patches before it are said", () => {
  codesOf(mail({ id: "2" }));
  const [first] = said(signed(mail()));
  expect(first).toContain("; 1 unsigned patch from this address since ");
});

test("a good patch with a warning is remembered", () => {
  const via = "From: Alice via x <list@x.org>\nReply-To: Alice <alice@example.org>";
  const listed = signed(mail()).replace("From: Alice <alice@example.org>", via);
  expect(codesOf(listed)).toEqual(["author-recovered", "key-first-use"]);
  expect(keys()).toEqual(["first-use 1"]);
});

test("a signer who looks like a known one is pointed out", () => {
  codesOf(signed(mail()));
  const odd = signed(mail({ from: "alice.@example.org", id: "2" }), "alice.@example.org");
  expect(codesOf(odd)).toContain("address-lookalike");
});

test("of a revoked key, since when is said", () => {
  codesOf(signed(mail()));
  for (const { publicKey } of trust.lookup(ALICE)) trust.drop(ALICE, publicKey, 1_794_100_000);
  expect(said(signed(mail({ id: "2" })))[0]).toContain("was revoked on 2026-11-08, seen before");
  // nor does it become a patch that came before
  expect(codesOf(signed(mail({ id: "3" })))).toEqual(["key-revoked"]);
});

test("of a mail without a patch, only that it carries one is said, and what it says of keys", () => {
  const letter = mail().slice(0, mail().indexOf("why"));
  const evidence = evidenceOf(
    check(Buffer.from(`${letter}untrusted comment: patchsig-statement x\n`)),
  );
  expect(evidence).toMatchObject({ kind: "other", read: true });
  const found = [finding("wrapped", ""), finding("devsig-bad", "")];
  const policies = { general: DEFAULT_POLICY, overrides: [] };
  const { notes } = createTrustJudge(trust, { policies, dryRun: false }).judge([
    { source: "", evidence: { ...evidence, findings: found }, payload: null },
  ]);
  expect(notes[0]!.findings.map(({ code }) => code)).toEqual(["wrapped", "statement-malformed"]);
});
