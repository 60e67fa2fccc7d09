/** PATCHSIG_LONG=1: tests with many cases of a kind run more of them, however long that takes. */
export const LONG = (process.env["PATCHSIG_LONG"] ?? "") !== "";

/** All cases in a long run, else every n-th one, from the first or the given one on. */
export function some<T>(all: readonly T[], each: number, from = 0): T[] {
  return all.filter((_, i) => LONG || i % each === from % each);
}
