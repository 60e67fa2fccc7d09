/** `patchsig sign`: patch files, mails and mboxes in place, or stdin to stdout. */

import { readFileSync, statSync } from "node:fs";
import type { Argv, CommandModule } from "yargs";
import { CliError, EXIT } from "../../errors.ts";
import { messages } from "../../mail/mbox.ts";
import { looksLikeMail, notAMail, readStdin } from "../../source/file.ts";
import { replaceFile } from "../../store/replace-file.ts";
import { passwordOptions, type PasswordSettings } from "../password.ts";
import { type Draft, reportSigned, signDrafts, signerAddress, unlockSigner } from "../signing.ts";
import { out } from "../terminal.ts";

interface Arguments extends PasswordSettings {
  file: string[];
  key?: string;
  base?: string;
  quiet: boolean;
}

export const signCommand: CommandModule<object, Arguments> = {
  command: "sign [file..]",
  describe: "sign or re-sign patch files, mails, an mbox",
  builder: (yargs): Argv<Arguments> =>
    yargs
      .positional("file", {
        describe: "files to sign in place; none or - signs stdin to stdout",
        type: "string",
        array: true,
        default: ["-"],
      })
      .option("key", {
        type: "string",
        requiresArg: true,
        describe: "the secret key file (default: patchsig.key of git config)",
      })
      .option("base", {
        type: "string",
        requiresArg: true,
        describe: "full name of the base commit, where the mails do not say it",
      })
      .option("quiet", { alias: "q", type: "boolean", default: false, describe: "say nothing" })
      .options(passwordOptions) as unknown as Argv<Arguments>,
  handler: sign,
};

/** A larger file is no series of patches, and would be held in memory several times over. */
const MAX_FILE = 128 << 20;

/** A file or stdin, and the mails in it. */
interface Sheet {
  readonly name: string;
  readonly bytes: Buffer;
  readonly mails: readonly { start: number; end: number; mail: Buffer }[];
}

async function sign(args: Arguments): Promise<void> {
  const { base } = args;
  if (base !== undefined && !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(base))
    throw new CliError("usage", `--base wants a full object name`, {
      hint: "git rev-parse origin/main",
    });
  if (args.file.includes("-") && args.file.length > 1)
    throw new CliError("usage", "stdin cannot be signed together with files");
  // with --password-fd 0 the mails come after the password
  let signer = args.passwordFd === 0 ? await unlockSigner(args) : null;
  try {
    const sheets = args.file.map(readSheet);
    const drafts = sheets.flatMap(draftsOf);
    if (drafts.length === 0) throw new CliError("no-patch", "no patch found", { exit: EXIT.unmet });

    const by = signerAddress();
    signer ??= await unlockSigner(args);
    const time = Math.floor(Date.now() / 1000);
    const signed = signDrafts(drafts, { signer, by, time, base, inOrder: false });
    if (signed.patches === 0 && signed.notes.length === 0)
      throw new CliError("no-patch", "no patch found", { exit: EXIT.unmet });
    let next = 0;
    const done = sheets.map((sheet) => {
      const mails = signed.mails.slice(next, next + sheet.mails.length);
      next += sheet.mails.length;
      return { sheet, bytes: rewritten(sheet, mails) };
    });
    for (const { sheet, bytes } of done) {
      if (sheet.name === "-") out(bytes);
      else if (!bytes.equals(sheet.bytes)) replaceFile(sheet.name, bytes);
    }
    if (!args.quiet) reportSigned(signed, by);
  } finally {
    signer?.wipe();
  }
}

function readSheet(name: string): Sheet {
  const bytes = readWhole(name);
  if (!looksLikeMail(bytes)) throw notAMail(name);
  const mails = messages(bytes).map(({ offset, size, bytes: mail }) => {
    if (mail === null) throw new CliError("too-large", `${name}: a mail of ${size} bytes`);
    return { start: offset, end: offset + size, mail };
  });
  return { name, bytes, mails };
}

function readWhole(name: string): Buffer {
  if (name === "-") {
    const bytes = readStdin(MAX_FILE);
    if (bytes === null) throw tooLarge("standard input");
    return bytes;
  }
  const stat = statSync(name, { throwIfNoEntry: false });
  if (stat === undefined) throw new CliError("not-found", `no such file: ${name}`);
  if (stat.isDirectory())
    throw new CliError("unreadable", `${name} is a directory`, {
      hint: `name the files: ${name}/*.patch`,
    });
  if (!stat.isFile())
    throw new CliError("unreadable", `${name} is no file that can be signed in place`, {
      hint: "without a file name, standard input is signed",
    });
  // it could be replaced all the same, but that is not what its owner meant
  if ((stat.mode & 0o222) === 0)
    throw new CliError("unwritable", `${name} is read-only`, { hint: `chmod u+w ${name}` });
  if (stat.size > MAX_FILE) throw tooLarge(name);
  try {
    return readFileSync(name);
  } catch (error) {
    throw new CliError("unreadable", `cannot read ${name}`, { cause: error });
  }
}

function tooLarge(name: string): CliError {
  return new CliError("too-large", `${name} is too large to be patches`);
}

function draftsOf(sheet: Sheet): Draft[] {
  const { name, mails } = sheet;
  return mails.map(({ mail }, i) => ({
    name: mails.length === 1 ? name : `${name}, mail ${i + 1}`,
    mail,
  }));
}

/** The file with the signed mails in the place of the old ones, CRLF where it was CRLF. */
function rewritten(sheet: Sheet, mails: readonly (Buffer | null)[]): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const [i, mail] of mails.entries()) {
    const { start, end } = sheet.mails[i]!;
    if (mail === null) continue;
    const raw = sheet.bytes.subarray(start, end);
    pieces.push(sheet.bytes.subarray(at, start), isCrlf(raw) ? toCrlf(mail) : mail);
    at = end;
  }
  pieces.push(sheet.bytes.subarray(at));
  return Buffer.concat(pieces);
}

/** True if every LF has a CR before it. */
function isCrlf(bytes: Buffer): boolean {
  let at = bytes.indexOf("\n");
  if (at < 0) return false;
  while (at >= 0) {
    if (bytes[at - 1] !== 0x0d) return false;
    at = bytes.indexOf("\n", at + 1);
  }
  return true;
}

function toCrlf(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString("latin1").replaceAll("\n", "\r\n"), "latin1");
}
