/** Whose reviews are, by what the trust database knows; and what they prove. */

import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DAY } from "../../src/primitives/time.ts";
import { openTrustStore, type TrustStore } from "../../src/store/trust-store.ts";
import { judgeSighting } from "../../src/trust/memory.ts";
import { NO_PINS, type Pins } from "../../src/trust/pins.ts";
import { DEFAULT_POLICY, type Policy } from "../../src/verify/policy.ts";
import {
  clearTextFindings,
  judgeReview,
  type JudgedReview,
  reviewFlaw,
  strayFindings,
} from "../../src/verify/review.ts";
import { KEY_OF_BOB, patch, reviewed } from "../review/support.ts";
import { sightingOf, temporaryDirectory } from "../store/support.ts";
import { BOB, keyOf, says, byMail, TIME } from "../trust/support.ts";

const AT = TIME + 9 * DAY;
const OTHER = keyOf(5);
let store: TrustStore;
beforeEach(() => {
  store = openTrustStore({ file: join(temporaryDirectory(), "trust.db") });
});
afterEach(() => store.close());

function met(key = KEY_OF_BOB, series = "one", at = TIME): void {
  judgeSighting(store, sightingOf(key.text, series, { identity: BOB, at }));
}

function judged(
  changes: Parameters<typeof reviewed>[0] = {},
  {
    pins = NO_PINS,
    policy = {},
    sender = BOB,
  }: { pins?: Pins; policy?: Partial<Policy>; sender?: string | null } = {},
): JudgedReview {
  const terms = { policy: { ...DEFAULT_POLICY, ...policy }, pins, at: AT };
  return judgeReview(store, reviewed(changes), terms, sender);
}

const codes = ({ findings }: JudgedReview): string[] => findings.map(({ code }) => code);

describe("the key is", () => {
  const pinned: Pins = { keys: new Map([[BOB, [KEY_OF_BOB.text]]]), revoked: new Set() };
  const cases: [string, () => void, JudgedReview["trust"], boolean, string[], Pins?][] = [
    ["not known", () => undefined, "unknown", false, ["review-key-unknown"]],
    ["met on a patch", () => met(), "first-use", true, ["review-key-known"]],
    [
      "known",
      () => (met(), met(KEY_OF_BOB, "two", TIME + DAY)),
      "known",
      true,
      ["review-key-known"],
    ],
    [
      "pinned",
      () => store.accept(BOB, KEY_OF_BOB.text, TIME),
      "pinned",
      true,
      ["review-key-known"],
    ],
    ["pinned by a keyring", () => undefined, "pinned", true, ["review-key-known"], pinned],
    [
      "accepted for test results, whatever a keyring says",
      () => store.results.accept(BOB, KEY_OF_BOB.text, TIME),
      "result-only",
      false,
      ["review-key-result-only"],
      pinned,
    ],
    [
      "another one than the keyring's",
      () => undefined,
      "changed",
      false,
      ["review-key-changed"],
      { keys: new Map([[BOB, [OTHER.text]]]), revoked: new Set() },
    ],
    [
      "void, as the keyring says",
      () => met(),
      "revoked",
      false,
      ["review-key-revoked"],
      { keys: new Map(), revoked: new Set([KEY_OF_BOB.text]) },
    ],
    ["another one", () => met(OTHER), "changed", false, ["review-key-changed"]],
    [
      "replaced",
      () => {
        met();
        store.accept(BOB, OTHER.text, TIME);
      },
      "replaced",
      false,
      ["review-key-replaced"],
    ],
    [
      "revoked",
      () => (met(), store.drop(BOB, KEY_OF_BOB.text, TIME)),
      "revoked",
      false,
      ["review-key-revoked"],
    ],
    [
      "revoked by its holder, who was never met",
      () => store.applyStatement(says(KEY_OF_BOB, "revoke", KEY_OF_BOB), byMail()),
      "revoked",
      false,
      ["review-key-revoked"],
    ],
  ];
  test.each(cases)("%s", (_, prepare, trust, counts, found, pins = NO_PINS) => {
    prepare();
    const before = JSON.stringify(store.lookup(BOB));
    const one = judged({}, { pins });
    expect([one.trust, one.counts, codes(one)]).toEqual([trust, counts, found]);
    expect(JSON.stringify(store.lookup(BOB))).toBe(before);
  });
});

