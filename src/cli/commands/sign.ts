/** `patchsig sign`: patch files, mails and mboxes in place, or stdin to stdout. */

import { PatchsigError, EXIT } from "../../errors.ts";
import { replaceFile } from "../../store/replace-file.ts";
import { passwordOptions, type PasswordSettings } from "../password.ts";
import { checkWritable, draftsOf, readSheet, rewritten } from "../../app/sign/sheet.ts";
import { userSigner } from "../signer.ts";
import { isUnmet, signedLines, signDrafts, signerAddress } from "../../app/sign/signing.ts";
import { outFile, say } from "../terminal.ts";
import { now } from "../../app/now.ts";
import { command, type Status } from "../command.ts";

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
      describe: "full name of the base commit, where the mails do not say it",
    },
    quiet: { alias: "q", type: "boolean", default: false, describe: "say nothing" },
    ...passwordOptions,
  },
  run: sign,
});

async function sign(args: Arguments): Promise<Status> {
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
    const sheets = args.file.map(readSheet);
    for (const { name } of sheets) checkWritable(name);
    const drafts = sheets.flatMap(draftsOf);
    if (drafts.length === 0)
      throw new PatchsigError("no-patch", "no patch found", { exit: EXIT.unmet });

    const by = signerAddress();
    signer ??= await userSigner(args);
    const time = now();
    const signed = await signDrafts(drafts, { signer, by, time, base, inOrder: false });
    if (signed.patches === 0 && signed.notes.length === 0)
      throw new PatchsigError("no-patch", "no patch found", { exit: EXIT.unmet });
    let next = 0;
    const done = sheets.map((sheet) => {
      const mails = signed.mails.slice(next, next + sheet.mails.length);
      next += sheet.mails.length;
      return { sheet, bytes: rewritten(sheet, mails) };
    });
    for (const { sheet, bytes } of done) {
      if (sheet.name === "-") outFile(bytes);
      else if (!bytes.equals(sheet.bytes)) replaceFile(sheet.name, bytes);
    }
    if (!args.quiet) signedLines(signed, by).forEach(say);
    return isUnmet(signed) ? EXIT.unmet : EXIT.ok;
  } finally {
    signer?.wipe();
  }
}
