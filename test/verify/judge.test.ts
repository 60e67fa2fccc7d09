/** The verdict, from what is known of the key, of the time and of the policy: each by itself. */

import { describe, expect, test } from "vitest";
import type { Finding } from "../../src/findings.ts";
import { day, DAY } from "../../src/primitives/time.ts";
import type { Decision } from "../../src/trust/decide.ts";
import type { ChangedKeyInfo, KeyRecord } from "../../src/trust/record.ts";
import type { Arrived } from "../../src/trust/replay.ts";
import { type Evidence, evidenceOf } from "../../src/verify/evidence.ts";
import { judge, type Signs } from "../../src/verify/judge.ts";
import { DEFAULT_POLICY, type Policy } from "../../src/verify/policy.ts";
import type { PatchResult } from "../../src/verify/result.ts";
import type { SignerContext } from "../../src/verify/signer.ts";
import { check, signMails } from "../support/signing.ts";

const ALICE = "alice@example.org";
/** 2026-03-14 */
const THEN = 1_773_446_400;
const DIFF = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";
const MAIL = `From: Alice <${ALICE}>\nSubject: [PATCH] x\nDate: Tue, 10 Nov 2026 10:00:00 +0000\n\nwhy\n---\n${DIFF}`;

const [SIGNED] = signMails([Buffer.from(MAIL)], { base: "a".repeat(40) });
const signedAt = (evidence: Evidence): number => evidence.signed!.comment.time;

function record(more: Partial<KeyRecord> = {}): KeyRecord {
  return {
    identity: ALICE,
    publicKey: "RWOLD",
    state: "known",
    origin: "mail",
    firstSeen: THEN,
    lastSeen: THEN + 60 * DAY,
    firstMessageId: "",
    firstList: "",
    lastMessageId: "",
    patches: 7,
    applied: 3,
    endorsedBy: "",
    rotatedFrom: "",
    firstSeries: "s",
    again: true,
    ...more,
  };
}

type Known = Partial<Pick<Decision, "trust" | "record" | "others" | "tainted">> &
  Partial<Omit<SignerContext, "kind" | "decision">>;

function judged(
  known: Known,
  policy: Partial<Policy> = {},
  more: Partial<Evidence> = {},
): PatchResult {
  const { trust = "known", tainted = false, others = [], ...rest } = known;
  const known1 = known.record === undefined ? record() : known.record;
  const decision = { trust, record: known1, others, tainted, change: null };
  const context: SignerContext = {
    unsigned: null,
    changedKey: null,
    replay: null,
    poses: "",
    ...rest,
    kind: "signer",
    decision,
  };
  const evidence = { ...evidenceOf(check(SIGNED!)), ...more };
  return judge(evidence, "mail", context, { ...DEFAULT_POLICY, ...policy }, true);
}

const codes = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code);
const said = (result: PatchResult): string =>
  result.findings.map(({ message }) => message.replaceAll(result.publicKey!, "KEY")).join("\n");

describe("what the policy requires of the key", () => {
  /** The verdicts under opt-in, signature, known and pinned. */
  test.each<[Decision["trust"], boolean, string]>([
    ["first-use", false, "pass pass fail fail"],
    ["known", false, "pass pass pass fail"],
    ["endorsed", false, "pass pass pass pass"],
    ["pinned", false, "pass pass pass pass"],
    ["changed", false, "fail fail fail fail"],
    ["replaced", false, "fail fail fail fail"],
    ["revoked", false, "fail fail fail fail"],
    // it came from a key that was revoked since: never better than known
    ["known", true, "warn warn warn fail"],
    ["endorsed", true, "warn warn warn fail"],
    ["pinned", true, "warn warn warn fail"],
    ["first-use", true, "warn warn fail fail"],
  ])("%s (tainted: %s): %s", (trust, tainted, expected) => {
    const verdicts = (["opt-in", "signature", "known", "pinned"] as const).map(
      (require) => judged({ trust, tainted }, { require }).verdict,
    );
    expect(verdicts.join(" ")).toBe(expected);
  });

  test("says what it lacks, and how to accept the key", () => {
    const { findings, publicKey } = judged({ trust: "known" }, { require: "pinned" });
    expect(findings.at(-1)).toEqual({
      code: "key-policy",
      severity: "fail",
      message: "the key is known; the policy requires pinned",
      hint: `after checking the key: git patchsig trust accept ${ALICE} ${publicKey}`,
    });
    const met = judged({ trust: "first-use", record: record() }, { require: "known" });
    expect(said(met)).toContain(
      "the key is met 2026-03-14, not yet in another series on another day; the policy requires known",
    );
    const fresh = judged({ trust: "first-use", record: null }, { require: "known" });
    expect(said(fresh)).toContain("the key is met for the first time; the policy requires known");
  });
});

