/** What holds of a series as a whole, from what its patches say. */

import { describe, expect, it } from "vitest";
import { createSeriesCollector } from "../../src/series/collector.ts";
import { evidenceOf } from "../../src/verify/evidence.ts";
import type { AssembledSeries } from "../../src/series/item.ts";
import type { Evidence } from "../../src/verify/evidence.ts";
import {
  type OutlineEntry,
  itemOf,
  type OutlinedSeries,
  outlined,
  patchOutline,
} from "../../src/verify/outline.ts";
import type { SeriesOutline } from "../../src/verify/result.ts";
import type { Verdict } from "../../src/types.ts";
import { check, signMails } from "../support/signing.ts";

const [A, B] = ["a".repeat(40), "b".repeat(40)];

function header(n: number, total: number): string {
  return `From: Alice <alice@example.org>\nSubject: [PATCH ${n}/${total}] title ${n}\nDate: Tue, 10 Nov 2026 10:00:00 +0000\nMessage-ID: <${n}@example.org>\nIn-Reply-To: <0@example.org>\n`;
}

function patch(n: number, total: number, more = ""): Buffer {
  const diff = `diff --git a/${n} b/${n}\n--- a/${n}\n+++ b/${n}\n@@ -1 +1 @@\n-1\n+2\n`;
  return Buffer.from(`${header(n, total)}\nwhy\n---\n${diff}${more}`);
}

/** A letter for two patches: what it says stands above the break. */
const letter = (why = "why", n = 0): Buffer => Buffer.from(`${header(n, 2)}\n${why}\n---\n`);

/** A mail whose verdict is not that of a good one, or with other evidence than it shows. */
interface Other {
  readonly mail: Buffer;
  readonly verdict?: Verdict;
  readonly evidence?: Partial<Evidence>;
}

function assembled(mails: readonly (Buffer | Other)[]): AssembledSeries<OutlineEntry> {
  const collector = createSeriesCollector<OutlineEntry>();
  for (const [i, one] of mails.entries()) {
    const {
      mail,
      verdict = "pass",
      evidence: other = {},
    } = Buffer.isBuffer(one) ? { mail: one } : one;
    const evidence = { ...evidenceOf(check(mail)), ...other };
    collector.add(itemOf(evidence), { source: `${i}`, evidence: patchOutline(evidence), verdict });
  }
  const all = collector.end();
  expect(all).toHaveLength(1);
  return all[0]!;
}

function outlineOf(...mails: readonly (Buffer | Other)[]): SeriesOutline {
  const all = outlined(assembled(mails));
  expect(all).toHaveLength(1);
  return all[0]!.outline;
}

const sources = ({ members }: OutlinedSeries<OutlineEntry>): string =>
  members.map(({ source }) => source).join(" ");

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
  const [third] = signMails([patch(3, 3)], { base: A });
  expect(said(outlineOf(patch(1, 3), patch(2, 3), third!))).toContain(
    "patches 1 and 2 are not signed, others are",
  );
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

describe("a letter that fails, not signed with its patches,", () => {
  const [one, two] = both() as [Buffer, Buffer];
  const failing = { mail: letter(), verdict: "fail" } as const;
  const parts = (...mails: readonly (Buffer | Other)[]): string[] =>
    outlined(assembled(mails)).map(sources);

  it("stands beside a series that is sealed", () => {
    expect(parts(failing, one, two)).toEqual(["1 2", "0"]);
    const [series, stray] = outlined(assembled([one, failing, two]));
    expect(series!.outline).toMatchObject({ sealed: true, subject: "title 1" });
    expect(stray!.outline).toMatchObject({ sealed: false, subject: "title 0" });
    expect(stray!.outline.members).toMatchObject([{ source: "1", reason: "first", through: "" }]);
  });

  it("stays in one that is not: of an incomplete series nobody knows what it was", () => {
    expect(parts(failing, two)).toEqual(["0 1"]);
    expect(parts(failing)).toEqual(["0"]);
  });

  it("is a letter: a patch that fails stays, and so does a letter that does not", () => {
    expect(parts({ mail: letter(), verdict: "warn" }, one, two)).toEqual(["0 1 2"]);
    expect(parts(one, { mail: two, verdict: "fail" })).toEqual(["0 1"]);
  });

  it("is not one that was signed with them", () => {
    const [signed, first, second] = signMails([letter(), patch(1, 2), patch(2, 2)], { base: A });
    expect(parts({ mail: signed!, verdict: "fail" }, first!, second!)).toEqual(["0 1 2"]);
  });
});

