/** What the application says while it works. It does not know its listener: a terminal, a log, or none. */

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
  /** A line about the work. It may quote others: whoever prints it escapes it. */
  readonly say: (line: string) => void;
  /** Something that failed, although the work goes on. */
  readonly sayError: (error: PatchsigError) => void;
  /** Null if nobody watches: then nothing is counted only for display. */
  readonly progress: Progress | null;
}

const MINUTE = 60_000;

/** Where no progress is shown, such as in a log: a line for each full minute of a longer work. */
export function sayingMinutes({ progress, ...reporter }: Reporter): Reporter {
  let said = 0;
  const sayMinute: Progress = (what, _done, _total, began) => {
    const now = Date.now();
    if (now - Math.max(began, said) < MINUTE) return;
    said = now;
    reporter.say(`${what} so far`);
  };
  return { ...reporter, progress: progress ?? sayMinute };
}

/**
 * Progress through sources of mail, from `openSource`; undefined if nobody watches.
 *
 * @param sources how many there are: for a single one, the rest is known
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
