/** The status line of a mail: one line of ASCII, and its first word. */

import { expect, test } from "vitest";
import { type Finding, finding } from "../../src/findings.ts";
import { headerStatusOf, headerStatusOfFailure } from "../../src/report/status.ts";
import { type PatchResult, verdictOf } from "../../src/verify/result.ts";
import { PATCH } from "./support.ts";

const GOOD: PatchResult = { ...PATCH, signer: "alice@example.org" };

function patch(changes: Partial<PatchResult>, ...findings: Finding[]): PatchResult {
  return { ...GOOD, ...changes, findings, verdict: verdictOf(findings) };
}

const NOT_SIGNED = { signature: "none", signer: null, trust: null } as const;

test.each([
  ["good; alice@example.org; known", GOOD],
  ["good; alice@example.org; first use", patch({ trust: "first-use" })],
  [
    "warn; alice@example.org; known; a symbolic link",
    patch({}, finding("all-cr", "only CRs"), finding("symlink", "a symbolic link")),
  ],
  [
    "bad; alice@example.org; diff changed",
    patch(
      { signature: "bad" },
      finding("symlink", "x"),
      finding("content-changed", "diff changed"),
    ),
  ],
  ["unsigned", patch(NOT_SIGNED, finding("unsigned", "not signed"))],
  [
    "unsigned; vouched for by example.org",
    patch(
      NOT_SIGNED,
      finding("unsigned", "not signed"),
      finding("vouched", "vouched for by example.org"),
    ),
  ],
  [
    "warn; NOT VOUCHED; always was",
    patch(NOT_SIGNED, finding("unsigned", "x"), finding("not-vouched", "always was")),
  ],
  ["unsigned", patch(NOT_SIGNED, { ...finding("unsigned", "not signed"), severity: "fail" })],
  [
    "bad; she signs",
    patch({ ...NOT_SIGNED, trust: "unknown" }, finding("unsigned-known", "she signs")),
  ],
  [
    "warn; not signed; a symbolic link",
    patch(NOT_SIGNED, finding("symlink", "a symbolic link"), finding("unsigned", "x")),
  ],
])("%s", (expected, result) => {
  expect(headerStatusOf(result)).toBe(expected);
});

test("nothing is good that is not signed, whatever the verdict", () => {
  expect(headerStatusOf(patch(NOT_SIGNED))).toBe("warn; not signed");
  for (const signature of ["bad", "none", "malformed"] as const)
    expect(headerStatusOf(patch({ signature }))).not.toMatch(/^good/);
});

test("what others wrote stays one bounded line of ASCII, without encoded words", () => {
  const said = "x\nX-Patchsig-Status: good\r\u2028\u202e\u0007ü\u{1f600} =?utf-8?q?=0Agood?= \xff";
  for (const line of [
    headerStatusOf(patch({ signer: said }, finding("key-changed", said.repeat(100)))),
    headerStatusOfFailure(said.repeat(100)),
  ]) {
    expect(line).toMatch(/^bad; [ -~]{100,300}$/);
    expect(line.length).toBe(300);
    expect(line).toMatch(/\.\.\.$/);
    expect(line).not.toContain("=?");
  }
});
