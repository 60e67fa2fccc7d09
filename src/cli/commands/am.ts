/** `patchsig am`: verify, then apply exactly what was verified. */

import { goToBase } from "../../app/apply/base.ts";
import { choosePatches } from "../../app/apply/choose.ts";
import { checkUnchanged, checkWords } from "../../app/apply/git-options.ts";
import { applyMails, checkIdle, composeMails, countApplied } from "../../app/apply/commits.ts";
import {
  addedTo,
  NO_TRAILERS,
  type OfferOptions,
  offerTrailers,
} from "../../app/apply/trailers.ts";
import { readSeries } from "../../app/apply/series.ts";
import { messageIdsAmong } from "../../app/sources/message-id.ts";
import { patchChoice } from "../../app/series/patches.ts";
import { now } from "../../app/now.ts";
import { devKeyringsOf, openHere } from "../../app/settings.ts";
import { openUserTrust } from "../../app/trust/user-trust.ts";
import { openUserDkim } from "../../app/verify/dkim.ts";
import { readPolicies } from "../../app/verify/policy.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { resumeAm } from "../../app/apply/resume.ts";
import { settlePending } from "../../app/record/settle.ts";
import { recordApplied } from "../../app/record/write.ts";
import { currentPatch } from "../../git/repository.ts";
import { count } from "../../primitives/words.ts";
import {
  GIT_OPTIONS,
  gitWords,
  isFix,
  type GitOptionValues,
  REFUSED_OPTIONS,
} from "../am/git-options.ts";
import {
  trailerOfferLines,
  offerOptions,
  TRAILER_OPTIONS,
  trailerHints,
  type TrailerValues,
  wantsTrailers,
} from "../am/trailers.ts";
import { RESUME_OPTIONS, type ResumeValues, resumeWord } from "../am/resume.ts";
import { command, type CommandStatus } from "../../options/command.ts";
import { endOnSignal } from "../../terminal/signals.ts";
import { clearProgress, out, outFile, reporter, say, sayWaiting } from "../../terminal/terminal.ts";
import { POLICY_OPTIONS } from "../policy-options.ts";
import { PATCHES_OPTION, SERIES_OPTIONS, seriesChoice } from "../series-options.ts";
import { flag, several, value } from "../../options/kinds.ts";

interface Arguments extends GitOptionValues, ResumeValues, TrailerValues {
  source: string[];
  require?: string | undefined;
  devKeyring?: string[] | undefined;
  dkim: boolean;
  partial: boolean;
  series?: string | undefined;
  version?: string | undefined;
  composed: boolean;
  patches?: string | undefined;
  onBase: boolean;
  guessBase: boolean;
  branch?: string | undefined;
  record?: boolean | undefined;
}

export const amCommand = command({
  usage: "am [source..]",
  describe: "verify, then apply exactly what was verified",
  words: {
    source: several("mails, as for verify; - for stdin", "-"),
  },
  options: {
    "on-base": flag("apply on the recorded base, on a new branch"),
    "guess-base": flag("with --on-base: if none is signed, on the most likely one"),
    branch: value("the name of that branch"),
    "signed-only": flag("apply what was signed, without trailers added since"),
    ...SERIES_OPTIONS,
    composed: flag("with the patches of it that were sent again"),
    patches: PATCHES_OPTION,
    partial: flag("apply what is good though others failed or are missing"),
    record: {
      type: "boolean",
      describe: "note on each commit what was verified (default; patchsig.record)",
    },
    ...TRAILER_OPTIONS,
    ...POLICY_OPTIONS,
    ...GIT_OPTIONS,
    ...RESUME_OPTIONS,
  },
  glued: ["gpg-sign", "show-current-patch"],
  refused: REFUSED_OPTIONS,
  run: am,
});

async function am(args: Arguments): Promise<CommandStatus> {
  const word = resumeWord(args, args.source.join() === "-" ? [] : args.source);
  if (word === null) return applySources(args);
  const repository = await openHere();
  if (word.startsWith("--show-current-patch")) outFile(await currentPatch(repository, word));
  else await resumeAm(repository, word, say);
}

async function applySources(args: Arguments): Promise<CommandStatus> {
  const { partial, onBase, guessBase, quiet } = args;
  if (args.branch !== undefined && !onBase)
    throw new PatchsigError("usage", "--branch goes with --on-base");
  if (guessBase && !onBase) throw new PatchsigError("usage", "--guess-base goes with --on-base");
  const mails = messageIdsAmong(args.source);
  const choice = seriesChoice(args, mails, args.composed);
  const only = args.patches === undefined ? null : patchChoice(args.patches, mails);
  const offering = offerOptions(args);
  const { words, fitting, forgotten } = gitWords(args);
  if (guessBase) endOnSignal();
  const repository = await openHere();
  await checkWords(repository, words);
  await checkIdle(repository);
  await settlePending(repository, say);
  const store = openUserTrust(false);
  try {
    const reading = await readOptions(args, offering, store);
    sayWaiting(args.source);
    const found = await readSeries(reading, choice, store, reporter());
    const { series } = found;
    const chosen = choosePatches(series, partial, only);
    if ("refused" in chosen) {
      out(trailerOfferLines(series, NO_TRAILERS));
      [...chosen.refused, ...trailerHints(series, args)].forEach(say);
      return EXIT.unmet;
    }
    const { patches } = chosen;
    const offer = offerTrailers(found, patches, offering);
    const told = quiet ? { ...reporter(), say: () => undefined } : reporter();
    if (!quiet) out(trailerOfferLines(series, offer));
    checkUnchanged(repository, patches, { scissors: args.scissors === true, fix: isFix(args) });
    const wanted = await wantsTrailers(offer, { ...offering, quiet }, told.say);
    const { messageId } = args;
    const added = addedTo(patches, offer, wanted);
    const composed = composeMails(repository, patches, { time: now(), messageId, added });
    if (onBase) await goToBase(repository, series, args, told);
    const how = { threeWay: args["3way"], signoff: args.signoff, words, fitting };
    const { applied, ...made } = await applyMails(repository, composed, how, say);
    countApplied(store, patches.slice(0, applied));
    const isWanted = args.record ?? repository.config.bool("patchsig.record") ?? true;
    const isStopped = applied < patches.length;
    const outcome = { patches, added, ...made, isStopped, forgotten };
    await recordApplied(repository, outcome, isWanted, say);
    if (isStopped)
      throw new PatchsigError(
        "git-failed",
        `git am stopped: ${applied} of ${patches.length} applied`,
        { hint: "when it is resolved: git patchsig am --continue; or --skip, --abort" },
      );
    const more = wanted ? `, added ${count(offer.count, "trailer")}` : "";
    told.say(`applied ${count(applied, "patch")}${more}`);
  } finally {
    clearProgress();
    store.close();
  }
}

async function readOptions(
  { source, require, devKeyring, dkim, signedOnly }: Arguments,
  { trailers, inMail }: OfferOptions,
  store: TrustStore,
): Promise<Parameters<typeof readSeries>[0]> {
  return {
    sources: source,
    policies: readPolicies(require),
    devKeyrings: devKeyringsOf(devKeyring),
    // what was written into the mails is added to what was signed
    signedOnly: signedOnly || inMail,
    dkim: await openUserDkim(store, dkim),
    trailers,
  };
}
