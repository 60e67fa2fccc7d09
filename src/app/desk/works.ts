/** Works as pages show them, with the user's marks. A work is a series with all its versions. */

import type { IndexStore } from "../../store/index-store.ts";
import {
  type NewestOfWork,
  newestOfWorks,
  type SeriesOfWork,
  versionsOfWork,
  worksCalled,
  worksInOrder,
} from "../../store/index-works.ts";
import type { SeriesMark } from "../../store/series-marks.ts";
import type { SeriesSummary } from "../search/series.ts";

/** A version of a work. */
export interface DeskSeries extends Pick<SeriesOfWork, "id" | "date" | "latest" | "verdict"> {
  readonly summary: SeriesSummary;
  /** Of its mails: first the cover letter, then the patches in order. */
  readonly messageIds: readonly string[];
}

/** A work as lists show it. */
export interface DeskWork {
  /** Its number in the index. */
  readonly work: number;
  /** The newest version that has patches to apply; else the newest. */
  readonly newest: DeskSeries;
  /** When its latest mail was sent, in seconds since the epoch. */
  readonly latest: number;
  readonly mark: SeriesMark | null;
}

/** A work as its own pages show it. */
export interface VersionedWork extends DeskWork {
  /** The oldest first; one of them is `newest`. */
  readonly versions: readonly DeskSeries[];
}

/**
 * The latest works, the newest first. Takes three statements, however many works and versions there are.
 *
 * @param after as of `worksInOrder`
 */
export function latestWorks(
  index: IndexStore,
  marks: readonly SeriesMark[],
  most: number,
  after: readonly [latest: number, work: number] | null = null,
): DeskWork[] {
  return worksOfRows(index, marks, worksInOrder(index, most, after));
}

/** The works with these numbers, in this order. */
export function worksNumbered(
  index: IndexStore,
  marks: readonly SeriesMark[],
  works: readonly number[],
): DeskWork[] {
  return worksOfRows(index, marks, newestOfWorks(index, works));
}

function worksOfRows(
  index: IndexStore,
  marks: readonly SeriesMark[],
  rows: readonly NewestOfWork[],
): DeskWork[] {
  const mails = index.mailsOfSeries(rows.map(({ id }) => id));
  const marked = marksByWork(index, marks);
  return rows.map((row): DeskWork => ({
    work: row.work,
    newest: deskSeries(row, mails),
    latest: row.workLatest,
    mark: marked.get(row.work) ?? null,
  }));
}

/** A work with all its versions; null if there is none with this number. */
export function versionedWork(
  index: IndexStore,
  marks: readonly SeriesMark[],
  number: number,
): VersionedWork | null {
  const [work] = worksNumbered(index, marks, [number]);
  if (work === undefined) return null;
  const rows = versionsOfWork(index, number);
  const mails = index.mailsOfSeries(rows.map(({ id }) => id));
  const { newest } = work;
  const versions = rows.map((row) => (row.id === newest.id ? newest : deskSeries(row, mails)));
  return { ...work, versions };
}

function deskSeries(
  { id, date, latest, verdict, record }: SeriesOfWork,
  mails: ReadonlyMap<number, readonly string[]>,
): DeskSeries {
  const summary = JSON.parse(record) as SeriesSummary;
  return { id, date, latest, verdict, summary, messageIds: mails.get(id) ?? [] };
}

/** The latest mark of each marked work. A mark may name any mail of any version. */
function marksByWork(
  index: IndexStore,
  marks: readonly SeriesMark[],
): ReadonlyMap<number, SeriesMark> {
  const found = new Map<number, SeriesMark>();
  if (marks.length === 0) return found;
  const marked = new Map(marks.map((mark) => [mark.messageId, mark]));
  for (const { work, messageId } of worksCalled(index, [...marked.keys()])) {
    const mark = marked.get(messageId)!;
    const other = found.get(work);
    if (other === undefined || mark.at > other.at) found.set(work, mark);
  }
  return found;
}
