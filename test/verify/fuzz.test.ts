/**
 * Soundness at random: whatever is done to a signed mail, if its verdict is good, stock git am
 * makes the commit that the signer's mail makes, or refuses it. FUZZ=n sets the number of changed
 * mails, SEED=n the first of their seeds.
 *
 * Git's own programs read every mail with a good verdict. Where they do not plainly come to the
 * signer's commit, and for one mail in fifty where they do, `git am` itself decides.
 *
 * Each batch is judged under the next of the settings in git-settings.ts. Where git am makes another
 * commit under one of them, the verdict must say so; what patchsig hands to it must make the
 * signer's under all.
 */

import { SEED } from "../support/seed.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gitAm, openRepository } from "../../src/git/repository.ts";
import { messages } from "../../src/mail/mbox.ts";
import { normaliseIdentity } from "../../src/trust/identity.ts";
import { mailFor } from "../../src/verify/commit.ts";
import type { Checked } from "../../src/verify/result.ts";
import { LONG } from "../support/long.ts";
import { mutate } from "../support/mutate.ts";
import { randomOf } from "../support/reshape.ts";
import { check, isGood } from "../support/signing.ts";
import {
  type AmJudge,
  openAm,
  NO_SETTING,
  openPlumbing,
  type Judged,
  type Plumbing,
  sameCommits,
  type Setting,
} from "../support/soundness.ts";
import { type AmSettings, withPlainAm } from "../../src/verify/plain-am.ts";
import { amSettingsOf, SETTINGS } from "./git-settings.ts";
import { type Original, signedMails } from "./originals.ts";

const COUNT = Number(process.env["FUZZ"] ?? (LONG ? 2000 : 400));
/** Good verdicts that are judged together. */
const BATCH = 100;
const SAMPLE = 50;

const scratch = mkdtempSync(join(tmpdir(), "patchsig-fuzz-"));
/** Git under one setting. */
interface Bench {
  readonly setting: Setting;
  readonly settings: AmSettings | null;
  readonly am: AmJudge;
  readonly plumbing: Plumbing;
}

let benches: Bench[] = [];
let originals: readonly Original[];
/** What the originals are to git's parts. */
let outcomes: Map<Original, Judged>;

beforeAll(() => {
  const { base, originals: mails } = signedMails(join(scratch, "base"));
  originals = mails;
  benches = SETTINGS.map((setting) => ({
    setting,
    settings: amSettingsOf(setting),
    am: openAm(base, setting),
    plumbing: openPlumbing(base, setting),
  }));
  outcomes = new Map();
  const judged = benches[0]!.plumbing.judge(originals.map(({ mail }) => mail));
  for (const [i, original] of originals.entries()) outcomes.set(original, judged[i]!);
});
afterAll(() => {
  for (const { am, plumbing } of benches) {
    am.close();
    plumbing.close();
  }
  rmSync(scratch, { recursive: true, force: true });
});

/** A changed mail with a good verdict. */
interface Good {
  readonly seed: number;
  readonly mail: Buffer;
  /** The single mails, and what `verify` says of them where nothing is set. */
  readonly mails: readonly Buffer[];
  readonly all: readonly Checked[];
}

/** What `verify` reports of the file; null unless all of it is good. */
function goodMail(seed: number): Good | null {
  const mail = mutate(
    originals.map((o) => o.mail),
    randomOf(seed),
  );
  const pairs = messages(mail, { keepCr: true })
    .map(({ bytes }) => ({ bytes: bytes!, checked: check(bytes!) }))
    .filter(({ checked }) => checked.kind !== "other");
  const all = pairs.map(({ checked }) => checked);
  const mails = pairs.map(({ bytes }) => bytes);
  return all.length > 0 && all.every(isGood) ? { seed, mail, mails, all } : null;
}

/** What `verify` says of it under these settings. */
function under(good: Good, settings: AmSettings | null): Good {
  return { ...good, all: good.all.map((c, i) => withPlainAm(good.mails[i]!, c, settings)) };
}

/** The original whose signature this is. */
function honest(checked: Checked): Original {
  const text = checked.attestation!.text;
  const found = originals.find((o) => o.checked.attestation!.text.equals(text));
  if (found === undefined) throw new Error("a good signature that nobody made");
  return found;
}

const isSet = ({ setting }: Bench): boolean => setting !== NO_SETTING;

/** The verdict says that plain git am makes another commit under this setting. */
const isTold = (good: Good): boolean => has(good, "am-differs");

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

/** Without the trailer that the user has asked for. */
function withoutId(commit: string): string {
  return commit.replace(/\n+Message-I[dD]: [^\n]*\n*(?=\0|$)/, "\n");
}

/** What is wrong with the verdict, by git am; or "", and whether git applies it. */
function byAm(good: Good, bench: Bench): { wrong: string; applied: boolean } {
  const options = hasRawCr(good) ? ["--keep-cr"] : isTwin(good) ? ["--quoted-cr=strip"] : [];
  return compared(good, bench.am.am(good.mail, options), bench);
}

