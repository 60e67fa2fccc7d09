/** Two versions beside each other, as a person sees them. */

import { expect, test } from "vitest";
import { renderDiff } from "../../src/report/version-diff.ts";
import type { VersionDiff } from "../../src/verify/version-diff.ts";

test("tabs of a diff stay, what acts on a terminal does not", () => {
  const version = {
    name: "v1",
    total: 1,
    subject: "f: one",
    verdict: "warn" as const,
    signers: [],
    publicKeys: [],
    base: null,
  };
  const patch = {
    old: 1,
    new: 1,
    change: "diff" as const,
    subject: "f: one",
    text: "-+\tint a;\n\x1b[2J",
  };
  const diff = {
    old: version,
    new: version,
    sameKey: null,
    sameBase: null,
    why: "",
    patches: [patch],
  } as unknown as VersionDiff;
  expect(renderDiff(diff, { columns: 80, color: false }).slice(-2)).toEqual([
    "    -+\tint a;",
    "    \\x1b[2J",
  ]);
});
