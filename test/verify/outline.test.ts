/** What holds of a series as a whole, from what its patches say. */

import { expect, it } from "vitest";
import { createSeriesCollector } from "../../src/series/collector.ts";
import { evidenceOf } from "../../src/verify/evidence.ts";
import { type OutlineEntry, itemOf, outlined, patchOutline } from "../../src/verify/outline.ts";
import type { SeriesOutline } from "../../src/verify/result.ts";
import { check, signMails } from "../support/signing.ts";

const [A, B] = ["a".repeat(40), "b".repeat(40)];

function patch(n: number, total: number, more = ""): Buffer {
  const diff = `diff --git a/${n} b/${n}\n--- a/${n}\n+++ b/${n}\n@@ -1 +1 @@\n-1\n+2\n`;
  const header = `From: Alice <alice@example.org>\nSubject: [PATCH ${n}/${total}] x\nDate: Tue, 10 Nov 2026 10:00:00 +0000\nMessage-ID: <${n}@example.org>\nIn-Reply-To: <0@example.org>\n`;
  return Buffer.from(`${header}\nwhy\n---\n${diff}${more}`);
}

function outlineOf(...mails: readonly Buffer[]): SeriesOutline {
  const collector = createSeriesCollector<OutlineEntry>();
  for (const [i, mail] of mails.entries()) {
    const evidence = evidenceOf(check(mail));
    const entry = { source: `${i}`, evidence: patchOutline(evidence), verdict: "pass" as const };
    collector.add(itemOf(evidence), entry);
  }
  const all = collector.end().flatMap(outlined);
  expect(all).toHaveLength(1);
  return all[0]!.outline;
}

const said = ({ findings }: SeriesOutline): string[] => findings.map(({ message }) => message);
const both = (base: string | null = A): Buffer[] => signMails([patch(1, 2), patch(2, 2)], { base });

it("is sealed by the digest over all of its patches", () => {
  const [one, two] = both() as [Buffer, Buffer];
  const whole = outlineOf(one, two);
  expect(whole).toMatchObject({ complete: true, sealed: true, signer: "alice@example.org" });
  expect(said(whole)).toEqual([]);
  const half = outlineOf(two);
  expect(half).toMatchObject({ complete: false, sealed: false, missing: [1] });
  expect(said(half)).toEqual(["missing patch 1 of 2"]);
});

it("is not sealed if its patches were signed one by one", () => {
  const each = [patch(1, 2), patch(2, 2)].flatMap((one) => signMails([one], { base: A }));
  const loose = outlineOf(...each);
  expect(loose.sealed).toBe(false);
  expect(said(loose)).toEqual(["the patches were signed one by one, not as one series"]);
});

it("cannot have been signed with two bases", () => {
  const [one] = signMails([patch(1, 2)], { base: A });
  const [two] = signMails([patch(2, 2)], { base: B });
  expect(said(outlineOf(one!, two!))).toContain("the patches were signed with different bases");
});

it("has the signed base, whatever base an unsigned mail before it names", () => {
  const [, two] = signMails([patch(1, 2), patch(2, 2)], { base: A });
  const stray = patch(1, 2, `\nbase-commit: ${B}\n`);
  expect(outlineOf(stray, two!).base).toEqual({ status: "present", commit: A, tree: null });
});

it("fails if some of its patches are signed and others are not, in any order", () => {
  const [one, two] = both() as [Buffer, Buffer];
  const alone = signMails([patch(2, 2)], { base: A })[0]!;
  for (const mails of [
    [patch(1, 2), two],
    [two, patch(1, 2)],
    [one, patch(2, 2)],
    [patch(1, 2), alone],
  ])
    expect(outlineOf(...mails).findings).toContainEqual(
      expect.objectContaining({ code: "series-unsigned", severity: "fail" }),
    );
  expect(said(outlineOf(patch(1, 2), two))).toContain("patch 1 is not signed, others are");
  // a cover letter may be written after its patches were signed
  const letter = Buffer.from(
    patch(0, 2)
      .toString()
      .replace(/^diff[^]*$/m, ""),
  );
  expect(outlineOf(letter, one, two).findings).toEqual([]);
});

it("has each number once", () => {
  const [one, two] = both() as [Buffer, Buffer];
  expect(outlineOf(one, two, one).findings).toEqual([]);
  expect(outlineOf(patch(1, 2), patch(2, 2)).findings).toMatchObject([{ code: "base-missing" }]);
  const other = Buffer.from(patch(2, 2).toString().replace("why", "other"));
  expect(said(outlineOf(patch(1, 2), patch(2, 2), other))).toContain(
    "a number occurs more than once",
  );
});
