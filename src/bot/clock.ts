/**
 * What time it was when a mail of an archive came, as far as its mails tell: their dates are written
 * by their senders, and some are years off. Pure.
 */

/** Mails around one that are looked at: fewer than half of them can be wrong. */
const WINDOW = 9;

export interface MailClock {
  /** The time, seconds since the epoch, after a mail with this date; it never goes back. */
  tick(date: number | null): number;
}

/** @param latest what no mail of an archive is newer than: seconds since the epoch */
export function createMailClock(latest: number): MailClock {
  const dates: number[] = [];
  let time = 0;
  return {
    tick(date) {
      if (date !== null && date <= latest) dates.push(date);
      if (dates.length > WINDOW) dates.shift();
      const sorted = [...dates].sort((a, b) => a - b);
      // the middle: what one of them says alone moves nothing
      time = Math.max(time, sorted[Math.floor(sorted.length / 2)] ?? 0);
      return time;
    },
  };
}
