/** What the application says while it works. It knows nobody who listens: a terminal, a log, or none. */

import type { PatchsigError } from "../errors.ts";
import type { OnRead } from "../source/item.ts";
import { count } from "../primitives/words.ts";

/**
 * How far a longer work is.
 *
 * @param what in words: `1,024 mails`
 * @param done,total in any unit; a total of 0 means that nobody knows
 * @param began milliseconds since the epoch
 */
export type Progress = (what: string, done: number, total: number, began: number) => void;

export interface Reporter {
  /** A line about the work. It can hold words of others: who prints it escapes it. */
  readonly say: (line: string) => void;
  /** What could not be done, where the work goes on all the same. */
  readonly sayError: (error: PatchsigError) => void;
  /** Null where nobody watches: then nothing is counted only to be shown. */
  readonly progress: Progress | null;
}

/**
 * Progress through sources of mail, as `openSource` tells it; undefined where nobody watches.
 *
 * @param sources how many there are: of one it is known how much is left
 * @param mails how many were read so far
 */
export function mailProgress(
  progress: Progress | null,
  sources: number,
  mails: () => number,
): OnRead | undefined {
  if (progress === null) return undefined;
  const began = Date.now();
  return (done, total) => {
    const rate = Math.round(mails() / Math.max(1, (Date.now() - began) / 1000));
    const what = `${count(mails(), "mail")}, ${rate}/s`;
    progress(what, done, sources === 1 ? total : 0, began);
  };
}
