/**
 * One mail never stops the rest: if this program itself fails at a mail, it reports the mail like an
 * unreadable one, with its place.
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
 * @throws a PatchsigError unchanged, and "disk full": no mail causes these
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
