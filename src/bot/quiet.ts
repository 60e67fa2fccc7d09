/** Hours in which nothing is sent, where the list's owner lives. */

import { FormatError } from "../errors.ts";

export interface Quiet {
  /** Minutes of the day, 0 to 1439: `from` inclusive, `to` exclusive. */
  readonly from: number;
  readonly to: number;
  /** Local minutes since midnight, from seconds since the epoch. */
  readonly minuteOf: (time: number) => number;
}

const HOURS = /^(\d{1,2}):(\d{2}) ?- ?(\d{1,2}):(\d{2})$/;

/**
 * @param hours `22:00-07:00`: may go past midnight
 * @param zone an IANA name, as Europe/Berlin
 * @throws FormatError
 */
export function parseQuiet(hours: string, zone: string): Quiet {
  const [, ...numbers] = HOURS.exec(hours.trim()) ?? [];
  const [a = 24, b = 0, c = 24, d = 0] = numbers.map(Number);
  if (a > 23 || b > 59 || c > 23 || d > 59)
    throw new FormatError(`the bot's file: quiet is "${hours}"; it should be like 22:00-07:00`);
  return { from: a * 60 + b, to: c * 60 + d, minuteOf: clockOf(zone) };
}

function clockOf(zone: string): (time: number) => number {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
  } catch {
    throw new FormatError(
      `the bot's file: there is no timezone ${zone}; names look like Europe/Berlin`,
    );
  }
  return (time) => {
    const [hour = 0, minute = 0] = format
      .format(time * 1000)
      .split(":")
      .map(Number);
    return hour * 60 + minute;
  };
}

export function isQuiet(quiet: Quiet | null, time: number): boolean {
  if (quiet === null) return false;
  const { from, to, minuteOf } = quiet;
  const minute = minuteOf(time);
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** The same time, or the first minute after it that is not quiet. */
export function afterQuiet(quiet: Quiet | null, time: number): number {
  if (!isQuiet(quiet, time)) return time;
  const { to, minuteOf } = quiet!;
  const left = (((to - minuteOf(time)) % 1440) + 1440) % 1440;
  const end = time - (time % 60) + left * 60;
  // an hour off if the clocks change that night
  for (let at = end - 3600; at <= end + 3600; at += 60)
    if (at >= time && !isQuiet(quiet, at)) return at;
  return end + 3600;
}
