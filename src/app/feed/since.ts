/** Times in git's words, as options have them; read here for servers that do not understand them. */

import { PatchsigError } from "../../errors.ts";
import { DAY } from "../../primitives/time.ts";

const DAYS: Readonly<Record<string, number>> = { day: 1, week: 7, month: 31, year: 366 };

/**
 * Checks an option's time, and returns it as it is. Null if the option is not given.
 *
 * @throws PatchsigError "usage" for words that `sinceTime` does not know
 */
export function sinceIn(text: string | undefined, option = "--since"): string | null {
  if (text === undefined) return null;
  const isTime = /^[A-Za-z0-9][A-Za-z0-9 .:+-]{0,63}$/.test(text) && sinceTime(text, 1) !== null;
  if (isTime) return text;
  throw new PatchsigError("usage", `${option}: a time, as in 3.months or 2026-01-01`);
}

/**
 * A time in seconds since the epoch. Months have 31 days and years 366, so that rather too much is fetched than too
 * little.
 *
 * @param now seconds since the epoch
 * @returns null for words that are not known here
 */
export function sinceTime(since: string, now: number): number | null {
  const [, digits, unit] = /^(\d{1,5})[. ](day|week|month|year)s?(?:[. ]ago)?$/.exec(since) ?? [];
  if (unit !== undefined) return now - Number(digits) * DAYS[unit]! * DAY;
  const parsed = /^\d{4}-\d\d-\d\d/.test(since) ? Date.parse(since.replace(" ", "T")) : NaN;
  return Number.isNaN(parsed) ? null : Math.floor(parsed / 1000);
}
