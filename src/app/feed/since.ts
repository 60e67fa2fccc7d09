/** Times in git's words, for servers other than git's. */

import { PatchsigError } from "../../errors.ts";
import { DAY } from "../../primitives/time.ts";

const DAYS: Readonly<Record<string, number>> = { day: 1, week: 7, month: 31, year: 366 };

/** git's own words for a time; what could be anything else is refused. */
export function sinceIn(text: string | undefined, option = "--since"): string | null {
  if (text === undefined) return null;
  const isTime = /^[A-Za-z0-9][A-Za-z0-9 .:+-]{0,63}$/.test(text) && sinceTime(text, 1) !== null;
  if (isTime) return text;
  throw new PatchsigError("usage", `${option}: a time, as in 3.months or 2026-01-01`);
}

/**
 * Seconds since the epoch; months and years are taken long, so that rather more is wanted. Null for words that
 * are not known here.
 */
export function sinceTime(since: string, now: number): number | null {
  const [, digits, unit] = /^(\d{1,5})[. ](day|week|month|year)s?(?:[. ]ago)?$/.exec(since) ?? [];
  if (unit !== undefined) return now - Number(digits) * DAYS[unit]! * DAY;
  const parsed = /^\d{4}-\d\d-\d\d/.test(since) ? Date.parse(since.replace(" ", "T")) : NaN;
  return Number.isNaN(parsed) ? null : Math.floor(parsed / 1000);
}
