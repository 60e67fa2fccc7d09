/** What of a run is counted, and as what. */

import { describe, expect, it } from "vitest";
import { finding, type Finding } from "../../src/findings.ts";
import {
  addBaseCheck,
  isOnlyUnsigned,
  type PatchResult,
  type SeriesResult,
  worstOf,
} from "../../src/verify/result.ts";
import { createTotals } from "../../src/verify/totals.ts";

function patch(signer: string | null, more: Partial<PatchResult> = {}): PatchResult {
  const signature = signer === null ? "none" : "good";
  return { signature, signer, verdict: "pass", findings: [], ...more } as unknown as PatchResult;
}

const unsigned: Finding = { ...finding("unsigned", "not signed"), severity: "warn" };

describe("by signer", () => {
  it("the most patches come first, unsigned ones together", () => {
    const totals = createTotals();
    for (const signer of ["a@x", "b@x", null, "b@x", null, "b@x"]) totals.add(patch(signer));
    expect(totals.bySigner().map(([who, { patches }]) => [who, patches])).toEqual([
      ["b@x", 3],
      [null, 2],
      ["a@x", 1],
    ]);
    expect(totals.signed).toBe(4);
  });

  it("a bad signature is its claimed signer's, and counts as no signature", () => {
    const totals = createTotals();
    totals.add(patch("a@x", { signature: "bad", verdict: "fail" }));
    expect(totals.bySigner()).toMatchObject([["a@x", { fail: 1, pass: 0 }]]);
    expect(totals.signed).toBe(0);
  });

  it("ten thousand are told apart, all others are one", () => {
    const totals = createTotals();
    for (let i = 0; i < 10_000; i++) totals.add(patch(`${i}@x`));
    expect(totals.bySigner()).toHaveLength(10_000);
    for (const signer of ["new@x", "other@x", "0@x"]) totals.add(patch(signer));
    const counts = new Map(totals.bySigner());
    expect(counts.size).toBe(10_001);
    expect([counts.get("")?.patches, counts.get("0@x")?.patches]).toEqual([2, 2]);
    expect(totals.all.patches).toBe(10_003);
  });
});

describe("only unsigned", () => {
  it.each<[string, PatchResult, boolean]>([
    ["nothing else to say", patch(null, { findings: [unsigned] }), true],
    ["an information more", patch(null, { findings: [unsigned, finding("from-line", "x")] }), true],
    ["a warning more", patch(null, { findings: [unsigned, finding("symlink", "x")] }), false],
    ["a failure more", patch(null, { findings: [unsigned, finding("base-conflict", "x")] }), false],
    ["by a known signer", patch(null, { findings: [finding("unsigned-known", "x")] }), false],
    ["nothing found", patch(null), false],
    ["an information alone", patch(null, { findings: [finding("from-line", "x")] }), false],
    ["a signature", patch("a@x", { findings: [unsigned] }), false],
  ])("%s", (_, result, expected) => {
    expect(isOnlyUnsigned(result)).toBe(expected);
    const totals = createTotals();
    totals.add({ ...result, verdict: "warn" });
    expect(totals.all).toMatchObject(
      expected ? { unsigned: 1, warn: 0 } : { unsigned: 0, warn: 1 },
    );
    expect(totals.verdicts).toEqual({ pass: 0, warn: 1, fail: 0 });
  });
});

describe("the worst verdict decides", () => {
  it("of several", () => {
    expect(worstOf([])).toBe("pass");
    expect(worstOf(["pass", "warn", "pass"])).toBe("warn");
    expect(worstOf(["warn", "fail", "pass"])).toBe("fail");
  });

  it("of a series and its base", () => {
    const series = { verdict: "warn", findings: [] } as unknown as SeriesResult;
    const found = (one: Finding): string => addBaseCheck(series, {} as never, [one]).verdict;
    expect(found(finding("base-guessed", "x"))).toBe("warn");
    expect(found(finding("base-conflict", "x"))).toBe("fail");
  });
});