/** The same for what `patchsig am` hands to git in place of the mails. */
async function byOurs(good: Good, bench: Bench): Promise<{ wrong: string; applied: boolean }> {
  const mails = good.all.map((checked) => {
    const composed = mailFor(checked, 0);
    return composed.ok ? composed.value.mail : null;
  });
  if (mails.some((mail) => mail === null)) return { wrong: "", applied: false };
  const repository = await openRepository(bench.am.repository);
  const mailbox = Buffer.concat(mails.map((mail) => mail!));
  return compared(
    good,
    await bench.am.by(async () => (await gitAm(repository, mailbox)) === 0),
    bench,
  );
}

function compared(
  good: Good,
  made: string[] | null,
  { setting }: Bench,
): { wrong: string; applied: boolean } {
  // of several mails, each makes its own commit, upon another tree
  const only = (commits: readonly string[]): string[] =>
    commits
      .map((text) => (good.all.length > 1 ? text.replace(/\0.*/, "") : text))
      .map((text) => (setting.config.includes("am.messageid=true") ? withoutId(text) : text));
  const wanted = good.all.flatMap((checked) => honest(checked).commits);
  // with am.threeWay, git am passes over a patch that is there already, such as the same mail again
  const few =
    setting.config.includes("am.threeWay=true") && made !== null && made.length < wanted.length;
  const expected = few ? wanted.slice(0, made.length) : wanted;
  const wrong = made !== null && !sameCommits(only(made), only(expected));
  return { wrong: wrong ? `git am makes\n${made.join("\n")}` : "", applied: made !== null };
}

/**
 * A mail that is green, without so much as a warning, is by the signer for all to see; one whose
 * author was recovered says that a list replaced him.
 */
function shownAs({ all }: Good): string {
  const people = all
    .filter(({ findings }) => findings.some((f) => f.code === "author-recovered"))
    .map(({ view }) => `${view!.info.author.toString("utf8")} <${view!.info.email.toString()}>`);
  const hidden = people.find((text) => !/ via|=|\.invalid>|dmarc/i.test(text));
  if (hidden !== undefined) return `the author was not ${hidden}`;
  const green = all.filter((c) => c.findings.every((f) => f.severity === "info"));
  const other = green.find(
    (c) => normaliseIdentity(c.view!.info.email.toString()) !== c.signed!.comment.by,
  );
  return other === undefined ? "" : `signed by ${other.signed!.comment.by}`;
}

test(`${COUNT} changed mails from seed ${SEED}`, { timeout: 0 }, async () => {
  const tally = { good: 0, applied: 0, asked: 0, twins: 0, ours: 0, told: 0, needless: 0 };
  const fail = (good: Good, { setting }: Bench, what: string): void =>
    expect.fail(
      `seed ${good.seed}, ${setting.config.join(" ")}: good, but ${what}\n${good.mail.toString("latin1")}`,
    );

  /** What patchsig hands to git makes the signer's commit, whatever is set. */
  const judgeOurs = async (batch: readonly Good[], bench: Bench): Promise<void> => {
    for (const good of batch.filter((_, i) => i % SAMPLE === 0)) {
      const { wrong, applied } = await byOurs(good, bench);
      if (wrong !== "") fail(good, bench, `of what patchsig am hands on ${wrong}`);
      if (applied) tally.ours++;
    }
  };

  const judge = (batch: readonly Good[], bench: Bench): void => {
    const read = bench.plumbing.judge(
      batch.map(({ mail }) => mail),
      batch.map(isTwin),
    );
    let told = 0;
    for (const [i, good] of batch.entries()) {
      const original = honest(good.all[0]!);
      const made = read[i]!;
      const shown = shownAs(good);
      if (shown !== "") fail(good, bench, shown);
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
      // of those that are told, a few are enough
      if (isTold(good) && told >= SAMPLE / 5) continue;
      tally.asked++;
      const { wrong, applied } = byAm(good, bench);
      if (isTold(good)) {
        told++;
        tally.told++;
        if (wrong === "" && applied) tally.needless++;
        continue;
      }
      if (wrong !== "") fail(good, bench, wrong);
      if (same && !applied && !isSet(bench))
        fail(good, bench, `git am refuses what its parts read\n${original.commits.join("\n")}`);
      if (!same && applied) tally.applied++;
    }
  };

  const byAll = async (batch: readonly Good[], n: number): Promise<void> => {
    const bench = benches[n % benches.length]!;
    const told = batch.map((good) => under(good, bench.settings));
    judge(told, bench);
    await judgeOurs(told, bench);
  };

  let batches = SEED;
  let batch: Good[] = [];
  for (let n = 0; n < COUNT; n++) {
    const good = goodMail(SEED + n);
    if (good === null) continue;
    tally.good++;
    batch.push(good);
    if (batch.length < BATCH) continue;
    await byAll(batch, batches++);
    batch = [];
  }
  await byAll(batch, batches);
  process.stdout.write(`fuzz: ${COUNT} mails from seed ${SEED}: ${JSON.stringify(tally)}\n`);
  // a fuzzer that never gets past the signature tests nothing
  expect(tally.good).toBeGreaterThan(COUNT / 20);
  expect(tally.applied).toBeGreaterThan(COUNT / 25);
});
