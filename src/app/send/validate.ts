/** Runs the hook `sendemail-validate` on mails about to be sent, as git send-email does (githooks(5)). */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT, PatchsigError } from "../../errors.ts";
import { hooksFolder, hooksNamed } from "../../git/hooks.ts";
import { isAtLeast, type Repository } from "../../git/repository.ts";
import { runGit } from "../../git/run.ts";
import { readMail } from "../../mail/mailinfo.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { bodyOf } from "../../outgoing/header.ts";
import { temporaryFolder } from "../../places.ts";
import { hookState } from "../../store/hook-file.ts";
import { checkMail } from "../../verify/check.ts";
import type { Reporter } from "../reporter.ts";
import { type VersionMails, withoutFromLine } from "./mails.ts";

const HOOK = "sendemail-validate";

/**
 * Runs the hook of the repository for each mail. What it adds to a mail is sent: patatt's hook adds a signature.
 *
 * @returns the mails as the hook left them
 * @throws PatchsigError "refused" if the hook refuses one, or changes what is signed; "unsupported" if
 *   git is too old to run it
 */
export async function validated(
  repository: Repository,
  made: VersionMails,
  say: Reporter["say"],
): Promise<readonly Buffer[]> {
  if (!(await isThere(repository))) return made.mails;
  if (!(await isAtLeast(repository, 2, 36)))
    throw new PatchsigError("unsupported", `git before 2.36 cannot run the hook ${HOOK}`, {
      hint: "--no-validate sends without it",
    });
  const folder = temporaryFolder("patchsig-send-");
  try {
    mkdirSync(join(folder, "headers"));
    const names = made.sent.map(({ index }) => `${String(index).padStart(4, "0")}.patch`);
    for (const [i, mail] of made.mails.entries()) {
      writeFileSync(join(folder, names[i]!), Buffer.concat([fromLine(made, i), mail]));
      const header = mail.subarray(0, mail.length - bodyOf(mail).length - 1);
      writeFileSync(join(folder, "headers", names[i]!), header);
    }
    const left: Buffer[] = [];
    for (const [i, name] of names.entries()) {
      const files = [join(folder, name), join(folder, "headers", name)];
      await runHook(repository, files, {
        title: made.titles[i]!,
        place: i + 1,
        of: names.length,
        say,
      });
      left.push(leftBy(readFileSync(files[0]!), made, i));
    }
    return left;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Is there another hook than ours? Ours would only find its own signature. */
async function isThere({ cwd, config }: Repository): Promise<boolean> {
  const { installed, path, other } = hookState((await hooksFolder(cwd)).folder);
  // git 2.54 also runs those that settings name, if there is a file
  return installed ? other !== null || hooksNamed(config).has(HOOK) : other === path;
}

/** As git format-patch begins a file. */
function fromLine({ sent }: VersionMails, i: number): Buffer {
  const commit = sent[i]!.patch?.commit ?? sent.at(-1)!.patch!.commit;
  return Buffer.from(`From ${commit} Mon Sep 17 00:00:00 2001\n`);
}

interface HookedMail {
  readonly title: string;
  readonly place: number;
  readonly of: number;
  readonly say: Reporter["say"];
}

async function runHook(
  { cwd, toplevel }: Repository,
  files: readonly string[],
  { title, place, of, say }: HookedMail,
): Promise<void> {
  const { status, stdout, stderr } = await runGit(["hook", "run", HOOK, "--", ...files], {
    cwd: toplevel ?? cwd,
    purpose: "work",
    env: { GIT_SENDEMAIL_FILE_COUNTER: String(place), GIT_SENDEMAIL_FILE_TOTAL: String(of) },
  });
  const words = `${stdout.toString()}${stderr}`.split("\n").filter((line) => line.trim() !== "");
  words.forEach(say);
  if (status === 0) return;
  throw new PatchsigError("refused", `${title}: the hook ${HOOK} refuses it`, {
    hint: "--no-validate sends without it",
    exit: EXIT.unmet,
  });
}

/** The mail as it is now, if it is still the signed one. */
function leftBy(file: Buffer, { mails, sent, titles }: VersionMails, i: number): Buffer {
  const mail = withoutFromLine(file);
  if (mail.equals(mails[i]!)) return mail;
  const read = readMail(mail);
  const verifier = createVerifier(2);
  const holds = checkMail(mail, verifier).signature === checkMail(mails[i]!, verifier).signature;
  if (holds && read.ok && read.value.headers.messageId === sent[i]!.messageId) return mail;
  throw new PatchsigError(
    "refused",
    `${titles[i]}: the hook ${HOOK} changes what is signed: nothing was sent`,
    { hint: "--no-validate sends without it", exit: EXIT.unmet },
  );
}
