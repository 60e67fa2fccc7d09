/** Signs the mails in files, all in one go. Nothing is written here. */

import { EXIT, PatchsigError } from "../../errors.ts";
import type { MinisignSigner } from "../../minisign/signature.ts";
import {
  checkWritable,
  mailsToSign,
  readMailFile,
  rewritten,
  type SplitMailFile,
} from "./mail-file.ts";
import { type SignedMails, signEachSeries } from "./signing.ts";

/** The files with their mails. PatchsigError "no-patch", "unwritable", and as they cannot be read. */
export function readFilesToSign(names: readonly string[]): readonly SplitMailFile[] {
  const mailFiles = names.map(readMailFile);
  for (const { name } of mailFiles) checkWritable(name);
  if (mailFiles.every(({ mails }) => mails.length === 0)) throw noPatch();
  return mailFiles;
}

export interface SignedFiles extends SignedMails {
  /** The files as they are to be, in their order. */
  readonly files: readonly { readonly mailFile: SplitMailFile; readonly bytes: Buffer }[];
}

/** PatchsigError "no-patch", and those of signEachSeries. */
export async function signFiles(
  mailFiles: readonly SplitMailFile[],
  options: {
    readonly signer: MinisignSigner;
    readonly by: string;
    /** Seconds since the epoch. */
    readonly time: number;
    readonly base: string | undefined;
  },
): Promise<SignedFiles> {
  const signed = await signEachSeries(mailFiles.flatMap(mailsToSign), {
    ...options,
    inOrder: false,
    empty: mailFiles.filter(({ bytes }) => bytes.length === 0).length,
  });
  if (signed.patches === 0 && signed.notes.length === 0) throw noPatch();
  let next = 0;
  const files = mailFiles.map((mailFile) => {
    const mails = signed.mails.slice(next, next + mailFile.mails.length);
    next += mailFile.mails.length;
    return { mailFile, bytes: rewritten(mailFile, mails) };
  });
  return { ...signed, files };
}

function noPatch(): PatchsigError {
  return new PatchsigError("no-patch", "no patch found", { exit: EXIT.unmet });
}
