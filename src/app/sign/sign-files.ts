/** Signs the mails in files, all in one go. Nothing is written here. */

import { EXIT, PatchsigError } from "../../errors.ts";
import type { Signer } from "../../minisign/signature.ts";
import { checkWritable, draftsOf, readSheet, rewritten, type Sheet } from "./sheet.ts";
import { type Signed, signDrafts } from "./signing.ts";

/** The files with their mails. PatchsigError "no-patch", "unwritable", and as they cannot be read. */
export function readFilesToSign(names: readonly string[]): readonly Sheet[] {
  const sheets = names.map(readSheet);
  for (const { name } of sheets) checkWritable(name);
  if (sheets.every(({ mails }) => mails.length === 0)) throw noPatch();
  return sheets;
}

export interface SignedFiles extends Signed {
  /** The files as they are to be, in their order. */
  readonly files: readonly { readonly sheet: Sheet; readonly bytes: Buffer }[];
}

/** PatchsigError "no-patch", and those of signDrafts. */
export async function signFiles(
  sheets: readonly Sheet[],
  options: {
    readonly signer: Signer;
    readonly by: string;
    /** Seconds since the epoch. */
    readonly time: number;
    readonly base: string | undefined;
  },
): Promise<SignedFiles> {
  const signed = await signDrafts(sheets.flatMap(draftsOf), { ...options, inOrder: false });
  if (signed.patches === 0 && signed.notes.length === 0) throw noPatch();
  let next = 0;
  const files = sheets.map((sheet) => {
    const mails = signed.mails.slice(next, next + sheet.mails.length);
    next += sheet.mails.length;
    return { sheet, bytes: rewritten(sheet, mails) };
  });
  return { ...signed, files };
}

function noPatch(): PatchsigError {
  return new PatchsigError("no-patch", "no patch found", { exit: EXIT.unmet });
}
