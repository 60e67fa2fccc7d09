/** What the user noted of series: done with, waiting, and what was seen of them (`series mark`). */

import { PatchsigError } from "../errors.ts";
import { replacing, type Sql } from "./sql.ts";
import type { TrustUnit } from "./trust-unit.ts";

export const MARK_STATES = ["new", "waiting", "snoozed", "applied", "dropped"] as const;
export type MarkState = (typeof MARK_STATES)[number];

export interface SeriesMark {
  /** Of the first mail of a version of the work. */
  readonly messageId: string;
  readonly state: MarkState;
  readonly note: string;
  /** When it was said; seconds since the epoch. What is younger was not seen. */
  readonly at: number;
  /** Of a snoozed one, when it comes back; else 0. */
  readonly until: number;
}

/** Written by hand, or a click. */
const MAX_MARKS = 100_000;

export function seriesMarkStatements(db: Sql) {
  return {
    seriesMarks: db.prepare<[], SeriesMark>(
      `select message_id as "messageId", state, note, at, until from series_marks order by message_id`,
    ),
    countSeriesMarks: db.prepare<[], number>("select count(*) from series_marks").pluck(),
    putSeriesMark: db.prepare<[SeriesMark]>(
      `insert into series_marks values (@messageId, @state, @note, @at, @until)
       on conflict (message_id) do update set ${replacing(["state", "note", "at", "until"])}`,
    ),
  };
}

export function seriesMarks(unit: TrustUnit): SeriesMark[] {
  return unit.sql.seriesMarks.all();
}

/** @throws PatchsigError "too-large" if there are too many */
export function putSeriesMark(unit: TrustUnit, mark: SeriesMark): void {
  if (unit.sql.countSeriesMarks.get()! >= MAX_MARKS)
    throw new PatchsigError("too-large", `${MAX_MARKS} series are marked already`);
  unit.sql.putSeriesMark.run(mark);
}
