/** What a person notes of a series, on its page or with `series mark`. */

import { existsSync } from "node:fs";
import { PatchsigError } from "../../errors.ts";
import { indexFile } from "../../places.ts";
import { DAY } from "../../primitives/time.ts";
import { IndexStore } from "../../store/index-store.ts";
import { MARK_STATES, type MarkState, type SeriesMark } from "../../store/series-marks.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import type { Reporter } from "../reporter.ts";
import { type DeskWork, worksOfRows } from "./works.ts";

/** Of a note, in characters. */
const MAX_NOTE = 500;
/** How long a snoozed series stays away if nobody says, in seconds. */
export const SNOOZE = 7 * DAY;

export function isMarkState(text: string): text is MarkState {
  return (MARK_STATES as readonly string[]).includes(text);
}

/** What is said of a series. */
export interface NewMark {
  readonly state: MarkState;
  readonly note: string;
  /** Mails that are younger were not seen; seconds since the epoch. */
  readonly at: number;
  /** When a snoozed one comes back. */
  readonly until: number;
}

/**
 * Notes it in place of whatever was noted of the work.
 *
 * @param messageId of a mail of it, with its brackets
 * @param work null if the index does not know that mail
 */
export function noteMark(
  trust: TrustStore,
  messageId: string,
  work: DeskWork | null,
  { state, note, at, until }: NewMark,
): void {
  const name = work?.mark?.messageId ?? work?.newest.messageIds[0] ?? messageId;
  const end = state === "snoozed" ? until : 0;
  trust.putSeriesMark({ messageId: name, state, note: note.slice(0, MAX_NOTE), at, until: end });
}

/** The work with a mail; null if the index does not know it. */
export function workWith(
  index: IndexStore,
  marks: readonly SeriesMark[],
  messageId: string,
): DeskWork | null {
  const mails = index.mailsCalled(messageId).map(({ id }) => id);
  const [work] = index.worksWith(mails);
  if (work === undefined) return null;
  return worksOfRows(index, marks, [work])[0] ?? null;
}

/** The same for several mails, in the user's index, which may not be there. */
export function markByHand(
  trust: TrustStore,
  messageIds: readonly string[],
  mark: NewMark,
  { say }: Reporter,
): void {
  const file = indexFile(process.env);
  const index = existsSync(file) ? new IndexStore(file, true) : null;
  try {
    for (const messageId of messageIds) {
      const work = index === null ? null : workWith(index, trust.seriesMarks(), messageId);
      noteMark(trust, messageId, work, mark);
      if (index !== null && work === null)
        say(`note: no series with ${messageId} is indexed yet; it is noted all the same`);
    }
  } finally {
    index?.close();
  }
}

const UNITS: Readonly<Record<string, number>> = { day: 1, week: 7, month: 30 };

/**
 * When a snoozed series comes back: `3.days`, `2.weeks`, or a date such as 2026-12-24. Seconds since the epoch.
 *
 * @throws PatchsigError "usage" for anything else, and for a time that is over
 */
export function untilIn(text: string, now: number): number {
  const [, digits, unit] = /^(\d{1,3})[. ]?(day|week|month)s?$/.exec(text) ?? [];
  const parsed = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) / 1000 : NaN;
  const time = unit === undefined ? parsed : now + Number(digits) * UNITS[unit]! * DAY;
  if (time > now) return time;
  throw new PatchsigError("usage", "--until: a time to come, as in 3.days or 2026-12-24");
}