it("shows the best of several copies, and all that differ", () => {
  const [one, two] = both() as [Buffer, Buffer];
  const series = assembled([
    { mail: two, verdict: "fail" },
    one,
    { mail: two, verdict: "warn" },
    two,
    { mail: one, verdict: "warn" },
  ]);
  expect(outlined(series).map(sources)).toEqual(["1 3"]);
  expect(outlined(series)[0]!.received).toHaveLength(5);
  const warned = assembled([one, { mail: two, verdict: "fail" }, { mail: two, verdict: "warn" }]);
  expect(outlined(warned).map(sources)).toEqual(["0 2"]);
});

it("has the title of its letter, else of its first patch, else of what there is", () => {
  const three = [patch(1, 3), patch(2, 3), patch(3, 3)] as const;
  expect(outlineOf(patch(2, 2), letter(), patch(1, 2)).subject).toBe("title 0");
  expect(outlineOf(three[2], three[1], three[0]).subject).toBe("title 1");
  expect(outlineOf(three[2], three[1]).subject).toBe("title 2");
});

describe("signed at several times", () => {
  it("conflicts, if it was signed as a whole each time", () => {
    const [one] = both() as [Buffer];
    const apart = { ...assembled([one]), isMixed: true };
    expect(said(outlined(apart)[0]!.outline)).toEqual([
      "the patches come from different signings",
      "missing patch 2 of 2",
    ]);
  });

  it("is not sealed where another signing has patches of its number", () => {
    const mixed = { ...assembled(both()), isMixed: true };
    expect(outlined(mixed)[0]!.outline.sealed).toBe(false);
  });

  it("conflicts, if some patches were signed alone", () => {
    const [one] = both() as [Buffer];
    const [two] = signMails([patch(2, 2)], { base: A });
    expect(said(outlineOf(one, two!))).toEqual(["the patches come from different signings"]);
    const [first] = signMails([patch(1, 2)], { base: A });
    const second = both()[1]!;
    expect(said(outlineOf(first!, second))).toEqual(["the patches come from different signings"]);
  });

  it("conflicts, if two keys signed the patches one by one", () => {
    const each = [patch(1, 2), patch(2, 2)].flatMap((one) => signMails([one], { base: A }));
    const { signed } = evidenceOf(check(each[1]!));
    const other = { mail: each[1]!, evidence: { signed: { ...signed!, publicKey: "RWOTHER" } } };
    const found = outlineOf(each[0]!, other);
    expect(said(found)).toEqual([
      "the patches were signed with different keys",
      "the patches were signed one by one, not as one series",
    ]);
    expect(found.signer).toBeNull();
  });

  it("does not conflict, but is unbound, if its letter was signed by itself", () => {
    const [alone] = signMails([letter()], { base: A });
    const [one, two] = both() as [Buffer, Buffer];
    const found = outlineOf(alone!, one, two);
    expect(said(found)).toEqual(["the patches were signed one by one, not as one series"]);
    expect(found.sealed).toBe(true);
  });

  it("is no matter for a patch alone", () => {
    expect(said(outlineOf(signMails([patch(1, 1)], { base: A })[0]!))).toEqual([]);
  });
});

