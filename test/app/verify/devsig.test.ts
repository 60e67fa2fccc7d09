/** The keys that mails bring for their X-Developer-Signatures, and those who give them up. patatt signs. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createCheck, evidenceIn, isEvidence } from "../../../src/app/verify/checking.ts";
import { createTrustJudge } from "../../../src/app/verify/judging.ts";
import { openTrustStore, type TrustStore } from "../../../src/store/trust-store.ts";
import { DEFAULT_POLICY, type Policy } from "../../../src/verify/policy.ts";
import { isOnlyUnsigned, type PatchResult } from "../../../src/verify/result.ts";
import { PLAIN } from "../../devsig/mails.ts";
import { BOB, HAS_PATATT, type Home, makeKey, newHome, run, sign } from "../../devsig/patatt.ts";
import { newFolder } from "../../support/folders.ts";
import { withBody } from "../../support/reshape.ts";
import { signMails } from "../../support/signing.ts";

const DAY = 86_400;
const AT = 1_700_000_000;

const plain = (n: number): string => PLAIN.replace("+TWO", `+TWO ${n}`);

let home: Home;
/** Bob's patches by his key, and by another one. */
let own: string[];
let other: string[];
let both: string;
/** `ed25519:` and the key. */
let key: string;

beforeAll(() => {
  home = newHome(newFolder());
  if (!HAS_PATATT) return;
  const name = makeKey(home, "ed25519");
  run(home, "patatt", ["genkey", "-n", "second"]);
  const mails = [1, 2, 3].map((n) => Buffer.from(plain(n)));
  const ours = signMails([Buffer.from(plain(4))], { by: BOB });
  const texts = sign(home, name, [...mails, ...ours]).map((mail) => mail.toString());
  [own, both] = [texts.slice(0, 3), texts[3]!];
  other = sign(home, "ed25519:second", mails).map((mail) => mail.toString());
  const file = join(home.keyring, "ed25519/example.org/bob/main");
  key = `ed25519:${readFileSync(file, "utf8").trim()}`;
});

interface Asked {
  readonly store?: TrustStore;
  readonly day?: number;
  readonly keyring?: boolean;
  readonly policy?: Partial<Policy>;
}

const newStore = (dryRun = false): TrustStore =>
  openTrustStore({ file: join(newFolder(), "trust.db"), dryRun });

function judge(mails: readonly string[], asked: Asked = {}): PatchResult[] {
  const { store = newStore(), day = 0, keyring = false, policy } = asked;
  const devKeyrings = keyring ? [home.keyring] : [];
  const check = createCheck({ devKeyrings, signedOnly: false, plainAm: null, dkim: null });
  const all = mails
    .map((text) => evidenceIn(check(Buffer.from(text), text.length)))
    .filter(isEvidence);
  const policies = { general: { ...DEFAULT_POLICY, ...policy }, overrides: [] };
  const trust = createTrustJudge(store, { policies, dryRun: false, at: AT + day * DAY });
  return trust
    .judge(all.map((evidence) => ({ source: "", evidence, payload: null })))
    .members.map(({ result }) => result);
}

const codes = ({ findings }: PatchResult): string[] =>
  findings.map(({ code }) => code).filter((code) => code.startsWith("devsig-"));
const said = ({ findings }: PatchResult): string[] =>
  findings.filter(({ code }) => code.startsWith("devsig-")).map(({ message }) => message);
const codesOf = (mails: readonly string[], asked: Asked = {}): string[][] =>
  judge(mails, asked).map(codes);

