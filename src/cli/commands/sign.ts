/** `patchsig sign`: patch files, mails and mboxes in place, or stdin to stdout. */

import { now } from "../../app/now.ts";
import { readFilesToSign, type SignedFiles, signFiles } from "../../app/sign/sign-files.ts";
import { isUnmet, signedLines, signerAddress } from "../../app/sign/signing.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { replaceFile } from "../../store/replace-file.ts";
import { command, type CommandStatus } from "../../options/command.ts";
import { passwordOptions, type PasswordSettings } from "../../terminal/password.ts";
import { userSigner } from "../signer.ts";
import { outFile, say, sayWaiting } from "../../terminal/terminal.ts";

interface Arguments extends PasswordSettings {
  file: string[];
  key?: string | undefined;
  base?: string | undefined;
  quiet: boolean;
}

export const signCommand = command({
  usage: "sign [file..]",
  describe: "sign or re-sign patch files, mails, an mbox",
  words: {
    file: {
      describe: "files to sign in place; none or - signs stdin to stdout",
      type: "string",
      array: true,
      default: ["-"],
    },
  },
  options: {
    key: {
      type: "string",
      requiresArg: true,
      describe: "the secret key file, or ssh:NAME of one in ssh-agent (default: patchsig.key)",
    },
    base: {
      type: "string",
      requiresArg: true,
      describe: "full name of the base commit, if the mails do not name it",
    },
    quiet: { alias: "q", type: "boolean", default: false, describe: "say nothing" },
    ...passwordOptions,
  },
  run: sign,
});

async function sign(args: Arguments): Promise<CommandStatus> {
  const { base } = args;
  if (base !== undefined && !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(base))
    throw new PatchsigError("usage", `--base wants a full object name`, {
      hint: "git rev-parse origin/main",
    });
  if (args.file.includes("-") && args.file.length > 1)
    throw new PatchsigError("usage", "stdin cannot be signed together with files");
  // with --password-fd 0 the mails come after the password
  let signer = args.passwordFd === 0 ? await userSigner(args) : null;
  try {
    sayWaiting(args.file);
    const mailFiles = readFilesToSign(args.file);
    const by = signerAddress();
    signer ??= await userSigner(args);
    const signed = await signFiles(mailFiles, { signer, by, time: now(), base });
    write(signed);
    if (!args.quiet) signedLines(signed, by).forEach(say);
    return isUnmet(signed) ? EXIT.unmet : EXIT.ok;
  } finally {
    signer?.wipe();
  }
}

function write({ files }: SignedFiles): void {
  for (const { mailFile, bytes } of files) {
    if (mailFile.name === "-") outFile(bytes);
    else if (!bytes.equals(mailFile.bytes)) replaceFile(mailFile.name, bytes);
  }
}
