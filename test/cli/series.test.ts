/** Who signed, and what belongs together: the verdicts of `patchsig verify` with a real database. */

import { beforeAll, describe, expect, test } from "vitest";
import { patchsig, records, type Run } from "../support/cli.ts";
import {
  edit,
  edited,
  expectStatus,
  expectTidy,
  formatPatch,
  mbox,
  newFolder,
  newHome,
  newSubmission,
  publicKey,
  signedPatches,
} from "./support.ts";

const ALICE = "alice@example.org";

let work: string;
let alice: string;
/** With a cover letter. */
let files: string[];

beforeAll(() => {
  ({ work } = newSubmission());
  alice = newHome(7);
  files = signedPatches(work, alice, ["--cover-letter"]);
});

function verify(sources: readonly string[], home = newFolder()): Run {
  return patchsig(["verify", ...sources], { home });
}

/** The codes of what was found wrong in any record, and whether the series is sealed. */
function judged(sources: readonly string[]): { status: number; codes: string[]; sealed: boolean } {
  const run = patchsig(["verify", "--json", ...sources], { home: newFolder() });
  const all = records(run);
  const findings: { code: string; severity: string }[] = all.flatMap((r) => r["findings"] ?? []);
  const codes = findings.filter((f) => f.severity !== "info").map((f) => f.code);
  const series = all.filter((r) => r["type"] === "series");
  return {
    status: run.status,
    codes: [...new Set(codes)].sort(),
    sealed: series.length === 1 && series[0]!["sealed"] === true,
  };
}

describe("keys", () => {
  test("first use, seen, changed, and accepted", () => {
    const home = newFolder();
    expect(expectStatus(verify([files[1]!], home), 0).stdout).toContain("first use, remembered");
    // no more of one series on one day makes it known
    const again = expectStatus(verify([files[2]!], home), 0).stdout;
    expect(again).toMatch(/^ok {4}2\/3 .* first use$/m);
    expect(again).toMatch(/^key of alice@example.org: first use, met \d{4}-\d\d-\d\d$/m);

    const impostor = signedPatches(work, newHome(9), ["-v2"]);
    const changed = expectStatus(verify(impostor, home), 1).stdout;
    expectTidy(changed);
    expect(changed).toMatch(/^FAIL {2}1\/3 .* KEY CHANGED$/m);
    expect(changed).toContain(publicKey(7));
    expect(changed).toContain(publicKey(9));
    // asking again does not wear the answer down
    expectStatus(verify(impostor, home), 1);
    expectStatus(verify(files, home), 0);

    expectStatus(patchsig(["trust", "accept", ALICE, publicKey(9)], { home }), 0);
    expect(expectStatus(verify(impostor, home), 0).stdout).toMatch(/^ok {4}1\/3 .* pinned$/m);
    expect(expectStatus(verify(files, home), 1).stdout).toContain("OLD KEY");
  });

  test("an unsigned patch from somebody who signs fails under any policy", () => {
    const home = newFolder();
    const unsigned = formatPatch(work);
    expectStatus(verify(["--require=opt-in", ...unsigned], home), 0);
    const first = expectStatus(verify(files, home), 0).stdout;
    expect(first.replace(/\s+/g, " ")).toContain("3 unsigned patches from this address since 20");
    const run = expectStatus(verify(["--require=opt-in", ...unsigned], home), 1);
    expect(run.stdout).toMatch(/^FAIL {2}1\/3 .* NOT SIGNED$/m);
    expect(run.stdout).toContain("alice@example.org has signed since ");
  });

  test("an unsigned patch by another author, sent by somebody who signs", () => {
    const home = newFolder();
    const forwarded = formatPatch(work);
    for (const file of forwarded)
      edit(file, (t) => t.replace("\n\n", "\n\nFrom: Bob <bob@example.org>\n\n"));
    expectStatus(verify(["--require=opt-in", ...forwarded], home), 0);
    expectStatus(verify(files, home), 0);
    const run = expectStatus(verify(["--require=opt-in", ...forwarded], home), 1);
    expect(run.stdout).toMatch(/^FAIL {2}1\/3 .* NOT SIGNED$/m);
    expect(run.stdout).toContain("alice@example.org has signed since ");
  });

  test("a signer who is neither the author nor the sender", () => {
    const unsigned = formatPatch(work);
    const env = { GIT_AUTHOR_EMAIL: "mallory@example.net" };
    expectStatus(patchsig(["sign", ...unsigned], { home: newHome(9), env }), 0);
    const home = newFolder();
    const { stdout } = expectStatus(verify(unsigned, home), 1);
    expect(stdout).toContain("signed by mallory@example.net, who is neither the author nor");
    expect(patchsig(["trust", "list"], { home }).stdout).toBe("");

    // as git send-email sends it: from Mallory, with Alice in the body. Said, and not hidden
    for (const file of unsigned)
      edit(file, (t) =>
        t
          .replace(/^From: .*$/m, "From: Mallory <mallory@example.net>")
          .replace("\n\n", "\n\nFrom: Alice <alice@example.org>\n\n"),
      );
    const forwarded = expectStatus(verify(unsigned, home), 0).stdout;
    expect(forwarded).toMatch(/^warn {2}1\/3 .*mallory@example.net/m);
    expect(forwarded.replace(/\s+/g, " ")).toContain(
      "sent and signed by mallory@example.net for Alice <alice@example.org>",
    );
  });
});

