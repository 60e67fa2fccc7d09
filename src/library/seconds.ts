/** Times that callers give. */

import { now } from "../app/now.ts";
import { PatchsigError } from "../errors.ts";

/** Anything later is milliseconds, and would date every key and signature far into the future. */
const YEAR_5000 = 95_617_584_000;

/**
 * The given time, or the clock's: seconds since 1970.
 *
 * @throws PatchsigError "usage" for milliseconds, fractions and anything that is not a number
 */
export function checkedSeconds(given: number | undefined): number {
  const at = given ?? now();
  if (Number.isSafeInteger(at) && at >= 0 && at < YEAR_5000) return at;
  throw new PatchsigError("usage", `${String(at)} is not a time in whole seconds since 1970`);
}
