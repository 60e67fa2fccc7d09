/** Marks: what the user notes about a series, on its page or with `series mark`. */

import { existsSync } from "node:fs";
import { PatchsigError } from "../../errors.ts";
import { indexFile } from "../../places.ts";
import { DAY } from "../../primitives/time.ts";
import { IndexStore } from "../../store/index-store.ts";
import { worksCalled } from "../../store/index-works.ts";
import { MARK_STATES, type MarkState, type SeriesMark } from "../../store/series-marks.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import type { Reporter } from "../reporter.ts";
import { type DeskWork, type VersionedWork, versionedWork } from "./works.ts";

/** Characters of a note. */
const MAX_NOTE = 500;
/** Seconds for which a series is snoozed, unless the user says otherwise. */
export const SNOOZE = 7 * DAY;

/** True for one of `MARK_STATES`. */
export function isMarkState(text: string): text is MarkState {
  return (MARK_STATES as readonly string[]).includes(text);
}

/** A mark to store. Times are seconds since the epoch. */
export interface NewMark {
  readonly state: MarkState;
  readonly note: string;
  /** Later mails were not seen when it was marked. */
  readonly at: number;
  /** When a snoozed series comes back. */
  readonly until: number;
}

/**
 * Stores a mark, in place of the work's earlier one.
 *
 * @param messageId of any mail of the work, with angle brackets
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

/** The work that a mail belongs to; null if the index does not know the mail, or it belongs to none. */
export function workWith(
  index: IndexStore,
  marks: readonly SeriesMark[],
  messageId: string,
): VersionedWork | null {
  const [found] = worksCalled(index, [messageId]);
  return found === undefined ? null : versionedWork(index, marks, found.work);
}

/** Marks the works of several mails, as found in the user's index. There may be no index. */
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
        say(`note: the index has no series with ${messageId} yet; the mark is kept all the same`);
    }
  } finally {
    index?.close();
  }
}

const UNITS: Readonly<Record<string, number>> = { day: 1, week: 7, month: 30 };

/**
 * Reads when a snoozed series comes back: `3.days`, `2.weeks`, or a date such as 2026-12-24.
 *
 * @param now seconds since the epoch
 * @returns seconds since the epoch
 * @throws PatchsigError "usage" for anything else, and for a time in the past
 */
export function untilIn(text: string, now: number): number {
  const [, digits, unit] = /^(\d{1,3})[. ]?(day|week|month)s?$/.exec(text) ?? [];
  const parsed = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) / 1000 : NaN;
  const time = unit === undefined ? parsed : now + Number(digits) * UNITS[unit]! * DAY;
  if (time > now) return time;
  throw new PatchsigError("usage", "--until: a time in the future, as in 3.days or 2026-12-24");
}