describe("a key on first use", () => {
  test.each([
    ["allow", "pass"],
    ["warn", "warn"],
    ["fail", "fail"],
  ] as const)("%s: %s", (firstUse, verdict) => {
    expect(judged({ trust: "first-use", record: null }, { firstUse }).verdict).toBe(verdict);
  });

  test.each<[string, Known, string]>([
    ["never met", { record: null }, "first use, remembered"],
    ["met before", {}, "first use, met 2026-03-14"],
    [
      "after unsigned patches",
      {
        record: null,
        unsigned: { identity: ALICE, firstSeen: THEN, lastSeen: THEN, patches: 1 },
      },
      "first use, remembered; 1 unsigned patch from this address since 2026-03",
    ],
  ])("%s", (_, known, expected) => {
    expect(said(judged({ trust: "first-use", ...known }))).toBe(`key of ${ALICE}: ${expected}`);
  });

  test("that looks like a known signer's fails", () => {
    const result = judged({ trust: "first-use", record: null, poses: "a1ice@example.org" });
    expect(result.verdict).toBe("fail");
    expect(codes(result.findings)).toEqual(["key-first-use", "address-lookalike"]);
  });

  test("is not remembered if the caller says so", () => {
    const evidence = evidenceOf(check(SIGNED!));
    const decision = {
      trust: "first-use",
      record: null,
      others: [],
      tainted: false,
      change: null,
    } as const;
    const context = {
      kind: "signer",
      decision,
      unsigned: null,
      changedKey: null,
      replay: null,
      poses: "",
    } as const;
    const { findings } = judge(evidence, "mail", context, DEFAULT_POLICY, false);
    expect(findings[0]!.message).toBe(`key of ${ALICE}: first use, not remembered`);
  });
});

test("a known key: since when, and on how many patches", () => {
  expect(said(judged({ trust: "pinned" }))).toBe(
    `key of ${ALICE}: pinned since 2026-03, 7 patches`,
  );
  expect(said(judged({ trust: "pinned", record: null }))).toBe("");
  expect(judged({}).key).toEqual({ state: "known", firstSeen: THEN, ended: null, patches: 7 });
  expect(judged({ record: null }).key).toBeNull();
});

