/** `patchsig send`: a branch, or a request, becomes a signed series in people's inboxes. */

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { now } from "../../app/now.ts";
import { batchToContinue } from "../../app/send/batch.ts";
import type { MadeMails } from "../../app/send/make.ts";
import { branchMeant } from "../../app/send/names.ts";
import { planSend, type SendPlan } from "../../app/send/plan.ts";
import { batchPlace, queueVersion } from "../../app/send/queue.ts";
import { planResend } from "../../app/send/resend.ts";
import { forbidCore } from "../../app/secrets.ts";
import { openHere } from "../../app/settings.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import type { Repository } from "../../git/repository.ts";
import { command, type CommandStatus } from "../../options/command.ts";
import { ours } from "../../report/escape.ts";
import { renderObjections, renderSendPreview } from "../../report/send.ts";
import { placeFile } from "../../store/replace-file.ts";
import { writing } from "../../store/whole-file.ts";
import { passwordOptions } from "../../terminal/password.ts";
import { askYesOrNo, canAsk } from "../../terminal/questions.ts";
import { out, outputStyle, say, saySafe } from "../../terminal/terminal.ts";
import { cancel, deliver, withOutbox } from "../send/deliver.ts";
import { printBatch, printPlanned, printRefused } from "../send/records.ts";
import { type MakeArguments, makeAsked } from "../send/make.ts";
import { sendSettings, versionOf, type WishArguments, wishesOf } from "../send/wishes.ts";
import { makeFolders } from "../../places.ts";

interface Arguments extends WishArguments, MakeArguments {
  readonly resend?: string | undefined;
  readonly outputDirectory?: string | undefined;
  readonly dryRun: boolean;
  readonly rehearse: boolean;
  readonly yes: boolean;
  readonly status: boolean;
  readonly continue: boolean;
  readonly cancel: boolean;
  readonly json: boolean;
  readonly drop?: string[] | undefined;
}

const many = { type: "string", array: true, nargs: 1, requiresArg: true } as const;
const one = { type: "string", requiresArg: true } as const;
const flag = { type: "boolean", default: false } as const;

export const sendCommand = command({
  usage: "send [range..]",
  describe: "send a branch or a pull request as a signed series",
  words: {
    range: {
      describe: "a branch, or a range; without one, the branch that is checked out",
      type: "string",
      array: true,
      default: [],
    },
  },
  options: {
    to: { ...many, describe: "a recipient, remembered for later versions" },
    cc: { ...many, describe: "one more, remembered too" },
    bcc: { ...many, describe: "one whom the others do not see, not remembered" },
    "no-to": { type: "boolean", describe: "nobody of sendemail.to, nor of those remembered" },
    "no-cc": { type: "boolean", describe: "nobody of sendemail.cc, nor of those remembered" },
    "no-bcc": { type: "boolean", describe: "nobody of sendemail.bcc" },
    "to-cmd": { ...one, describe: "a program that prints whom a patch goes to" },
    "cc-cmd": { ...one, describe: "a program that prints who gets a copy of a patch" },
    "header-cmd": { ...one, describe: "a program that prints more header fields of a mail" },
    "suppress-cc": { ...many, describe: "whom to leave out, as for git send-email" },
    "no-project": { type: "boolean", describe: "nothing of the project's .patchsig" },
    identity: { ...one, describe: "the settings to send with: sendemail.NAME.*" },
    "reroll-count": { ...one, alias: "v", describe: "the version's number (default: the next)" },
    prefix: { ...many, describe: "words before PATCH in the subjects, remembered: net-next" },
    rfc: { ...flag, describe: "the same as --prefix RFC" },
    cover: { ...one, describe: "a file with the cover letter, or - for stdin" },
    "no-cover": { type: "boolean", describe: "no cover letter" },
    thread: { ...one, describe: "what a new version replies to: new, first, previous" },
    "chain-reply-to": { type: "boolean", describe: "each patch replies to the one before it" },
    base: { ...one, describe: "the base, as for format-patch" },
    "no-base": { type: "boolean", describe: "record no base" },
    "from-pr": { ...many, nargs: 2, describe: "a pull request: its remote, and its number" },
    "from-request": { ...one, describe: "a file that git request-pull wrote, or -" },
    resend: { ...one, describe: "a version that was sent, once more: v2" },
    allow: { ...many, describe: "send though this check speaks against it" },
    "dry-run": { ...flag, alias: "n", describe: "only show what would be sent" },
    annotate: { type: "boolean", describe: "edit the mails before they are signed" },
    "no-validate": { type: "boolean", describe: "do not run the hook sendemail-validate" },
    rehearse: { ...flag, describe: "only show what the mails would not survive on their way" },
    "output-directory": { ...one, alias: "o", describe: "write the mails there instead" },
    reflect: { ...flag, describe: "send all of it only to yourself" },
    "preview-to": { ...one, describe: "send all of it only to this address" },
    yes: { ...flag, alias: "y", describe: "send without asking" },
    status: { ...flag, describe: "show what waits in the outbox" },
    continue: { ...flag, describe: "send what waits" },
    cancel: { ...flag, describe: "take back what has not left" },
    json: { ...flag, describe: "one JSON record a mail, and one for the series; asks nothing" },
    drop: { ...many, describe: "with --continue: leave out this address, which is refused" },
    key: { ...one, describe: "the secret key file, or ssh:NAME of one in ssh-agent" },
    ...passwordOptions,
  },
  async run(args) {
    const [more, ...others] = [args.status, args.continue, args.cancel].filter(Boolean);
    if (others.length > 0)
      throw new PatchsigError("usage", "--status, --continue and --cancel exclude each other");
    if (args.drop !== undefined && !args.continue)
      throw new PatchsigError("usage", "--drop leaves somebody out of what waits", {
        hint: "git patchsig send --continue --drop ADDRESS",
      });
    await forbidCore();
    return more === undefined ? send(args) : goOn(args);
  },
});