describe("a series", () => {
  test("complete, in any order, with or without its cover letter", () => {
    const [, one, two, three] = files as [string, string, string, string];
    expect(judged(files)).toEqual({ status: 0, codes: [], sealed: true });
    expect(judged([three, one, two])).toEqual({ status: 0, codes: [], sealed: true });
    const shuffled = expectStatus(verify([three, one, two]), 0).stdout;
    expect(shuffled).toMatch(/1\/3 [^]* 2\/3 [^]* 3\/3 /);
  });

  test("one patch is missing", () => {
    const { stdout } = expectStatus(verify([files[0]!, files[1]!, files[3]!]), 0);
    expect(stdout).toContain("\n2 of 3, missing 2\n");
    expect(judged([files[1]!])).toEqual({ status: 0, codes: ["series-incomplete"], sealed: false });
  });

  test("one patch came twice", () => {
    expect(judged([...files, files[2]!])).toEqual({ status: 0, codes: [], sealed: true });
  });

  test("two patches have swapped numbers", () => {
    const swap = (file: string, from: string, to: string): string =>
      edited(file, (t) => t.replace(`[PATCH ${from}/3]`, `[PATCH ${to}/3]`));
    const swapped = [swap(files[1]!, "1", "2"), swap(files[2]!, "2", "1"), files[3]!];
    expect(judged(swapped)).toMatchObject({ status: 1, sealed: false });
    const { stdout } = verify(swapped);
    expect(stdout.replace(/\s+/g, " ")).toContain(
      "the subject says v1 2/3; the signed label is v1 1/3",
    );
  });

  test.each([
    ["another number of patches", "[PATCH 1/3]", "[PATCH 1/2]"],
    ["another reroll", "[PATCH 1/3]", "[PATCH v2 1/3]"],
  ])("%s in the subject", (_name, from, to) => {
    const relabelled = edited(files[1]!, (t) => t.replace(from, to));
    expect(judged([relabelled]).codes).toContain("series-relabelled");
    expectStatus(verify([relabelled]), 1);
  });

  test("patches from two signings", () => {
    const again = formatPatch(work);
    edit(again[2]!, (t) => t.replace("Who sang.", "Who did not sing."));
    expectStatus(patchsig(["sign", ...again], { home: alice }), 0);
    const mixed = judged([files[1]!, files[2]!, again[2]!]);
    expect(mixed).toMatchObject({ status: 1, sealed: false });
    expect(mixed.codes).toContain("series-conflict");
    expect(verify([files[1]!, files[2]!, again[2]!]).stdout).toContain(
      "the patches come from different signings",
    );
  });

  test("the cover letter names another base than the signed one", () => {
    const letter = edited(files[0]!, (t) =>
      t.replace(/^base-commit: .*$/m, `base-commit: ${"1".repeat(40)}`),
    );
    const { status, codes } = judged([letter, ...files.slice(1)]);
    expect(status).toBe(1);
    expect(codes).toContain("base-contradicts");
  });

  /** What conflicts, of patches that were signed one by one, each by whoever lives in its home. */
  function signedSingly(homes: readonly string[], bases: readonly string[]): string[] {
    const singly = formatPatch(work, ["--no-base"]);
    for (const [i, file] of singly.entries()) {
      edit(file, (t) => t.replace(/^(?=-- $)/m, `base-commit: ${bases[i]!.repeat(40)}\n`));
      expectStatus(patchsig(["sign", file], { home: homes[i]! }), 0);
    }
    const run = patchsig(["verify", "--json", ...singly], { home: newFolder() });
    const all = records(run).filter(({ type }) => type === "series");
    expect(all).toHaveLength(1);
    const findings: { code: string; message: string }[] = all[0]!["findings"];
    return findings.filter((f) => f.code === "series-conflict").map((f) => f.message);
  }

  test("signed one by one, with one base and one key", () => {
    expect(signedSingly([alice, alice, alice], ["a", "a", "a"])).toEqual([]);
  });

  test("signed with different bases", () => {
    const said = signedSingly([alice, alice, alice], ["a", "a", "b"]);
    expect(said).toEqual(["the patches were signed with different bases"]);
  });

  test("signed with different keys", () => {
    const said = signedSingly([alice, alice, newHome(9)], ["a", "a", "a"]);
    expect(said).toEqual(["the patches were signed with different keys"]);
  });

  test("two versions in one mbox are two series", () => {
    const second = signedPatches(work, alice, ["-v2"]);
    const run = patchsig(["verify", "--json", mbox(...second, ...files)], { home: newFolder() });
    expectStatus(run, 0);
    const series = records(run).filter((r) => r["type"] === "series");
    expect(series.map((s) => [s["version"], s["sealed"]])).toEqual([
      [2, true],
      [1, true],
    ]);
  });
});
