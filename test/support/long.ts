/** PATCHSIG_LONG=1: tests that try many of a kind try more of them, for as long as it takes. */
export const LONG = (process.env["PATCHSIG_LONG"] ?? "") !== "";

/** All in a long run, else one of each so many, from the first or the given one on. */
export function some<T>(all: readonly T[], each: number, from = 0): T[] {
  return all.filter((_, i) => LONG || i % each === from % each);
}