describe("a key that must not be used", () => {
  const changed = (more: Partial<ChangedKeyInfo>): ChangedKeyInfo => ({
    since: null,
    ended: null,
    elsewhere: [],
    statements: [],
    ...more,
  });
  const by = (identity: string): ChangedKeyInfo["statements"][number] => ({
    kind: "endorse",
    by: identity,
    signer: "pinned",
  });

  test.each<[string, Known, string]>([
    [
      "changed, nothing else in use",
      { trust: "changed", record: null },
      `this is not the key of ${ALICE}: it is KEY; they have no key in use`,
    ],
    [
      "changed, from one in use",
      { trust: "changed", record: null, others: [record()], changedKey: changed({}) },
      `this is not the key of ${ALICE}: it is KEY; known since 2026-03 on 7 patches (3 applied, last 2026-05) is RWOLD; the new one is seen for the first time; nobody vouches for it`,
    ],
    [
      "changed, and seen before",
      { trust: "changed", record: null, others: [record()], changedKey: changed({ since: THEN }) },
      `this is not the key of ${ALICE}: it is KEY; known since 2026-03 on 7 patches (3 applied, last 2026-05) is RWOLD; the new one was first seen 2026-03-14, and never accepted; nobody vouches for it`,
    ],
    [
      "changed, and known elsewhere: three are named",
      {
        trust: "changed",
        record: null,
        changedKey: changed({
          elsewhere: ["b@x", "c@x", "d@x", "e@x"].map((identity) => record({ identity })),
          statements: ["f@x", "g@x", "h@x", "i@x"].map(by),
        }),
      },
      `this is not the key of ${ALICE}: it is KEY; they have no key in use; the new one is seen for the first time; it is known for b@x on 7 patches, known for c@x on 7 patches, known for d@x on 7 patches; endorsed by f@x, whose key is pinned; endorsed by g@x, whose key is pinned; endorsed by h@x, whose key is pinned`,
    ],
    [
      "changed, by statements that were not followed",
      {
        trust: "changed",
        record: null,
        changedKey: changed({
          statements: [
            { kind: "rotate", by: ALICE, signer: "first-use" },
            { kind: "add", by: ALICE, signer: "first-use" },
            { kind: "endorse", by: "b@x", signer: null },
          ],
        }),
      },
      `this is not the key of ${ALICE}: it is KEY; they have no key in use; the new one is seen for the first time; the first-use key of ${ALICE} was rotated to it; the first-use key of ${ALICE} announced it; endorsed by b@x, whose key is unknown`,
    ],
    [
      "replaced",
      {
        trust: "replaced",
        others: [record({ state: "pinned" })],
        changedKey: changed({ ended: THEN }),
      },
      `signed by a key of ${ALICE} that was replaced on 2026-03-14, seen before on 7 patches; the key in use is RWOLD, pinned since 2026-03`,
    ],
    [
      "replaced, nothing in use",
      { trust: "replaced", record: record({ patches: 1 }), changedKey: changed({}) },
      `signed by a key of ${ALICE} that was replaced, seen before on 1 patch; they have no key in use`,
    ],
    [
      "replaced, never seen here",
      { trust: "replaced", record: null },
      `signed by a key of ${ALICE} that was replaced, seen before on 0 patches; they have no key in use`,
    ],
    [
      "revoked",
      { trust: "revoked", changedKey: changed({ ended: THEN }) },
      `the key of ${ALICE} was revoked on 2026-03-14, seen before on 7 patches`,
    ],
    [
      "revoked, never used here",
      { trust: "revoked", record: record({ patches: 0 }) },
      `the key of ${ALICE} was revoked`,
    ],
    [
      "revoked, unknown here",
      { trust: "revoked", record: null },
      `the key of ${ALICE} was revoked`,
    ],
  ])("%s", (_, known, expected) => {
    const result = judged(known);
    expect(said(result)).toBe(expected);
    expect(result.verdict).toBe("fail");
  });
});

describe("a Date long after the signing", () => {
  const after = (seconds: number | null, policy: Partial<Policy> = {}): string[] => {
    const evidence = evidenceOf(check(SIGNED!));
    const date = seconds === null ? null : signedAt(evidence) + seconds;
    return codes(judged({}, policy, { date }).findings).slice(1);
  };

  test.each([
    [null, []],
    [-400 * DAY, []],
    [30 * DAY, []],
    [30 * DAY + 1, ["date-drift"]],
    [365 * DAY, ["date-drift"]],
    [365 * DAY + 1, ["signed-too-long-ago"]],
  ])("by %s seconds: %j", (seconds, expected) => {
    expect(after(seconds)).toEqual(expected);
  });

  test("is measured by the policy, which may allow less than is usual", () => {
    expect(after(7 * DAY + 1, { maxAge: 7 * DAY })).toEqual(["signed-too-long-ago"]);
    expect(after(7 * DAY, { maxAge: 7 * DAY })).toEqual([]);
  });

  test("does not matter for what is not signed", () => {
    const evidence = evidenceOf(check(Buffer.from(MAIL)));
    const context = { kind: "unsigned", signs: null, poses: "", vouching: null } as const;
    const late = { ...evidence, date: THEN + 4000 * DAY };
    expect(codes(judge(late, "mail", context, DEFAULT_POLICY, true).findings)).not.toContain(
      "signed-too-long-ago",
    );
  });
});

