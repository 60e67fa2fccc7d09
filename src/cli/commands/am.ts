/** `patchsig am`: verify, then apply exactly what was verified. */

import { resumeAm } from "../../app/apply/resume.ts";
import { runAm } from "../../app/apply/run.ts";
import { patchChoice } from "../../app/series/patches.ts";
import { openHere } from "../../app/settings.ts";
import { messageIdsAmong } from "../../app/sources/message-id.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { currentPatch } from "../../git/repository.ts";
import { command, type CommandStatus, type ValuesOf } from "../../options/command.ts";
import { flag, several, value } from "../../options/kinds.ts";
import { questions } from "../../terminal/questions.ts";
import { endOnSignal } from "../../terminal/signals.ts";
import { outFile, outputStyle, reporter, say, sayWaiting } from "../../terminal/terminal.ts";
import { GIT_OPTIONS, REFUSED_OPTIONS } from "../am/git-options.ts";
import { RESUME_OPTIONS, resumeWord } from "../am/resume.ts";
import { POLICY_OPTIONS } from "../policy-options.ts";
import { PATCHES_OPTION, SERIES_OPTIONS, seriesChoice } from "../series-options.ts";

const WORDS = {
  source: several("mails, as for verify; - for stdin", "-"),
} as const;

const OPTIONS = {
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
  trailers: { type: "boolean", describe: "add the trailers of replies (default: ask)" },
  "sloppy-trailers": flag("also those that somebody sent in another's name"),
  link: flag("add a Link to each mail, by patchsig.linkMask", "l"),
  ...POLICY_OPTIONS,
  ...GIT_OPTIONS,
  ...RESUME_OPTIONS,
} as const;

type Arguments = ValuesOf<typeof WORDS> & ValuesOf<typeof OPTIONS>;

export const amCommand = command({
  usage: "am [source..]",
  describe: "verify, then apply exactly what was verified",
  words: WORDS,
  options: OPTIONS,
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
  if (args.branch !== undefined && !args.onBase)
    throw new PatchsigError("usage", "--branch goes with --on-base");
  if (args.guessBase && !args.onBase)
    throw new PatchsigError("usage", "--guess-base goes with --on-base");
  const mails = messageIdsAmong(args.source);
  const choice = seriesChoice(args, mails, args.composed);
  const only = args.patches === undefined ? null : patchChoice(args.patches, mails);
  if (args.guessBase) endOnSignal();
  sayWaiting(args.source);
  const audience = { questions, reporter: reporter(), style: outputStyle() };
  return (await runAm({ ...args, choice, only }, audience)) ? EXIT.ok : EXIT.unmet;
}
