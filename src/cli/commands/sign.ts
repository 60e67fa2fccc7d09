/** `patchsig sign`: patch files, mails and mboxes in place, or stdin to stdout. */

import { now } from "../../app/now.ts";
import { readFilesToSign, type SignedFiles, signFiles } from "../../app/sign/sign-files.ts";
import { isUnmet, signedLines, signerAddress } from "../../app/sign/signing.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { replaceFile } from "../../store/replace-file.ts";
import { command } from "../../options/command.ts";
import { SIGNER_OPTIONS, userSigner } from "../signer.ts";
import { outFile, say, sayWaiting } from "../../terminal/terminal.ts";
import { flag, several, value } from "../../options/kinds.ts";
import { isFullName } from "../../primitives/object-name.ts";

export const signCommand = command({
  usage: "sign [file..]",
  describe: "sign or re-sign patch files, mails, an mbox",
  words: {
    file: several("files to sign in place; none or - signs stdin to stdout", "-"),
  },
  options: {
    base: value("full name of the base commit, if the mails do not name it"),
    quiet: flag("say nothing", "q"),
    ...SIGNER_OPTIONS,
  },
  async run(args) {
    const { base } = args;
    if (base !== undefined && !isFullName(base))
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
  },
});

function write({ files }: SignedFiles): void {
  for (const { mailFile, bytes } of files) {
    if (mailFile.name === "-") outFile(bytes);
    else if (!bytes.equals(mailFile.bytes)) replaceFile(mailFile.name, bytes);
  }
}
