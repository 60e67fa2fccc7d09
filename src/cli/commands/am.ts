/** `patchsig am`: verify, then apply exactly what was verified. */

import { goToBase } from "../../app/apply/base.ts";
import { choosePatches } from "../../app/apply/choose.ts";
import { checkUnchanged, checkWords } from "../../app/apply/git-options.ts";
import { applyMails, checkIdle, composeMails, countApplied } from "../../app/apply/commits.ts";
import { readSeries } from "../../app/apply/series.ts";
import { messageIdsAmong } from "../../app/sources/message-id.ts";
import { patchChoice } from "../../app/series/patches.ts";
import { now } from "../../app/now.ts";
import { devKeyringsOf } from "../../app/settings.ts";
import { openUserTrust } from "../../app/trust/user-trust.ts";
import { openUserDkim } from "../../app/verify/dkim.ts";
import { readPolicies } from "../../app/verify/policy.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { openRepository } from "../../git/repository.ts";
import { renderSeries } from "../../report/text.ts";
import { count } from "../../primitives/words.ts";
import {
  GIT_OPTIONS,
  gitWords,
  isFix,
  type GitOptionValues,
  REFUSED_OPTIONS,
} from "../am/git-options.ts";
import { command, type CommandStatus } from "../../options/command.ts";
import { endOnSignal } from "../../terminal/signals.ts";
import {
  clearProgress,
  out,
  outputStyle,
  reporter,
  say,
  sayWaiting,
} from "../../terminal/terminal.ts";
import { POLICY_OPTIONS } from "../policy-options.ts";
import { PATCHES_OPTION, SERIES_OPTIONS, seriesChoice } from "../series-options.ts";

interface Arguments extends GitOptionValues {
  source: string[];
  require?: string | undefined;
  devKeyring?: string[] | undefined;
  dkim: boolean;
  signedOnly: boolean;
  partial: boolean;
  series?: string | undefined;
  version?: string | undefined;
  composed: boolean;
  patches?: string | undefined;
  onBase: boolean;
  guessBase: boolean;
  branch?: string | undefined;
}

export const amCommand = command({
  usage: "am [source..]",
  describe: "verify, then apply exactly what was verified",
  words: {
    source: {
      describe: "mails, as for verify; - for stdin",
      type: "string",
      array: true,
      default: ["-"],
    },
  },
  options: {
    "on-base": {
      type: "boolean",
      default: false,
      describe: "apply on the recorded base, on a new branch",
    },
    "guess-base": {
      type: "boolean",
      default: false,
      describe: "with --on-base: if none is signed, on the most likely one",
    },
    branch: {
      type: "string",
      requiresArg: true,
      describe: "the name of that branch",
    },
    "signed-only": {
      type: "boolean",
      default: false,
      describe: "apply what was signed, without trailers added since",
    },
    ...SERIES_OPTIONS,
    composed: {
      type: "boolean",
      default: false,
      describe: "with the patches of it that were sent again",
    },
    patches: PATCHES_OPTION,
    partial: {
      type: "boolean",
      default: false,
      describe: "apply what is good though others failed or are missing",
    },
    ...POLICY_OPTIONS,
    ...GIT_OPTIONS,
  },
  glued: ["gpg-sign"],
  refused: REFUSED_OPTIONS,
  run: am,
});

async function am(args: Arguments): Promise<CommandStatus> {
  const { source, signedOnly, partial, onBase, guessBase, quiet } = args;
  if (args.branch !== undefined && !onBase)
    throw new PatchsigError("usage", "--branch goes with --on-base");
  if (guessBase && !onBase) throw new PatchsigError("usage", "--guess-base goes with --on-base");
  const mails = messageIdsAmong(source);
  const choice = seriesChoice(args, mails, args.composed);
  const only = args.patches === undefined ? null : patchChoice(args.patches, mails);
  const { words, forgotten } = gitWords(args);
  if (guessBase) endOnSignal();
  const repository = await openRepository(process.cwd());
  checkWords(repository, words);
  await checkIdle(repository);
  const store = openUserTrust(false);
  try {
    const policies = readPolicies(args.require);
    const devKeyrings = devKeyringsOf(args.devKeyring);
    const dkim = await openUserDkim(store, args.dkim);
    const options = { sources: source, policies, devKeyrings, signedOnly, dkim };
    sayWaiting(source);
    const series = await readSeries(options, choice, store, reporter());
    const results = series.members.map((member) => member.result);
    const chosen = choosePatches(series, partial, only);
    if (!quiet || "refused" in chosen) out(renderSeries(series.result, results, outputStyle()));
    if ("refused" in chosen) {
      chosen.refused.forEach(say);
      return EXIT.unmet;
    }
    const { patches } = chosen;
    checkUnchanged(repository, patches, { scissors: args.scissors === true, fix: isFix(args) });
    const { messageId } = args;
    const composed = composeMails(repository, patches, { time: now(), messageId });
    const told = quiet ? { ...reporter(), say: () => undefined } : reporter();
    if (onBase) await goToBase(repository, series, args, told);
    const how = { threeWay: args["3way"], signoff: args.signoff, words };
    const applied = await applyMails(repository, composed, how, say);
    countApplied(store, patches.slice(0, applied));
    if (applied < patches.length)
      throw new PatchsigError(
        "git-failed",
        `git am stopped: ${applied} of ${patches.length} applied`,
        forgotten.length === 0 ? {} : { hint: `then: git am --continue ${forgotten.join(" ")}` },
      );
    told.say(`applied ${count(applied, "patch")}`);
  } finally {
    clearProgress();
    store.close();
  }
}
