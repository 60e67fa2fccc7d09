/** Times and numbers as findings say them. */

/** `2026-03-14` in UTC, of seconds since the epoch; commits can have dates that no calendar has. */
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

/** `1 patch`, `2 patches`, `3 mails`. */
export function count(n: number, what: string): string {
  if (n === 1) return `${n} ${what}`;
  return `${n} ${what.endsWith("patch") ? `${what}es` : `${what}s`}`;
}
