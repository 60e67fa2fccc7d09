/** Who vouched for an address before: counted once, remembered, and missed. */

import { join } from "node:path";
import { expect, test } from "vitest";
import { createCheck, evidenceIn, isEvidence } from "../../../src/app/verify/checking.ts";
import { type DkimRun, openDkim } from "../../../src/app/verify/dkim.ts";
import { createTrustJudge } from "../../../src/app/verify/judging.ts";
import { openTrustStore, type TrustStore } from "../../../src/store/trust-store.ts";
import { DEFAULT_POLICY, type Policy } from "../../../src/verify/policy.ts";
import type { PatchResult } from "../../../src/verify/result.ts";
import { PLAIN } from "../../devsig/mails.ts";
import { RECORD, signed, type SignOptions } from "../../dkim/sign.ts";
import { AT } from "../../dkim/support.ts";
import { newFolder } from "../../support/folders.ts";
import { signMails } from "../../support/signing.ts";
import { withBody } from "../../support/reshape.ts";

const DAY = 86_400;
const newFile = (): string => join(newFolder(), "trust.db");
const ZONE: Readonly<Record<string, string>> = {
  "main._domainkey.example.org": RECORD,
  "main._domainkey.example.net": RECORD,
};

/** A patch of bob's, that his domain signed; each number another one. */
function sent(n: number, options: SignOptions = {}): string {
  return signed(plain(n), { body: "simple", ...options });
}

const plain = (n: number): string => PLAIN.replace("+TWO", `+TWO ${n}`);
const forwarded = (text: string): string =>
  withBody(text, (body) => `From: Bob <bob@example.org>\n\n${body}`).replace(
    "From: Bob <bob@example.org>",
    "From: Carol <carol@example.net>",
  );

interface Judged {
  readonly store: TrustStore;
  readonly at?: number;
  readonly lookUp?: (name: string) => readonly string[] | null;
  readonly policy?: Partial<Policy>;
}

async function judge(mails: readonly string[], { store, at = AT, lookUp, policy }: Judged) {
  const found = lookUp ?? ((name) => (Object.hasOwn(ZONE, name) ? [ZONE[name]!] : []));
  const dkim: DkimRun = openDkim(store, [], (name) => Promise.resolve(found(name)), at)!;
  const check = createCheck({
    devKeyrings: [],
    signedOnly: false,
    plainAm: null,
    dkim: dkim.check,
  });
  const evidence = mails.map((text) => evidenceIn(check(Buffer.from(text, "latin1"), text.length)));
  const all = evidence.filter(isEvidence);
  await dkim.fetchKeys(all.flatMap((one) => one.dkim ?? []));
  const policies = { general: { ...DEFAULT_POLICY, ...policy }, overrides: [] };
  const trust = createTrustJudge(store, { policies, dryRun: false, at, dkim });
  const { members } = trust.judge(all.map((one) => ({ source: "", evidence: one, payload: null })));
  return members.map(({ result }) => result);
}

const codes = ({ findings }: PatchResult): string[] =>
  findings.map(({ code }) => code).filter((code) => code !== "unsigned");
const missed = (result: PatchResult): string =>
  result.findings.find(({ code }) => code === "not-vouched")?.message ?? "";

test("a patch counts once, and the one that is missed may come first", async () => {
  const store = openTrustStore({ file: newFile() });
  const results = await judge([plain(9), sent(1), sent(1), sent(2)], { store });
  expect(results.map(codes)).toEqual([
    ["dkim-none", "not-vouched"],
    ["vouched"],
    ["vouched"],
    ["vouched"],
  ]);
  expect(results[1]!.vouched).toMatchObject({ domain: "example.org", patches: 2, since: AT });
  const [again] = await judge([sent(1)], { store, at: AT + DAY });
  expect(again!.vouched).toMatchObject({ patches: 2, since: AT });
  expect(missed(results[0]!)).toBe(
    "bob@example.org has been vouched for by example.org since 2024-02 (2 mails); this one is not: it has no DKIM signature",
  );
  store.close();
});

test("nobody is missed who was never vouched for", async () => {
  const store = openTrustStore({ file: newFile() });
  const [carol] = await judge(
    [plain(1).replaceAll("bob@example.org", "carol@example.net"), sent(1)],
    { store },
  );
  expect(codes(carol!)).toEqual(["dkim-none"]);
  store.close();
});

test("a domain that gave up DKIM is missed for a year", async () => {
  const store = openTrustStore({ file: newFile() });
  await judge([sent(1)], { store });
  const found = async (days: number) =>
    codes((await judge([plain(2)], { store, at: AT + days * DAY }))[0]!);
  expect(await found(365)).toEqual(["dkim-none", "not-vouched"]);
  expect(await found(366)).toEqual(["dkim-none"]);
  store.close();
});

test("what is bad, unknown or not answered is missed, and says why", async () => {
  const store = openTrustStore({ file: newFile() });
  await judge([sent(1)], { store });
  const changed = sent(2).replace("+TWO", "+EVIL");
  const results = await judge([changed, sent(3, { selector: "other" })], { store });
  expect(results.map(codes)).toEqual([
    ["dkim-body", "not-vouched"],
    ["dkim-no-key", "not-vouched"],
  ]);
  const [silent] = await judge([sent(4, { selector: "other" })], { store, lookUp: () => null });
  expect(codes(silent!)).toEqual(["dkim-unknown-key", "not-vouched"]);
  expect(missed(silent!)).toContain("dns did not answer");
  store.close();
});

