/**
 * One mail never stops the rest: what this program fails at, whatever a mail did inside it, is said
 * like what cannot be read, with its place.
 */

import { PatchsigError } from "../errors.ts";
import type { ReadFailure } from "../source/item.ts";

/** Where a mail was found, and its Message-ID or "". */
export interface MailPlace {
  readonly source: string;
  readonly messageId: string;
}

/**
 * @param error what was thrown at that mail
 * @throws a PatchsigError as it is, and that the disk is full: that is no mail's doing
 */
export function faultAt({ source, messageId }: MailPlace, error: unknown): ReadFailure {
  if (error instanceof PatchsigError || isDiskFull(error)) throw error;
  const name = messageId === "" ? source : `${source} ${messageId}`;
  const said = (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!;
  return {
    source,
    error: new PatchsigError("fault", `${name}: an error in patchsig: ${said.slice(0, 200)}`, {
      hint: "the mail is skipped; please report this, with the mail",
      cause: error,
    }),
  };
}

/** Also where a verdict was to be written, to whatever standard output is. */
function isDiskFull(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "ENOSPC";
}
