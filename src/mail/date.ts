/** The Date header (RFC 5322, 3.3; obsolete forms of 4.3). */

import { DAY } from "../primitives/time.ts";

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/** Hours east of Greenwich. Single letters say nothing (RFC 5322, 4.3), and are taken as UTC. */
const ZONES: Readonly<Record<string, number>> = {
  ut: 0,
  gmt: 0,
  utc: 0,
  est: -5,
  edt: -4,
  cst: -6,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
};

const DATE =
  /^(?:[a-z]{3},)?\s*(\d{1,2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2})(?::(\d{2}))?(?: ([+-])(\d{2})(\d{2})| ([a-z]{1,3}))?$/;

/** Days from 1 January 1970 to a day of the Gregorian calendar; `month` is 1 to 12. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  // count years from March on: the leap day is the last one then
  const y = month > 2 ? year : year - 1;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return y * 365 + leapDays + dayOfYear - 719468;
}

/** A time with the zone in which it was written. */
export interface ZonedDate {
  /** Seconds since the epoch. */
  readonly time: number;
  /** Minutes east of Greenwich. */
  readonly east: number;
}

/**
 * @param text the header's value, unfolded; comments in it are ignored
 * @returns seconds since the epoch, or null for what is no date of this form
 */
export function parseDate(text: string): number | null {
  return parseZonedDate(text)?.time ?? null;
}

/** The same, with its zone. */
export function parseZonedDate(text: string): ZonedDate | null {
  const plain = text
    .slice(0, 200)
    .toLowerCase()
    .replace(/\([^()]*\)/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  const [, day, name, year, hour, minute, second, sign, zoneHour, zoneMinute, zone] =
    DATE.exec(plain) ?? [];
  const month = MONTHS.indexOf(name ?? "") + 1;
  if (month === 0 || Number(day) < 1 || Number(day) > 31 || Number(hour) > 23) return null;
  const east =
    sign === undefined
      ? (ZONES[zone ?? ""] ?? 0) * 60
      : (sign === "-" ? -1 : 1) * (Number(zoneHour) * 60 + Number(zoneMinute));
  const minutes = Number(hour) * 60 + Number(minute) - east;
  const days = daysSinceEpoch(Number(year), month, Number(day));
  return { time: days * DAY + minutes * 60 + Number(second ?? 0), east };
}
