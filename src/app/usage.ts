/** Strict parsers for what the user wrote, in a file or on the command line. */

import { FormatError, PatchsigError } from "../errors.ts";

/** Runs one; its FormatError becomes a PatchsigError "usage". */
export function asUsage<T>(parse: () => T, hint: string): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new PatchsigError("usage", cause.message, { hint, cause });
  }
}