test("an expired signature: as it was when it came, else nobody vouches and nobody is missed", async () => {
  const store = openTrustStore({ file: newFile() });
  const late = (n: number): string => sent(n, { tags: { x: String(AT + DAY) } });
  await judge([late(1)], { store });
  const results = await judge([late(1), late(2)], { store, at: AT + 2 * DAY });
  expect(results.map(codes)).toEqual([["vouched"], ["dkim-expired"]]);
  expect(results[0]!.vouched).toMatchObject({ patches: 1 });
  expect(results[1]!.vouched).toBeNull();
  store.close();
});

test("a patch that another sends: his domain speaks for him, the author is missed", async () => {
  const store = openTrustStore({ file: newFile() });
  const byCarol = signed(forwarded(plain(1)), { body: "simple", domain: "example.net" });
  const [first] = await judge([byCarol], { store });
  expect(codes(first!)).toEqual(["dkim-other-author"]);
  const [, second] = await judge([sent(2), byCarol], { store });
  expect(codes(second!)).toEqual(["dkim-other-author", "not-vouched"]);
  expect(missed(second!)).toMatch(/^bob@example\.org has been .* the body names another author$/);
  expect(store.vouchedFor("carol@example.net")).toEqual([]);
  store.close();
});

test("under vouched, what nobody vouches for fails, and the rest stays a warning", async () => {
  const store = openTrustStore({ file: newFile() });
  const policy = { require: "vouched" } as const;
  const loose = signed(plain(2).replace("+TWO", "+\tTWO"));
  const results = await judge([sent(1), loose, plain(3)], { store, policy });
  expect(results.map(({ verdict }) => verdict)).toEqual(["warn", "warn", "fail"]);
  expect(codes(results[2]!)).toEqual(["dkim-none", "not-vouched", "unvouched"]);
  const strict = await judge([sent(1)], { store, policy: { require: "signature" } });
  expect(strict.map(({ verdict }) => verdict)).toEqual(["fail"]);
  store.close();
});

test("a dry run counts for itself, and writes nothing", async () => {
  const file = newFile();
  openTrustStore({ file }).close();
  const dry = openTrustStore({ file, dryRun: true });
  const results = await judge([sent(1), sent(1), sent(2), plain(3)], { store: dry });
  expect(results[2]!.vouched).toMatchObject({ patches: 2 });
  expect(codes(results[3]!)).toContain("not-vouched");
  dry.close();
  const store = openTrustStore({ file });
  expect(store.vouchedFor("bob@example.org")).toEqual([]);
  expect(store.dkimNames()).toEqual([]);
  store.close();
});

test("of a name, the newest eight records are remembered, with their dates", () => {
  const store = openTrustStore({ file: newFile() });
  for (let i = 0; i < 12; i++) store.putDkimRecords(new Map([["a", `record ${i}`]]), AT + i);
  store.putDkimRecords(new Map([["a", "record 5"]]), AT + 100);
  const records = store.dkimRecords("a");
  expect(records.map(({ text }) => text)).toEqual(
    [5, 11, 10, 9, 8, 7, 6, 4].map((i) => `record ${i}`),
  );
  expect(records[0]).toEqual({ text: "record 5", firstSeen: AT + 5, lastSeen: AT + 100 });
  store.close();
});

test("of a patch that another sends, the sender is missed only where his domain is silent", async () => {
  const store = openTrustStore({ file: newFile() });
  const carols = plain(5).replaceAll("bob@example.org", "carol@example.net");
  await judge([signed(carols, { body: "simple", domain: "example.net" })], { store });
  const byCarol = signed(forwarded(plain(1)), { body: "simple", domain: "example.net" });
  const results = await judge([byCarol, forwarded(plain(2))], { store });
  expect(results.map(codes)).toEqual([["dkim-other-author"], ["dkim-none", "not-vouched"]]);
  expect(missed(results[1]!)).toMatch(/^carol@example\.net has been /);
  store.close();
});

test("each domain that vouches for an address is counted for itself", async () => {
  const store = openTrustStore({ file: newFile() });
  const lookUp = (): readonly string[] => [RECORD];
  const below = (n: number, domain: string): string =>
    signed(plain(n).replaceAll("example.org", "sub.example.org"), { body: "simple", domain });
  const mails = [below(1, "example.org"), below(2, "example.org"), below(3, "sub.example.org")];
  const results = await judge(mails, { store, lookUp });
  expect(results.map(({ vouched }) => [vouched!.domain, vouched!.patches])).toEqual([
    ["example.org", 2],
    ["example.org", 2],
    ["sub.example.org", 1],
  ]);
  store.close();
});

test("a signed patch is judged beside those that a domain vouches for", async () => {
  const store = openTrustStore({ file: newFile() });
  const [own] = signMails([Buffer.from(PLAIN)], { by: "bob@example.org" });
  const results = await judge([own!.toString(), sent(1)], { store });
  expect(results.map(codes)).toEqual([["key-first-use"], ["unsigned-known", "vouched"]]);
  store.close();
});
