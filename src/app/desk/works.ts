/** Works as pages show them: their versions, and the user's marks. A work is a series with all its versions. */

import type { StoredSeries } from "../../store/index-sql.ts";
import type { IndexStore } from "../../store/index-store.ts";
import type { SeriesMark } from "../../store/series-marks.ts";
import type { SeriesSummary } from "../search/series.ts";

/** A version of a work. */
export interface DeskSeries extends Pick<StoredSeries, "id" | "date" | "latest" | "verdict"> {
  readonly summary: SeriesSummary;
  /** Of its mails: first the cover letter, then the patches in order. */
  readonly messageIds: readonly string[];
}

export interface DeskWork {
  /** Its number in the index. */
  readonly work: number;
  /** The oldest first. */
  readonly versions: readonly DeskSeries[];
  /** The newest version that has patches to apply; else the newest. */
  readonly newest: DeskSeries;
  /** When its latest mail was sent, in seconds since the epoch. */
  readonly latest: number;
  readonly mark: SeriesMark | null;
}

/**
 * The latest works, the newest first. Takes three statements, however many works there are.
 *
 * @param after as of `IndexStore.latestWorks`
 */
export function latestWorks(
  index: IndexStore,
  marks: readonly SeriesMark[],
  most: number,
  after: readonly [latest: number, work: number] | null = null,
): DeskWork[] {
  return worksOfRows(index, marks, index.latestWorks(most, after));
}

/** The works with these numbers, in this order. */
export function worksOfRows(
  index: IndexStore,
  marks: readonly SeriesMark[],
  works: readonly number[],
): DeskWork[] {
  const rows = index.ofWorks(works);
  const mails = index.mailsOfSeries(rows.map(({ id }) => id));
  const marked = new Map(marks.map((mark) => [mark.messageId, mark]));
  const byWork = new Map<number, DeskSeries[]>();
  for (const { work, id, date, latest, verdict, record } of rows) {
    const summary = JSON.parse(record) as SeriesSummary;
    const one = { id, date, latest, verdict, summary, messageIds: mails.get(id) ?? [] };
    const all = byWork.get(work);
    if (all === undefined) byWork.set(work, [one]);
    else all.push(one);
  }
  return works.flatMap((work): DeskWork[] => {
    const versions = byWork.get(work)?.sort(byVersion) ?? [];
    const newest = versions.findLast(({ summary }) => summary.applicable) ?? versions.at(-1);
    if (newest === undefined) return [];
    const latest = versions.reduce((most, one) => Math.max(most, one.latest), 0);
    return [{ work, versions, newest, latest, mark: markOf(versions, marked) }];
  });
}

function byVersion(a: DeskSeries, b: DeskSeries): number {
  return a.summary.version - b.summary.version || a.date - b.date || a.id - b.id;
}

/** The work's latest mark, which may name any mail of any version. */
function markOf(
  versions: readonly DeskSeries[],
  marked: ReadonlyMap<string, SeriesMark>,
): SeriesMark | null {
  if (marked.size === 0) return null;
  const all = versions.flatMap(({ messageIds }) =>
    messageIds.flatMap((id) => marked.get(id) ?? []),
  );
  return all.reduce<SeriesMark | null>((a, b) => (a === null || b.at > a.at ? b : a), null);
}
