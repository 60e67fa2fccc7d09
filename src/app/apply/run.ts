/** Runs `am`: reads a series, chooses its patches, and gives git exactly what was verified. */

import { PatchsigError } from "../../errors.ts";
import { headCommit } from "../../git/committed.ts";
import { committerOf } from "../../git/notes.ts";
import { amProgress, type Repository, treeNamed } from "../../git/repository.ts";
import { sha256 } from "../../patch/attestation.ts";
import { count } from "../../primitives/words.ts";
import type { SafeText } from "../../report/escape.ts";
import { patchesDigest } from "../../result/patches.ts";
import { renderTests } from "../../report/tests.ts";
import type { Style } from "../../report/text.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import type { Checked } from "../../verify/result.ts";
import type { JudgedMember } from "../../verify/series.ts";
import { now } from "../now.ts";
import type { Questions } from "../questions.ts";
import { forgetPending, whileAlone } from "../record/pending.ts";
import { settlePending } from "../record/settle.ts";
import { prepareRecords, recordApplied } from "../record/write.ts";
import type { Reporter } from "../reporter.ts";
import { openKnownTests } from "../result/known.ts";
import type { SeriesChoice } from "../series/choose.ts";
import type { PatchChoice } from "../series/patches.ts";
import { openHere } from "../settings.ts";
import { asUser, type PolicyWishes } from "../verify/as-user.ts";
import { type BranchOptions, goToBase } from "./base.ts";
import { choosePatches } from "./choose.ts";
import { applyMails, checkIdle, composeMails, countApplied } from "./commits.ts";
import {
  checkUnchanged,
  checkGit,
  type GitWishes,
  type GitWords,
  gitWords,
  isFix,
} from "./git-options.ts";
import { readSeries, type SeriesToApply } from "./series.ts";
import { addedTo, NO_TRAILERS, offerTrailers } from "./trailers.ts";
import {
  trailerHints,
  trailerOfferLines,
  type TrailerWishes,
  wantedTrailers,
  type WantedTrailers,
  wantsTrailers,
} from "./wanted-trailers.ts";

/** What to apply, and how. */
export interface AmWishes extends PolicyWishes, GitWishes, TrailerWishes, BranchOptions {
  readonly source: readonly string[];
  readonly choice: SeriesChoice;
  /** The patches of the series to apply; null for all. */
  readonly only: PatchChoice | null;
  /** Apply the good patches, although others failed or are missing. */
  readonly partial: boolean;
  /** Apply on a new branch at the base. */
  readonly onBase: boolean;
  /** Not given: as the setting patchsig.record says. */
  readonly record?: boolean | undefined;
}

/** How to show the series, and to ask about trailers. */
export interface AmAudience {
  readonly questions: Questions;
  readonly reporter: Reporter;
  readonly style: Style;
}

interface AmRun extends AmAudience {
  readonly wishes: AmWishes;
  readonly git: GitWords;
  readonly offering: WantedTrailers;
  readonly repository: Repository;
  readonly store: TrustStore;
  /** `Name <address>`. */
  readonly committer: string;
}

/**
 * @returns false if nothing was applied; the user was told why
 * @throws PatchsigError "usage"; "refused" if git cannot apply patches here now, or committed something else;
 *   "git-failed" if git am stopped
 */
export async function runAm(wishes: AmWishes, audience: AmAudience): Promise<boolean> {
  const { reporter } = audience;
  const offering = wantedTrailers(wishes);
  const git = gitWords(wishes);
  const repository = await openHere();
  await checkGit(repository, git.words);
  await checkIdle(repository);
  await settlePending(repository, reporter.say);
  const committer = await committerOf(repository);
  return asUser(wishes, false, async (store, terms) => {
    const options = {
      ...terms,
      sources: wishes.source,
      // lines that somebody added to the mails count as trailers to add: what is verified is without them
      signedOnly: wishes.signedOnly || offering.inMail,
      trailers: offering.trailers,
    };
    const found = await readSeries(options, wishes.choice, store, reporter);
    return applySeries({ ...audience, wishes, git, offering, repository, store, committer }, found);
  });
}

