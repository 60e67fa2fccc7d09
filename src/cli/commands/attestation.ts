/** `patchsig attestation`: the signed text of a mail, for stock minisign to check. */

import { isWords, minisigOf, onlyMail, signedTextOf } from "../../app/verify/attestation.ts";
import { replaceFile } from "../../store/replace-file.ts";
import { command } from "../../options/command.ts";
import { outFile, sayWaiting } from "../../terminal/terminal.ts";
import { flag, value } from "../../options/kinds.ts";

export const attestationCommand = command({
  usage: "attestation [mail]",
  describe: "print the signed text of a mail, for minisign to check",
  words: {
    mail: {
      describe: "a file with one patch or signed review or test result, or - for stdin",
      type: "string",
      default: "-",
    },
  },
  options: {
    minisig: flag("print the four lines of the .minisig file instead"),
    output: value("write NAME and NAME.minisig", "o"),
  },
  async run(args) {
    sayWaiting([args.mail]);
    const found = await onlyMail(args.mail);
    const text = isWords(found) ? Buffer.from(found.text) : signedTextOf(found);
    if (args.output === undefined && !args.minisig) return outFile(text);
    const minisig = isWords(found) ? Buffer.from(found.minisig) : minisigOf(found);
    if (args.output === undefined) return outFile(minisig);
    replaceFile(args.output, text);
    replaceFile(`${args.output}.minisig`, minisig);
  },
});