describe("a replay", () => {
  const arrived: Arrived = {
    id: 1,
    version: 3,
    signedAt: THEN,
    at: THEN + DAY,
    messageId: "<a@x>",
  };
  const odd = (known: Known): string => said(judged(known)).split("\n").slice(1).join("\n");

  test("of the same text, under another Message-ID", () => {
    expect(odd({ replay: { same: arrived, newer: null } })).toBe(
      "the same patch came before, on 2026-03-15, as <a@x>",
    );
  });

  test("is no change since that version, if it was an earlier one", () => {
    expect(odd({ replay: { same: { ...arrived, version: 1 }, newer: null } })).toContain(
      "came before",
    );
    expect(odd({ replay: { same: { ...arrived, version: 0 }, newer: null } })).toBe(
      "unchanged since v0",
    );
  });

  test("of an older version", () => {
    expect(odd({ replay: { same: null, newer: arrived } })).toBe(
      "v3, signed 2026-03-14, came before this one, on 2026-03-15, as <a@x>",
    );
    expect(odd({ replay: { same: null, newer: { ...arrived, messageId: "" } } })).toBe(
      "v3, signed 2026-03-14, came before this one, on 2026-03-15",
    );
  });

  test("is none if nothing came before", () => {
    expect(odd({ replay: { same: null, newer: null } })).toBe("");
  });

  test("may be what was signed more than 30 days before its key was first seen", () => {
    const at = signedAt(evidenceOf(check(SIGNED!)));
    const seen = (days: number): string => odd({ record: record({ firstSeen: at + days * DAY }) });
    expect(seen(30)).toBe("");
    expect(seen(31)).toBe("signed 31 days before this key was first seen here");
    expect(day(at)).toBe("2026-11-06");
  });
});

describe("an unsigned patch", () => {
  const found = (signs: Signs | null, poses = "", policy: Partial<Policy> = {}): string[] => {
    const evidence = evidenceOf(check(Buffer.from(MAIL)));
    const context = { kind: "unsigned", signs, poses } as const;
    const { findings, trust } = judge(
      evidence,
      "m",
      context,
      { ...DEFAULT_POLICY, ...policy },
      true,
    );
    return [`${trust}`, ...findings.map(({ code, severity }) => `${code} ${severity}`)];
  };
  const signs: Signs = { since: THEN };

  test.each<[string, () => string[], string[]]>([
    ["of somebody who never signed", () => found(null), ["null", "unsigned warn"]],
    [
      "where signatures are required",
      () => found(null, "", { require: "signature" }),
      ["null", "unsigned fail"],
    ],
    ["of somebody who signs", () => found(signs), ["unknown", "unsigned-known fail"]],
    [
      "of theirs, where that is a warning",
      () => found(signs, "", { unsignedKnown: "warn" }),
      ["unknown", "unsigned-known warn"],
    ],
    [
      "of somebody who looks like one who signs",
      () => found(signs, "a1ice@x", { unsignedKnown: "warn" }),
      ["unknown", "address-lookalike fail"],
    ],
  ])("%s", (_, codesOf, expected) => {
    expect(codesOf()).toEqual(expected);
  });
});

test("a mail that was not read has no place in a series", () => {
  expect(judged({}).series).toMatchObject({ version: 1, index: 1, total: 1 });
  expect(judged({}, {}, { read: false }).series).toBeNull();
});
