/**
 * `patchsig setup`: asks for what it cannot find out, shows what it will do, does it, and checks
 * it.
 */

import { type Facts, findFacts } from "../../app/setup/facts.ts";
import { keyStateOf } from "../../app/setup/keys.ts";
import { appliesPatches, planOf, sendsPatches, type SetupAnswers } from "../../app/setup/plan.ts";
import { ROLES } from "../../app/setup/record.ts";
import { recordedSteps, undoSetup } from "../../app/setup/undo.ts";
import { keyChoiceOf } from "../../app/settings.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { ours, type SafeText } from "../../report/escape.ts";
import { command, type CommandStatus } from "../../options/command.ts";
import { encrypts, PROTECT_OPTIONS } from "../key/common.ts";
import { passwordOptions, type PasswordSettings, passwordSource } from "../../terminal/password.ts";
import { askYesOrNo, canAsk, questions } from "../../terminal/questions.ts";
import { carryOut, type Passwords } from "../../app/setup/carry-out.ts";
import { answersOf, currentKey, demandAnswers, type SetupWishes } from "../../app/setup/answers.ts";
import {
  dayBlocks,
  foundLines,
  hookNotes,
  keyLines,
  planLines,
  recordNotes,
  undoLine,
  undoneLine,
} from "../../app/setup/words.ts";
import { blockPrinter, out, reporter, say, saySafe } from "../../terminal/terminal.ts";
import { flag, value } from "../../options/kinds.ts";

export const setupCommand = command({
  usage: "setup",
  describe: "begin: your key, the hook, and a check that all works",
  options: {
    role: {
      type: "string",
      requiresArg: true,
      describe: `what you do with patches: ${ROLES.join(", ")}`,
    },
    key: value("which key signs: new, a minisign file, or ssh:NAME of one in ssh-agent"),
    dkim: value("keys by which domains vouch for unsigned mails: off, cached, dns (asks for them)"),
    hook: {
      type: "boolean",
      default: true,
      describe: "install the hook in this repository; --no-hook does not",
    },
    local: flag("settings for this repository, not for all of yours"),
    yes: flag("do it without asking", "y"),
    "dry-run": flag("only say what would be done", "n"),
    undo: flag("take back what setup did"),
    ...PROTECT_OPTIONS,
    ...passwordOptions,
  },
  run: (args) =>
    args.undo ? undo(args) : setup({ ...args, encrypt: encrypts(args) }, passwordsOf(args)),
});

function passwordsOf(settings: PasswordSettings): Passwords {
  const given = settings.passwordFd !== undefined || settings.passwordFile !== undefined;
  return { ...passwordSource(settings), given };
}

async function setup(args: SetupWishes, passwords: Passwords): Promise<CommandStatus> {
  const facts = await findFacts(args.local);
  const found = await currentKey(facts, say);
  if (!canAsk()) demandAnswers(args, facts, found);
  const show = blockPrinter();
  show(foundLines(facts, found));
  const answers = await answersOf(args, facts, found, questions);
  const { steps, key } = planOf(facts, answers);
  show(planLines(steps));
  if (args.hook && sendsPatches(answers.role)) saySafe(hookNotes(facts));
  if (appliesPatches(answers.role)) saySafe(recordNotes(facts));
  if (args.dryRun) return EXIT.ok;
  if (steps.length > 0 && !args.yes && !(await agreed())) return EXIT.unmet;

  const address = answers.address ?? facts.address;
  const checked = await carryOut(answers, { steps, key }, address, passwords, reporter());
  show([
    checked
      ? ours`checked: a mail was signed and verified, and a change in it was noticed`
      : ours`not checked, since the key is locked: git patchsig key unlock, then setup again`,
  ]);
  for (const block of await nextBlocks(facts, answers, key)) show(block);
}

/** The public key, and the commands to go on with. */
async function nextBlocks(
  facts: Facts,
  { role, key: answer }: SetupAnswers,
  key: string | null,
): Promise<readonly (readonly SafeText[])[]> {
  if (key === null) return dayBlocks(role, false, facts);
  const state = await keyStateOf(keyChoiceOf(key), say);
  return [keyLines(key, state, answer?.kind === "new"), ...dayBlocks(role, state.encrypted, facts)];
}

async function agreed(): Promise<boolean> {
  const yes = await askYesOrNo(ours`do it?`);
  if (!yes) say("nothing was changed");
  return yes;
}

async function undo(args: Pick<SetupWishes, "yes" | "dryRun">): Promise<CommandStatus> {
  const steps = recordedSteps();
  if (steps.length === 0) {
    // forgets what was said
    await undoSetup();
    return say("setup has changed nothing that could be taken back");
  }
  if (!canAsk() && !args.yes && !args.dryRun)
    throw new PatchsigError("usage", "no terminal to ask on: give --yes");
  out([ours`this will be done:`, ...steps.map(undoLine)]);
  if (args.dryRun) return EXIT.ok;
  if (!args.yes && !(await agreed())) return EXIT.unmet;
  const undone = await undoSetup();
  out(undone.map(undoneLine));
  return undone.some(({ outcome }) => outcome instanceof PatchsigError) ? EXIT.failed : EXIT.ok;
}
