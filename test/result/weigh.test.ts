import { expect, test } from "vitest";
import { signNow } from "../../src/minisign/signature.ts";
import { textSigning } from "../../src/patch/signed-text.ts";
import { RESULT_TEXT, type SignedResult, type TestResult } from "../../src/result/text.ts";
import { type ResultKey, weigh, worthOf } from "../../src/result/weigh.ts";
import { keyOf, TIME } from "../trust/support.ts";

const CI = keyOf(7);
const OTHER = keyOf(8);
const BY = "ci@example.org";

const NOTHING = {
  base: null,
  commit: null,
  patches: null,
  series: null,
  message: null,
  rev: null,
  config: null,
  counts: null,
  log: null,
  logSha256: null,
  details: null,
  via: null,
} as const;

function signed(changes: Partial<TestResult> = {}, key = CI): SignedResult {
  const said: TestResult = {
    ...NOTHING,
    time: TIME,
    by: BY,
    tree: "1".repeat(40),
    test: "net",
    env: ["arch=x86_64"],
    run: 1,
    result: "pass",
    ...changes,
  };
  return signNow(key.signer, textSigning(RESULT_TEXT, key.signer.publicKey, said));
}

const PINNED: ResultKey = { state: "pinned", revoked: false, forResults: true, replaced: null };
const AT = TIME + 10;

test.each<[string, Partial<ResultKey>, string]>([
  ["pinned for results", {}, "counts"],
  ["pinned for patches", { forResults: false }, "claims"],
  ["endorsed", { state: "endorsed" }, "claims"],
  ["seen for the first time", { state: "first-use" }, "claims"],
  ["not known", { state: null }, "claims"],
  ["revoked", { state: "revoked" }, "void"],
  ["revoked under another address", { revoked: true }, "void"],
  ["replaced since", { state: "replaced", replaced: { at: AT, from: "pinned" } }, "counts"],
  ["replaced before", { state: "replaced", replaced: { at: TIME - 1, from: "pinned" } }, "claims"],
  ["known, then replaced", { state: "replaced", replaced: { at: AT, from: "known" } }, "claims"],
  ["replaced, nobody knows when", { state: "replaced" }, "claims"],
])("a result by a key that is %s: it %s", (_, key, worth) => {
  expect(worthOf({ time: TIME, by: BY }, { ...PINNED, ...key })).toBe(worth);
});

test("a pinned key for patches counts for an address that the user names", () => {
  const key = { ...PINNED, forResults: false };
  expect(worthOf({ time: TIME, by: BY }, key, new Set([BY]))).toBe("counts");
  expect(worthOf({ time: TIME, by: BY }, { ...key, state: "known" }, new Set([BY]))).toBe("claims");
});

test.each<[string, SignedResult[], string, boolean[]]>([
  ["nothing", [], "none", []],
  ["a pass", [signed()], "pass", [false]],
  ["a failure", [signed({ result: "fail" })], "fail", [false]],
  [
    "no verdict",
    [signed({ result: "done" }), signed({ result: "error" }, OTHER)],
    "none",
    [false, false],
  ],
  [
    "a pass and a crash elsewhere",
    [signed(), signed({ result: "error" }, OTHER)],
    "pass",
    [false, false],
  ],
  [
    "two CIs that disagree",
    [signed(), signed({ result: "fail" }, OTHER)],
    "disputed",
    [false, false],
  ],
  [
    "two against one",
    [signed(), signed({}, OTHER), signed({ result: "fail" }, keyOf(9))],
    "disputed",
    [false, false, false],
  ],
  [
    "a pass at the second attempt",
    [signed({ run: 2 }), signed({ result: "fail" })],
    "pass",
    [true],
  ],
  [
    "a failure at the second attempt",
    [signed({ run: 2, result: "fail" }), signed()],
    "fail",
    [false],
  ],
  [
    "a later word of the same run",
    [signed({ result: "fail", time: TIME + 1 }), signed()],
    "fail",
    [false],
  ],
  ["two words of one second", [signed(), signed({ result: "fail" })], "fail", [false]],
  [
    "a higher run, signed earlier",
    [signed({ run: 2, time: TIME - 9 }), signed({ result: "fail" })],
    "pass",
    [true],
  ],
  [
    "another environment that fails",
    [signed(), signed({ env: ["arch=arm64"], result: "fail" })],
    "disputed",
    [false, false],
  ],
])("%s", (_, results, answer, flaky) => {
  const weighed = weigh(results);
  expect([weighed.answer, weighed.keys.map((key) => key.flaky)]).toEqual([answer, flaky]);
  expect(weigh(results.toReversed()).answer).toBe(answer);
});
