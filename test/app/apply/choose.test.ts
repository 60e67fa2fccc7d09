/** Which patches of a series `am` applies, and what it says if it applies none. */

import { expect, test } from "vitest";
import { choosePatches } from "../../../src/app/apply/choose.ts";
import type { Checked } from "../../../src/verify/result.ts";
import type { Series } from "../../../src/verify/series.ts";

/**
 * Mails as `1ok 2fail 0fail`: number and verdict; 0 is the cover letter, `0unread` one that is refused,
 * `1unsigned` a patch that is only that.
 */
function series(
  mails: string,
  more: { missing?: number[]; severity?: "warn" | "fail" } = {},
): Series<Checked> {
  const members = mails.split(" ").map((mail) => {
    const [, index = "", word = ""] = /^(\d)(\w+)$/.exec(mail) ?? [];
    return {
      evidence: { kind: index === "0" ? "cover" : "patch" },
      payload: { view: word === "unread" ? null : {} },
      result: {
        verdict: word === "ok" ? "pass" : "fail",
        signature: word === "unsigned" ? "none" : "bad",
        findings: word === "unsigned" ? [{ code: "unsigned", severity: "fail" }] : [],
        subject: index,
      },
    };
  });
  const findings = more.severity === undefined ? [] : [{ severity: more.severity }];
  const result = { missing: more.missing ?? [], total: 3, findings };
  return { members, result } as unknown as Series<Checked>;
}

function chosen(one: Series<Checked>, partial = false): string[] | string {
  const choice = choosePatches(one, partial);
  if ("refused" in choice) return choice.refused.join("\n");
  return choice.patches.map(({ result }) => result.subject);
}

test.each([
  ["1ok 2ok 3ok", ["1", "2", "3"]],
  ["0ok 1ok 2ok 3ok", ["1", "2", "3"]],
  ["0unread 1ok 2ok 3ok", ["1", "2", "3"]],
  ["1ok 2fail 3ok", "nothing applied: 1 of 3 failed\nhint: --partial applies the others"],
  ["1fail 2fail 3fail", "nothing applied: 3 of 3 failed"],
  [
    "1unsigned 2unsigned 3ok",
    "nothing applied: 2 of 3 not signed; the policy requires a signature\nhint: --partial applies the others",
  ],
  [
    "1fail 2unsigned 3ok",
    "nothing applied: 1 of 3 failed, 1 not signed\nhint: --partial applies the others",
  ],
  [
    "0fail 1ok 2ok 3ok",
    "nothing applied: the cover letter failed\nhint: --partial applies the patches",
  ],
])("%s", (mails, what) => {
  expect(chosen(series(mails))).toEqual(what);
});

test("the patches that are missing, and those that --partial applies", () => {
  const gap = series("1ok 3ok", { missing: [2] });
  expect(chosen(gap)).toBe(
    "nothing applied: missing patch 2 of 3\nhint: --partial applies the others",
  );
  expect(chosen(gap, true)).toEqual(["1", "3"]);
  expect(chosen(series("0fail 1ok 2fail 3ok"), true)).toEqual(["1", "3"]);
  expect(chosen(series("1fail"), true)).toBe("nothing applied: 1 of 1 failed");
});

test("a contradictory series is not applied, not even with --partial", () => {
  for (const partial of [false, true])
    expect(chosen(series("1ok 2ok 3ok", { severity: "fail" }), partial)).toBe("nothing applied");
});

test("a series with a warning is applied; of one patch, that patch", () => {
  expect(chosen(series("1ok 2ok 3ok", { severity: "warn" }))).toEqual(["1", "2", "3"]);
  expect(chosen(series("1ok 2fail 3fail"), true)).toEqual(["1"]);
  expect(chosen(series("1ok 2fail 3fail"))).toBe(
    "nothing applied: 2 of 3 failed\nhint: --partial applies the others",
  );
});