test("a review makes no key known, and none remembered, however often it is seen", () => {
  met();
  for (const time of [TIME, TIME + DAY, TIME + 2 * DAY])
    expect(judged({ time, series: null }).trust).toBe("first-use");
  expect(store.lookup(BOB).map(({ state, patches }) => [state, patches])).toEqual([
    ["first-use", 1],
  ]);
});

test("no unsigned patch fails because of a review", () => {
  judged();
  expect(store.lookup(BOB)).toEqual([]);
});

test.each<[Partial<Policy>, boolean]>([
  [{}, true],
  [{ firstUse: "warn" }, true],
  [{ firstUse: "fail" }, false],
  [{ require: "signature" }, true],
  [{ require: "known" }, false],
  [{ require: "pinned" }, false],
])("under the policy %j a key met on one patch counts: %s", (policy, counts) => {
  met();
  const one = judged({}, { policy });
  expect(one.counts).toBe(counts);
  expect(codes(one).includes("review-key-policy")).toBe(!counts);
});

test("a key that came from a revoked one is doubted, and no pinned one", () => {
  store.accept(BOB, OTHER.text, TIME);
  const rotation = says(OTHER, "rotate", KEY_OF_BOB, { by: BOB, of: BOB });
  store.applyStatement(rotation, byMail());
  expect(judged().trust).toBe("endorsed");
  store.applyStatement(says(OTHER, "revoke", OTHER, { by: BOB, of: BOB }), byMail());
  const one = judged();
  expect([one.counts, codes(one)]).toEqual([true, ["review-key-known", "review-key-tainted"]]);
  expect(judged({}, { policy: { require: "pinned" } }).counts).toBe(false);
});

test("somebody else may send it on: it counts for who signed it, and that is said", () => {
  met();
  for (const sender of ["alice@example.org", null]) {
    const one = judged({}, { sender });
    expect([one.counts, codes(one)]).toEqual([true, ["review-key-known", "review-relayed"]]);
  }
});

test("a review of another diff is said to be of another version, or of something else", () => {
  const say = (version: number, ...present: ReturnType<typeof patch>[]): string[] => {
    const diffs = new Set(present.map(({ diff }) => diff));
    return strayFindings(reviewed(), version, diffs).map((one) => `${one.code}: ${one.message}`);
  };
  expect(say(2, patch(1), patch(2), patch(3))).toEqual([]);
  expect(say(2, { ...patch(1), message: patch(2).message }, patch(3))).toEqual([]);
  expect(say(2, patch(1), patch(2))).toEqual([
    "review-of-other: 1 patch that bob@example.org reviewed: not here with that diff",
  ]);
  expect(say(3, patch(2))).toEqual([
    "review-outdated: 2 patches that bob@example.org reviewed in v2: the diff is another one now",
  ]);
});

test.each<[Parameters<typeof reviewFlaw>[0]["why"], string]>([
  ["malformed", "review-malformed"],
  ["version", "review-malformed"],
  ["too-many", "review-malformed"],
  ["signature", "review-bad"],
  ["changed", "review-changed"],
  ["diff", "review-with-diff"],
])("a review that is %s: %s, and no failure", (why, code) => {
  const found = reviewFlaw({ ok: false, why });
  expect([found.code, found.severity === "fail"]).toEqual([code, false]);
});

test.each<[string, string, boolean]>([
  ["Reviewed-by", "Bob Builder <bob@example.org>", false],
  ["Acked-by", "Alice <alice@example.org>", false],
  ["Reported-by", "Bob Builder <bob@example.org>", false],
  ["Acked-by", "Bob Builder <bob@example.org>", true],
  ["reviewed-by", "Linus <bob@example.org>", true],
])("clear text beside a review: %s: %s, differs: %s", (name, value, differs) => {
  const written = [
    { name: "Reviewed-by", value: "Bob Builder <bob@example.org>" },
    { name, value },
  ];
  const found = clearTextFindings([reviewed()], written).map(({ code }) => code);
  expect(found).toEqual(differs ? ["review-differs"] : []);
});
