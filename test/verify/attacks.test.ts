/**
 * Attack mails around one honest, signed mail: every class of trick by which git and a reader can
 * be made to see two things. The rule: if the verdict is good, stock git am makes the commit that
 * the honest mail makes. Stock git is the judge; the expected outcome beside each case only makes
 * sure that a case still tries what it says.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { messages } from "../../src/mail/mbox.ts";
import type { Checked } from "../../src/verify/result.ts";
import { commit, git, newRepository } from "../support/repo.ts";
import { blockOf, check, isGood, signMails } from "../support/signing.ts";
import { type AmJudge, openAm, sameCommits } from "../support/soundness.ts";
import { CASES, mail, STAT, useBlock } from "./attack-cases.ts";

const scratch = mkdtempSync(join(tmpdir(), "patchsig-attacks-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What verify says of a file: mails without a patch are not reported. */
function checkFile(bytes: Buffer): Checked[] {
  return messages(bytes, { keepCr: true })
    .map((message) => check(message.bytes!))
    .filter(({ kind }) => kind !== "other");
}

let base: string;
let judge: AmJudge;
let honest: string[];

beforeAll(() => {
  base = newRepository(join(scratch, "own"));
  commit(base, "start", { "song.txt": "la\nli\nlu\nla\nli\nlu\n", "keys.txt": "alice\n" });
  const signed = signMails([Buffer.from(mail({ notes: STAT }), "latin1")])[0]!;
  useBlock(blockOf(signed).toString("latin1"));
  expect(Buffer.from(mail(), "latin1").equals(signed)).toBe(true);
  judge = openAm(base);
  honest = judge.am(signed)!;
  expect(honest).toHaveLength(1);
});
afterAll(() => judge.close());

describe.each(Object.entries(CASES))("%s", (_heading, cases) => {
  test.each(cases)("%s: %s", (_, expected, make) => {
    const bytes = Buffer.from(make(), "latin1");
    const all = checkFile(bytes);
    expect(all.map((checked) => checked.signature).at(-1)).toBe(expected);
    if (!all.every(isGood)) return;
    const made = judge.am(bytes);
    if (made !== null) expect(sameCommits(made, honest)).toBe(true);
  });
});

describe("am -3", () => {
  /** A patch that deletes keys.txt, signed, from a repository where that has more in it. */
  function deletion(): string {
    const work = join(scratch, "three");
    git(scratch, ["clone", "-q", base, work]);
    commit(work, "keys: gone\n", { "keys.txt": null });
    const mbox = git(work, ["format-patch", "--stdout", "-1", "--full-index"]);
    return signMails([messages(mbox)[0]!.bytes!])[0]!.toString("latin1");
  }

  test("an index line that names another blob, which alone decides what git deletes", () => {
    const signed = deletion();
    const song = git(base, ["rev-parse", "HEAD:song.txt"]).toString().trim();
    const forged = signed.replace(/^index [0-9a-f]{40}/m, `index ${song}`);
    expect(forged).not.toBe(signed);
    expect(check(Buffer.from(signed, "latin1")).signature).toBe("good");
    expect(check(Buffer.from(forged, "latin1")).changed).toEqual(["diff"]);
    expect(judge.am(Buffer.from(signed, "latin1"), ["-3"])).toEqual(
      judge.am(Buffer.from(signed, "latin1")),
    );
  });
});

/** Not in this repository: it is used where it lies beside it. */
const GENERATOR = join(import.meta.dirname, "../../../shared/attacks/generate.py");

interface Generated {
  readonly rc: number;
  readonly commits: string[];
  readonly benign: boolean;
  /** Options of git am under which it was judged. */
  readonly am_options: string[];
}

describe.runIf(existsSync(GENERATOR))("generated mails", () => {
  const python = (...args: string[]): Buffer => execFileSync("python3", args);

  test("a good verdict means the honest commit, and benign changes are good", () => {
    const first = join(scratch, "first.eml");
    const script =
      "import sys; sys.path.insert(0, sys.argv[1]); import generate as g; g.build_base(sys.argv[2]);" +
      "open(sys.argv[3], 'wb').write(g.build_cases(b'', sys.argv[2])[0][1])";
    python("-B", "-c", script, dirname(GENERATOR), join(scratch, "theirs"), first);
    const file = join(scratch, "block");
    writeFileSync(file, blockOf(signMails([readFileSync(first)])[0]!));
    const out = join(scratch, "generated");
    python("-B", GENERATOR, "--block", file, out);

    const outcomes = Object.entries(
      JSON.parse(readFileSync(join(out, "git-am.json"), "utf8")) as Record<string, Generated>,
    );
    expect(outcomes.length).toBeGreaterThan(90);
    const honest = outcomes.find(([name]) => name === "00-honest")![1];
    expect(honest.commits).toHaveLength(1);
    const isGoodFile = (name: string): boolean =>
      checkFile(readFileSync(join(out, "mail", `${name}.eml`))).every(isGood);
    const good = outcomes.filter(([name]) => isGoodFile(name));
    const wrong = good
      .filter(([, { rc, commits }]) => rc === 0 && !sameCommits(commits, honest.commits))
      .map(([name, { am_options }]) => [name, ...am_options].join(" "));
    expect(wrong).toEqual([]);
    const benign = outcomes.filter(([, outcome]) => outcome.benign).map(([name]) => name);
    expect(benign.length).toBeGreaterThan(5);
    expect(good.map(([name]) => name)).toEqual(expect.arrayContaining(benign));
  });
});
