/** Days and months, of seconds since the epoch. The clock is never read here. */

/** In seconds. */
export const DAY = 86_400;

/** `2026-03-14` in UTC, of seconds since the epoch; a commit's date may be out of range. */
export function day(seconds: number): string {
  // oxlint-disable-next-line no-restricted-globals -- of its argument: the clock is not read
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "no date" : date.toISOString().slice(0, 10);
}

/** `2026-03`, of seconds since the epoch. */
export function month(seconds: number): string {
  // oxlint-disable-next-line no-restricted-globals -- of its argument: the clock is not read
  return new Date(seconds * 1000).toISOString().slice(0, 7);
}

/** `2026-11-28T05:00:00Z`, of seconds since the epoch. */
export function instant(seconds: number): string {
  // oxlint-disable-next-line no-restricted-globals -- of its argument: the clock is not read
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** `Sat, 28 Nov 2026 05:00:00 +0000`, as a mail's Date, of seconds since the epoch. */
export function mailDate(seconds: number): string {
  // oxlint-disable-next-line no-restricted-globals -- of its argument: the clock is not read
  return new Date(seconds * 1000).toUTCString().replace("GMT", "+0000");
}

/** The seconds of an `instant`; null if it is none. */
export function parseInstant(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return null;
  // oxlint-disable-next-line no-restricted-globals -- of its argument: the clock is not read
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? null : milliseconds / 1000;
}