describe.runIf(HAS_PATATT)("a key that the mail brings", () => {
  test("first use, known by another patch on another day, changed", () => {
    const store = newStore();
    expect(codesOf([own[0]!, own[1]!], { store })).toEqual([
      ["devsig-first-use"],
      ["devsig-first-use"],
    ]);
    expect(codesOf([own[0]!], { store, day: 2 }), "a patch counts once").toEqual([
      ["devsig-first-use"],
    ]);
    const [known] = judge([own[2]!], { store, day: 2 });
    expect(said(known!)).toEqual([
      "X-Developer-Signature of bob@example.org: good (ed25519, key known since 2023-11)",
    ]);
    expect(known).toMatchObject({ signature: "none", trust: null, verdict: "warn" });
    expect(isOnlyUnsigned(known!)).toBe(true);
    const [changed] = judge([other[1]!], { store, day: 3 });
    expect(said(changed!)).toEqual([
      "X-Developer-Signature of bob@example.org: not by the key seen since 2023-11 (3 patches)",
    ]);
    expect(isOnlyUnsigned(changed!)).toBe(false);
    expect(store.devKey(BOB)).toEqual({ key, since: AT, lastSeen: AT + 2 * DAY, patches: 3 });
  });

  test("is no signature: a policy that asks for one fails it, and nothing is remembered", () => {
    const store = newStore();
    const [failed] = judge([own[0]!], { store, policy: { require: "signature" } });
    expect(failed).toMatchObject({ signature: "none", verdict: "fail" });
    expect(store.devKey(BOB)).toBeNull();
  });

  test("of a patch that is signed here too", () => {
    const store = newStore();
    expect(codesOf([both], { store })).toEqual([["devsig-first-use"]]);
    expect(store.devKey(BOB)).toMatchObject({ patches: 1 });
  });

  test("nothing is remembered of a bad one, and none is missed beside it", () => {
    const store = newStore();
    const bad = own[0]!.replace("TWO 1", "TWO 5");
    expect(codesOf([bad], { store })).toEqual([["devsig-bad"]]);
    expect(store.devKey(BOB)).toBeNull();
    judge([own[0]!], { store });
    expect(codesOf([bad], { store })).toEqual([["devsig-bad"]]);
    expect(store.devKey(BOB)).toMatchObject({ patches: 1 });
  });

  test("a dry run remembers for itself alone", () => {
    const store = newStore(true);
    expect(codesOf([own[0]!, other[0]!], { store })).toEqual([
      ["devsig-first-use"],
      ["devsig-changed"],
    ]);
    expect(codesOf([own[0]!])).toEqual([["devsig-first-use"]]);
  });

  test.each<[string, (text: string) => string, string]>([
    ["none", (text) => text.replace(/^X-Developer-Key:.*\n(?:[ \t].*\n)*/m, ""), "unknown-key"],
    [
      "two",
      (text) => text.replace(/^(X-Developer-Key:.*\n(?:[ \t].*\n)*)/m, "$1$1"),
      "unknown-key",
    ],
    ["another's", (text) => text.replace(/^(X-Developer-Key: i=)bob/m, "$1eve"), "unknown-key"],
    ["no key", (text) => text.replace(/pk=[^\n]*/, "pk=AAAA"), "unknown-key"],
    ["a fingerprint", (text) => text.replace(/pk=[^\n]*/, "fpr=AAAA"), "unknown-key"],
    ["a wrong key", (text) => text.replace(/pk=./, (s) => (s === "pk=A" ? "pk=B" : "pk=A")), "bad"],
    ["a point of low order", (text) => text.replace(/pk=[^\n]*/, `pk=${"A".repeat(43)}=`), "bad"],
    ["odd base64", (text) => text.replace(/pk=[^\n]*/, `pk=${"B".repeat(43)}=`), "unsupported"],
  ])("%s in the header", (_, change, outcome) => {
    const store = newStore();
    const text = change(own[0]!);
    expect(text).not.toBe(own[0]);
    expect(codesOf([text], { store })).toEqual([[`devsig-${outcome}`]]);
    expect(store.devKey(BOB)).toBeNull();
  });

  test("speaks for the author and the sender, and for nobody else", () => {
    const store = newStore();
    const others = plain(1).replaceAll(BOB, "carol@example.net");
    const forwarded = withBody(plain(1), (body) => `From: Carol <carol@example.net>\n\n${body}`);
    const mails = sign(home, "ed25519:main", [Buffer.from(others), Buffer.from(forwarded)]);
    expect(codesOf(mails.map(String), { store })).toEqual([
      ["devsig-unknown-key"],
      ["devsig-first-use"],
    ]);
    expect(store.devKey(BOB)).toMatchObject({ key });
    expect(store.devKey("carol@example.net")).toBeNull();
  });
});

describe.runIf(HAS_PATATT)("a keyring's key", () => {
  test("is remembered, so that another one in a mail is changed", () => {
    const store = newStore();
    expect(codesOf([own[0]!], { store, keyring: true })).toEqual([["devsig-good"]]);
    expect(store.devKey(BOB)).toMatchObject({ key, patches: 1 });
    expect(codesOf([other[0]!, own[1]!], { store, day: 1 })).toEqual([
      ["devsig-changed"],
      ["devsig-known"],
    ]);
  });

  test("takes the place of one that came first", () => {
    const store = newStore();
    expect(codesOf([other[0]!], { store })).toEqual([["devsig-first-use"]]);
    expect(codesOf([own[0]!], { store, day: 1, keyring: true })).toEqual([["devsig-good"]]);
    expect(store.devKey(BOB)).toEqual({ key, since: AT + DAY, lastSeen: AT + DAY, patches: 1 });
    expect(codesOf([other[1]!], { store, day: 1 })).toEqual([["devsig-changed"]]);
  });
});

describe.runIf(HAS_PATATT)("a signature that is missed", () => {
  test("of somebody who made them, whichever comes first, for a year", () => {
    const store = newStore();
    const results = judge([plain(9), own[0]!, own[1]!], { store });
    expect(results.map(codes)).toEqual([
      ["devsig-missing"],
      ["devsig-first-use"],
      ["devsig-first-use"],
    ]);
    expect(said(results[0]!)).toEqual([
      "bob@example.org has signed with X-Developer-Signature since 2023-11 (2 patches); this one has no good one",
    ]);
    expect(results[0]!.verdict).toBe("warn");
    expect(codesOf([plain(8)], { store, day: 365 })).toEqual([["devsig-missing"]]);
    expect(codesOf([plain(8)], { store, day: 366 })).toEqual([[]]);
    const carols = plain(9).replaceAll(BOB, "carol@example.net");
    expect(codesOf([carols], { store })).toEqual([[]]);
    expect(
      codesOf([plain(9).replace("Subject: [PATCH", "Subject: Re: [PATCH")], { store }),
    ).toEqual([[]]);
  });

  test("one by a key that is not at hand is no substitute", () => {
    const store = newStore();
    judge([own[0]!], { store });
    const unknown = own[1]!.replace("X-Developer-Key", "X-Other");
    const [result] = judge([unknown], { store });
    expect(codes(result!)).toEqual(["devsig-unknown-key", "devsig-missing"]);
  });

  test("not of a patch that is signed here, or by both", () => {
    const store = newStore();
    judge([own[0]!], { store });
    const [ours] = signMails([Buffer.from(plain(7))], { by: BOB });
    expect(codesOf([ours!.toString(), both], { store })).toEqual([[], ["devsig-first-use"]]);
  });
});