async function send(args: Arguments): Promise<CommandStatus> {
  const repository = await openHere();
  const plan = await planOf(repository, args);
  if (plan.objections.length > 0) {
    saySafe(renderObjections(plan.objections));
    if (args.json) printRefused(plan);
    return EXIT.unmet;
  }
  const made = await makeAsked(repository, plan, args);
  if (!args.json) out(renderSendPreview(made.preview, outputStyle()));
  const files = args.outputDirectory === undefined ? [] : write(made, args.outputDirectory);
  if (files.length > 0 || args.rehearse || args.dryRun) {
    if (args.json) printPlanned(made, files);
    else for (const file of files) out(ours`${file}`);
    const why = files.length > 0 ? null : args.rehearse ? "--rehearse" : "--dry-run";
    return why === null ? undefined : say(`nothing was sent: ${why}`);
  }
  if (made.mustAsk && !(await isWanted(args))) return say("nothing was sent");
  return withOutbox(async (store) => {
    const { mails, envelopes, identity } = made;
    const terms = { plan, made: mails, envelopes, identity, now: now(), keep: !made.isPreview };
    const id = await queueVersion(store, repository, terms);
    const batch = store.open().find((open) => open.id === id)!;
    return deliver(store, repository, batch, { json: args.json, made });
  });
}

async function planOf(repository: Repository, args: Arguments): Promise<SendPlan> {
  if (args.resend === undefined) {
    const wishes = await wishesOf(repository, args);
    return planSend(repository, wishes, sendSettings(), { now: now(), random: randomBytes });
  }
  const branch = await branchMeant(repository, args.range[0]);
  return planResend(repository, branch, versionOf(args.resend));
}

async function isWanted({ yes, json }: Arguments): Promise<boolean> {
  if (yes) return true;
  if (!json && canAsk()) return askYesOrNo(ours`send it?`);
  throw new PatchsigError("usage", "nobody can be asked whether to send it", {
    hint: "--yes sends it; --dry-run only shows it",
  });
}

/** Files for another program to send; their names. */
function write({ mails }: MadeMails, folder: string): string[] {
  writing(folder, () => makeFolders(folder), "make");
  return mails.mails.map((mail, i) => {
    const { index } = mails.sent[i]!;
    const file = join(folder, `${String(index).padStart(4, "0")}.patch`);
    placeFile(file, mail);
    return file;
  });
}

async function goOn(args: Arguments): Promise<CommandStatus> {
  const repository = await openHere();
  return withOutbox(async (store) => {
    const here = store.open().filter((batch) => batch.repository === batchPlace(repository));
    if (args.status) {
      if (args.json) return here.forEach((batch) => printBatch(batch, false, null));
      for (const { branch, version, mails } of here)
        for (const { title, state, said } of mails)
          out([
            ours`${branch} v${version}  ${state.padEnd(9)} ${title}`,
            ...(said === "" ? [] : [ours`    ${said}`]),
          ]);
      return here.length === 0 ? say("nothing waits") : undefined;
    }
    const where = { repository: batchPlace(repository), branch: args.range[0] ?? null };
    const batch = batchToContinue(store, where);
    const delivery = { drop: args.drop, json: args.json, made: null };
    return (args.cancel ? cancel : deliver)(store, repository, batch, delivery);
  });
}