async function applySeries(run: AmRun, found: SeriesToApply): Promise<boolean> {
  const { wishes, offering, repository, questions, reporter, style } = run;
  const { quiet } = wishes;
  const { series } = found;
  const chosen = choosePatches(series, wishes.partial, wishes.only);
  if ("refused" in chosen) {
    questions.show(trailerOfferLines(series, NO_TRAILERS, style));
    [...chosen.refused, ...trailerHints(series, wishes)].forEach(reporter.say);
    return false;
  }
  const { patches } = chosen;
  const offer = offerTrailers(found, patches, offering);
  const told = quiet ? { ...reporter, say: () => undefined } : reporter;
  if (!quiet) questions.show(trailerOfferLines(series, offer, style));
  checkUnchanged(repository, patches, { scissors: wishes.scissors === true, fix: isFix(wishes) });
  const asked = quiet ? null : questions;
  const wanted = await wantsTrailers(offer, offering.add, asked, told.say);
  const added = addedTo(patches, offer, wanted);
  const { messageId } = wishes;
  const composed = composeMails(repository, patches, { time: now(), messageId, added });
  if (wishes.onBase) await goToBase(repository, series, wishes, told);
  const here = await whileAlone(repository, told.say, () =>
    applyAndRecord(run, patches, composed, added),
  );
  const more = wanted ? `, added ${count(offer.count, "trailer")}` : "";
  told.say(`applied ${count(patches.length - here.length, "patch")}${more}`);
  for (const { result } of here) told.say(`note: already here, not applied: ${result.subject}`);
  for (const note of authorNotes(patches)) told.say(note);
  if (!quiet) questions.show(await testsOf(run, patches));
  return true;
}

/** Notes on authors that are a mailing list's address, each once. */
function authorNotes(patches: readonly JudgedMember<Checked>[]): string[] {
  const found = patches.flatMap(({ result }) => result.findings);
  const listed = found.filter(({ code }) => code === "author-replaced");
  const notes = listed.map(({ message }) => `note: ${message}: git commit --amend --author`);
  return [...new Set(notes)].slice(0, MAX_NOTES);
}

const MAX_NOTES = 5;

/** Lines that say what is known of tests on the tree that is checked out now, and on the same patches. */
async function testsOf(
  { repository, store, style, reporter }: AmRun,
  patches: readonly JudgedMember<Checked>[],
): Promise<SafeText[]> {
  const known = await openKnownTests(store, reporter.say);
  if (known === null) return [];
  try {
    const diffs = patches.map(({ payload }) => sha256(payload.diff!.canonical));
    const tests = known.about(await treeNamed(repository, "HEAD"), patchesDigest(diffs));
    return tests === null ? [] : renderTests(tests, style);
  } finally {
    known.close();
  }
}

/**
 * @returns the patches of which git made no commit, since their changes were here already
 * @throws PatchsigError "git-failed" if git am stopped; the patches before that are applied, and count for their
 *   keys
 */
async function applyAndRecord(
  { wishes, git, repository, store, committer, reporter: { say } }: AmRun,
  patches: readonly JudgedMember<Checked>[],
  mails: Parameters<typeof applyMails>[2],
  added: ReturnType<typeof addedTo>,
): Promise<readonly JudgedMember<Checked>[]> {
  const { words, fitting, forgotten } = git;
  const how = { threeWay: wishes["3way"], signoff: wishes.signoff, words, fitting };
  // once more: another am may have begun since
  await checkIdle(repository);
  const before = await headCommit(repository);
  const isWanted = wishes.record ?? repository.config.bool("patchsig.record") ?? true;
  const given = { patches, added, before, committer, forgotten };
  const records = await prepareRecords(repository, given, isWanted, say);
  const { applied, commits } = await applyMails(repository, before, mails, how, say).catch(
    async (error: unknown) => {
      await forgetPending(repository);
      throw error;
    },
  );
  const isHere = (i: number): boolean => commits[i] === null;
  countApplied(
    store,
    patches.slice(0, applied).filter((_, i) => !isHere(i)),
  );
  if (applied < patches.length)
    throw new PatchsigError(
      "git-failed",
      `git am stopped: ${applied} of ${patches.length} applied`,
      { hint: stopHint(repository) },
    );
  await recordApplied(repository, records, commits, say);
  return patches.filter((_, i) => isHere(i));
}

/** How to go on: git may have ended before it began, because of a hook or a lock. */
function stopHint(repository: Repository): string {
  const left = amProgress(repository);
  if (left === null) return "mend what git says above, then try again";
  return left.at === 0
    ? "mend what git says above, then git patchsig am --abort, and try again"
    : "when it is resolved: git patchsig am --continue; or --skip, --abort";
}
