import { expect, test } from "vitest";
import { createVerifier } from "../../src/minisign/ed25519.ts";
import { checkMail } from "../../src/verify/check.ts";
import { evidenceOf } from "../../src/verify/evidence.ts";
import { judge } from "../../src/verify/judge.ts";
import { DEFAULT_POLICY } from "../../src/verify/policy.ts";
import { createJudgedSeriesCollector } from "../../src/verify/series.ts";

const DIFF =
  "diff --git a/a b/a\nindex 1111111..2222222 100644\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\n";

function series(...bases: readonly string[]) {
  const collector = createJudgedSeriesCollector<null>((_, error) => {
    throw error;
  });
  for (const [i, base] of bases.entries()) {
    const mail = `From: A <a@x.org>\nDate: Tue, 3 Feb 2026 10:00:00 +0000\nSubject: [PATCH ${i + 1}/${bases.length}] x\n\nm\n---\n${DIFF}\n${base === "" ? "" : `base-commit: ${base}\n`}`;
    const evidence = evidenceOf(checkMail(Buffer.from(mail), createVerifier()));
    const result = judge(evidence, "x", { kind: "none" }, DEFAULT_POLICY, true);
    collector.add({ result, evidence, payload: null });
  }
  return collector.end()[0]!.result;
}

const [A, B] = ["a".repeat(40), "b".repeat(40)];

test("mails that name different bases give a finding", () => {
  const { base, findings } = series(A, B);
  expect(base.commit).toBe(A);
  expect(findings).toMatchObject([{ code: "base-disagrees", severity: "warn" }]);
});

test.each([[[A, A]], [[A, ""]], [["", A]]])("these do not: %j", (bases) => {
  expect(series(...bases)).toMatchObject({ base: { status: "present", commit: A }, findings: [] });
});
