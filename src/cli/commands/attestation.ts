/** `patchsig attestation`: the signed text of a mail, for stock minisign to check. */

import type { Argv, CommandModule } from "yargs";
import { PatchsigError, EXIT } from "../../errors.ts";
import { glimpse } from "../../mail/glimpse.ts";
import { createVerifier, type Verifier } from "../../minisign/ed25519.ts";
import { formatSignature } from "../../minisign/signature.ts";
import { findMarkers, readBlock } from "../../patch/block.ts";
import { attestMail } from "../../patch/attestation.ts";
import { isUnread } from "../../source/piece.ts";
import { checkMail } from "../../verify/check.ts";
import type { Checked } from "../../verify/result.ts";
import { faultAt } from "../../app/fault.ts";
import { outFile } from "../terminal.ts";
import { openSource } from "../../app/sources/sources.ts";
import { replaceFile } from "../../store/replace-file.ts";
import { noPatch } from "../../app/verify/verification.ts";

interface Arguments {
  mail: string;
  minisig: boolean;
  output?: string;
}

export const attestationCommand: CommandModule<object, Arguments> = {
  command: "attestation [mail]",
  describe: "print the signed text of a mail, for minisign to check",
  builder: (yargs): Argv<Arguments> =>
    yargs
      .positional("mail", {
        describe: "a file with one patch, or - for stdin",
        type: "string",
        default: "-",
      })
      .option("minisig", {
        type: "boolean",
        default: false,
        describe: "print the four lines of the .minisig file instead",
      })
      .option("output", {
        alias: "o",
        type: "string",
        requiresArg: true,
        describe: "write NAME and NAME.minisig",
      }) as unknown as Argv<Arguments>,
  async handler(args) {
    const checked = await theMail(args.mail);
    const text = textOf(checked);
    if (args.output === undefined && !args.minisig) return outFile(text);
    const minisig = minisigOf(checked);
    if (args.output === undefined) return outFile(minisig);
    replaceFile(args.output, text);
    replaceFile(`${args.output}.minisig`, minisig);
  },
};

/** The only patch or cover letter of a source. */
async function theMail(source: string): Promise<Checked> {
  const verifier = createVerifier();
  let found: Checked | null = null;
  let mails = 0;
  for await (const pieces of openSource(source, {})) {
    for (const piece of pieces) {
      if (isUnread(piece)) throw piece.error;
      const { bytes } = piece;
      mails++;
      if (bytes === null) throw new PatchsigError("too-large", `${source}: the mail is too large`);
      const checked = checkOne(piece.source, bytes, verifier);
      if (checked.kind === "other") continue;
      if (found !== null)
        throw new PatchsigError("usage", `${source} holds more than one patch`, {
          hint: "give one mail",
        });
      found = checked;
    }
  }
  if (found === null) throw noPatch([source], mails);
  return found;
}

function checkOne(source: string, mail: Buffer, verifier: Verifier): Checked {
  try {
    return checkMail(mail, verifier);
  } catch (error) {
    throw faultAt({ source, messageId: glimpse(mail, "message-id") }, error).error;
  }
}

/** With the author that the signature proves, where a list replaced the From line. */
function textOf(checked: Checked): Buffer {
  if (checked.attestation !== null) return checked.attestation.text;
  if (checked.view === null || checked.diff === null)
    throw new PatchsigError("refused", checked.findings.at(-1)?.message ?? "the mail is refused");
  const made = attestMail(checked.view, checked.diff);
  if (!made.ok) throw new PatchsigError("refused", made.refusal.detail);
  return made.value.text;
}

function minisigOf({ view }: Checked): Buffer {
  const [start] = view === null ? [] : findMarkers(view.patch);
  if (view === null || start === undefined)
    throw new PatchsigError("refused", "the mail is not signed", { exit: EXIT.unmet });
  const block = readBlock(view.patch, start);
  if (!block.ok) throw new PatchsigError("refused", block.refusal.detail, { exit: EXIT.unmet });
  return Buffer.from(formatSignature(block.value.signature));
}
