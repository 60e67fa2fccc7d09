/** Wrong usage: what the user wrote, in a file, in a setting or on the command line. */

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

/**
 * A value that is one of a few.
 *
 * @param what an option or setting
 * @throws PatchsigError "usage"
 */
export function oneOfThese<T extends string>(what: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  throw new PatchsigError("usage", `${what} cannot be ${value}`, {
    hint: `it can be ${known.join(", ")}`,
  });
}