it("is not sealed if the signature of one of its patches is bad", () => {
  const [one, two] = both() as [Buffer, Buffer];
  const changed = Buffer.from(two.toString().replace("+2", "+3"));
  const found = outlineOf(one, { mail: changed, verdict: "fail" });
  expect(found).toMatchObject({ complete: true, sealed: false });
  expect(said(found)).toEqual([]);
});

it("is not sealed, and conflicts, if a patch is not the one that was signed with the others", () => {
  const [one, two] = both() as [Buffer, Buffer];
  const swapped = { mail: two, evidence: { attestation: "0".repeat(64) } };
  const found = outlineOf(one, swapped);
  expect(found.sealed).toBe(false);
  expect(said(found)).toEqual(["the patches are not the ones that were signed together"]);
});

describe("the bases that its mails name", () => {
  const naming = (n: number, base: string): Buffer => patch(n, 2, `\nbase-commit: ${base}\n`);

  it("are said to differ, if nobody signed them", () => {
    expect(said(outlineOf(naming(1, A), naming(2, B)))).toEqual([
      "the mails name 2 different bases",
    ]);
    expect(said(outlineOf(naming(1, A), naming(2, A)))).toEqual([]);
    expect(outlineOf(naming(1, A), naming(2, B)).base.commit).toBe(A);
  });

  it("are said to differ, if one was signed", () => {
    const [one] = both() as [Buffer];
    expect(said(outlineOf(one, naming(2, B)))).toContain("the mails name 2 different bases");
  });

  it("are a conflict if they were signed, and then that is enough to say", () => {
    const [one] = signMails([naming(1, A)], { base: A });
    const [two] = signMails([naming(2, B)], { base: B });
    expect(said(outlineOf(one!, two!))).toEqual([
      "the patches were signed with different bases",
      "the patches were signed one by one, not as one series",
    ]);
  });

  it("are not missed in a reply that carries a diff", () => {
    const evidence = { isAnswer: true };
    expect(said(outlineOf(patch(1, 2)))).toContain("no base commit recorded");
    expect(said(outlineOf({ mail: patch(1, 2), evidence }))).not.toContain(
      "no base commit recorded",
    );
  });

  it("can be had where the first mail with a tree says", () => {
    const tree = "https://example.org/r.git main";
    const { base } = evidenceOf(check(patch(2, 2)));
    const second = { mail: patch(2, 2), evidence: { base: { ...base, tree } } };
    expect(outlineOf(patch(1, 2), second).base).toEqual({ status: "missing", commit: null, tree });
    expect(outlineOf(naming(1, A), second).base).toEqual({ status: "present", commit: A, tree });
  });
});

describe("what assembly is told of a mail", () => {
  const item = (mail: Buffer, more: Partial<Evidence> = {}) =>
    itemOf({ ...evidenceOf(check(mail)), ...more });

  it("is whether it is a letter, a patch or an answer", () => {
    expect(item(letter()).kind).toBe("cover");
    expect(item(patch(1, 2)).kind).toBe("patch");
    expect(item(patch(1, 2), { isAnswer: true }).kind).toBe("answer");
  });

  it("is its sender, whoever else the list sends for", () => {
    const senders = ["listing@lists.example.org", "alice@example.org", "alice@example.org"];
    expect(item(patch(1, 2), { senders }).sender).toBe("alice@example.org");
  });

  it("is its signing, if the signature is good: who forges one joins no series", () => {
    const [one] = both() as [Buffer];
    const { signed } = evidenceOf(check(one));
    expect(item(one).signing).toBe(`${signed!.publicKey} ${signed!.comment.series}`);
    const changed = Buffer.from(one.toString().replace("+2", "+3"));
    expect(evidenceOf(check(changed)).signed).not.toBeNull();
    expect(item(changed).signing).toBeNull();
    expect(item(patch(1, 2)).signing).toBeNull();
    expect(item(signMails([patch(1, 2)])[0]!).signing).toBeNull();
  });
});
