/** The current time for the core, which reads no clock: seconds since the epoch. */
export function now(): number {
  return Math.floor(Date.now() / 1000);
}
