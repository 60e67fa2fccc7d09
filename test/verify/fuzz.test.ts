/**
 * Soundness at random: whatever is done to a signed mail, if its verdict is good, stock git am
 * makes the commit that the signer's mail makes, or refuses it. FUZZ=n sets the number of changed
 * mails, SEED=n the first of their seeds.
 *
 * Git's own programs read every mail with a good verdict. Where they do not plainly come to the
 * signer's commit, and for one mail in fifty where they do, `git am` itself decides.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { messages } from "../../src/mail/mbox.ts";
import { normaliseIdentity } from "../../src/trust/identity.ts";
import type { Checked } from "../../src/verify/result.ts";
import { mutate, randomOf } from "../support/mutate.ts";
import { check, isGood } from "../support/signing.ts";
import {
  type AmJudge,
  openAm,
  openPlumbing,
  type Judged,
  type Plumbing,
  sameCommits,
} from "../support/soundness.ts";
import { type Original, signedMails } from "./originals.ts";

const COUNT = Number(process.env["FUZZ"] ?? 2000);
const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000_000);
/** Good verdicts that are judged together. */
const BATCH = 250;
const SAMPLE = 50;

const scratch = mkdtempSync(join(tmpdir(), "patchsig-fuzz-"));
let am: AmJudge | undefined;
let plumbing: Plumbing | undefined;
let originals: readonly Original[];
/** What the originals are to git's parts. */
let outcomes: Map<Original, Judged>;

beforeAll(() => {
  const made = signedMails(join(scratch, "base"));
  am = openAm(made.base);
  plumbing = openPlumbing(made.base);
  originals = made.originals;
  outcomes = new Map();
  const judged = plumbing.judge(originals.map(({ mail }) => mail));
  for (const [i, original] of originals.entries()) outcomes.set(original, judged[i]!);
});
afterAll(() => {
  am?.close();
  plumbing?.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** A changed mail with a good verdict. */
interface Good {
  readonly seed: number;
  readonly mail: Buffer;
  readonly all: readonly Checked[];
}

/** What `verify` reports of the file; null unless all of it is good. */
function goodMail(seed: number): Good | null {
  const mail = mutate(
    originals.map((o) => o.mail),
    randomOf(seed),
  );
  const all = messages(mail, { keepCr: true })
    .map(({ bytes }) => check(bytes!))
    .filter(({ kind }) => kind !== "other");
  return all.length > 0 && all.every(isGood) ? { seed, mail, all } : null;
}

/** The original whose signature this is. */
function honest(checked: Checked): Original {
  const text = checked.attestation!.text;
  const found = originals.find((o) => o.checked.attestation!.text.equals(text));
  if (found === undefined) throw new Error("a good signature that nobody made");
  return found;
}

const has = (good: Good, code: string): boolean =>
  good.all.some((c) => c.findings.some((f) => f.code === code));

function isSame(a: Judged, b: Judged): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  return a.text === b.text && a.index !== null && a.index === b.index;
}

/** The all-CR twin is one of the things that are normalised. */
function isTwin({ all }: Good): boolean {
  return all.some((c) => c.diff!.allCr);
}

/** Lines of the diff end in CR, and the mail has them raw: the finding says `--keep-cr`. */
const hasRawCr = (good: Good): boolean => has(good, "raw-cr");

/** What is wrong with the verdict, by git am; or "", and whether git applies it. */
function byAm(good: Good): { wrong: string; applied: boolean } {
  const options = hasRawCr(good) ? ["--keep-cr"] : isTwin(good) ? ["--quoted-cr=strip"] : [];
  const made = am!.am(good.mail, options);
  // of several mails, each makes its own commit, upon another tree
  const only = (commits: readonly string[]): string[] =>
    good.all.length > 1 ? commits.map((text) => text.replace(/\0.*/, "")) : [...commits];
  const wanted = good.all.flatMap((checked) => honest(checked).commits);
  const wrong = made !== null && !sameCommits(only(made), only(wanted));
  return { wrong: wrong ? `git am makes\n${made.join("\n")}` : "", applied: made !== null };
}

/**
 * A mail that is green, without so much as a warning, is by the signer for all to see; one whose
 * author was recovered says that a list replaced him.
 */
function shownAs({ all }: Good): string {
  const names = all
    .filter(({ findings }) => findings.some((f) => f.code === "author-recovered"))
    .map(({ view }) => view!.info.author.toString("utf8"));
  const hidden = names.find((name) => !name.includes(" via"));
  if (hidden !== undefined) return `the author was not ${hidden}`;
  const green = all.filter((c) => c.findings.every((f) => f.severity === "info"));
  const other = green.find(
    (c) => normaliseIdentity(c.view!.info.email.toString()) !== c.signed!.comment.by,
  );
  return other === undefined ? "" : `signed by ${other.signed!.comment.by}`;
}

test(`${COUNT} changed mails from seed ${SEED}`, { timeout: 0 }, () => {
  const tally = { good: 0, applied: 0, asked: 0, twins: 0 };
  const fail = (good: Good, what: string): void =>
    expect.fail(`seed ${good.seed}: good, but ${what}\n${good.mail.toString("latin1")}`);

  const judge = (batch: readonly Good[]): void => {
    const read = plumbing!.judge(
      batch.map(({ mail }) => mail),
      batch.map(isTwin),
    );
    for (const [i, good] of batch.entries()) {
      const original = honest(good.all[0]!);
      const made = read[i]!;
      const shown = shownAs(good);
      if (shown !== "") fail(good, shown);
      // a list's From is restored by am alone, never without the signature saying who it was
      if (has(good, "author-recovered")) continue;
      if (isTwin(good)) tally.twins++;
      const refused = made === null || (typeof made === "object" && made.index === null);
      // git's parts were asked without the CRs
      if (refused && !hasRawCr(good)) continue;
      const same = !hasRawCr(good) && isSame(made, outcomes.get(original)!);
      if (same) tally.applied++;
      // git has an option for twins, but not for flowed ones
      if (same && (isTwin(good) || tally.applied % SAMPLE !== 0)) continue;
      tally.asked++;
      const { wrong, applied } = byAm(good);
      if (wrong !== "") fail(good, wrong);
      if (same && !applied)
        fail(good, `git am refuses what its parts read\n${original.commits.join("\n")}`);
      if (!same && applied) tally.applied++;
    }
  };

  let batch: Good[] = [];
  for (let n = 0; n < COUNT; n++) {
    const good = goodMail(SEED + n);
    if (good === null) continue;
    tally.good++;
    batch.push(good);
    if (batch.length < BATCH) continue;
    judge(batch);
    batch = [];
  }
  judge(batch);
  process.stdout.write(`fuzz: ${COUNT} mails from seed ${SEED}: ${JSON.stringify(tally)}\n`);
  // a fuzzer that never gets past the signature tests nothing
  expect(tally.good).toBeGreaterThan(COUNT / 20);
  expect(tally.applied).toBeGreaterThan(COUNT / 25);
});
