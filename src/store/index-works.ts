/** Works in the index: a work is a series with all its versions. Works go by numbers. */

import type { StoredSeries } from "./index-sql.ts";
import type { IndexStore } from "./index-store.ts";

/** What pages show of a series. */
export type SeriesOfWork = Pick<
  StoredSeries,
  "id" | "work" | "date" | "latest" | "verdict" | "record"
>;

/** The newest version of a work that has patches to apply; else the newest. */
export interface NewestOfWork extends SeriesOfWork {
  /** The date of the latest mail of all the work's versions. */
  readonly workLatest: number;
}

const COLUMNS = "s.id, s.work, s.date, s.latest, s.verdict, s.record";
const SELECT_NEWEST = `select ${COLUMNS}, w.latest as workLatest from works w join series s on s.id = w.newest`;

/**
 * Works in the order of their latest mails, the newest first.
 *
 * @param after the last work of the page before: the date of its latest mail, and its number
 */
export function worksInOrder(
  index: IndexStore,
  most: number,
  after: readonly [latest: number, work: number] | null,
): NewestOfWork[] {
  const [latest, work] = after ?? [Number.MAX_SAFE_INTEGER, 0];
  const text = `${SELECT_NEWEST} where (w.latest, w.work) < (?, ?)
    order by w.latest desc, w.work desc limit ?`;
  return index.rows(text, latest, work, most);
}

/** These works, in this order; without those that are not there. */
export function newestOfWorks(index: IndexStore, works: readonly number[]): NewestOfWork[] {
  const text = `${SELECT_NEWEST} join json_each(?) wanted on wanted.value = w.work order by wanted.key`;
  return index.rows(text, JSON.stringify(works));
}

/** The versions of a work, the oldest first. */
export function versionsOfWork(index: IndexStore, work: number): SeriesOfWork[] {
  const text = `select ${COLUMNS} from series s where s.work = ? order by s.version, s.date, s.id`;
  return index.rows(text, work);
}

/** The works that one of these mails belongs to. @param mails ids */
export function worksWith(index: IndexStore, mails: readonly number[]): number[] {
  const text = `select distinct s.work from series s join series_mails x on x.series = s.id
    where x.mail in (select value from json_each(?))`;
  return index.rows<{ work: number }>(text, JSON.stringify(mails)).map(({ work }) => work);
}

/** The works that mails with these Message-IDs belong to. @param messageIds with angle brackets, as `nameOfMail` */
export function worksCalled(
  index: IndexStore,
  messageIds: readonly string[],
): { readonly work: number; readonly messageId: string }[] {
  const text = `select distinct s.work, m.message_id as messageId from mails m
    join series_mails x on x.mail = m.id join series s on s.id = x.series
    where m.message_id in (select value from json_each(?)) order by s.work`;
  return index.rows(text, JSON.stringify(messageIds));
}
