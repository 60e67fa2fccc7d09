/** Rows of an index in an order, some at a time: for lists that are filtered by what no column holds. */

import { type MailRow, SELECT_MAILS, SELECT_SERIES, type StoredSeries } from "./index-sql.ts";
import type { IndexStore } from "./index-store.ts";

/** A minus is for the newest first, as in Patchwork's API. */
export const WALK_ORDERS = ["id", "-id", "date", "-date"] as const;
export type WalkOrder = (typeof WALK_ORDERS)[number];

const ORDERS: Readonly<Record<WalkOrder, string>> = {
  id: "order by id",
  "-id": "order by id desc",
  date: "order by date, id",
  "-date": "order by date desc, id desc",
};

/** Some of all series: `most` of them after the first `skip`. */
export function seriesInOrder(
  index: IndexStore,
  order: WalkOrder,
  most: number,
  skip: number,
): StoredSeries[] {
  const text = `${SELECT_SERIES} ${ORDERS[order]} limit ? offset ?`;
  return index.db.prepare<[number, number], StoredSeries>(text).all(most, skip);
}

/** Some of all mails of a kind. */
export function mailsInOrder(
  index: IndexStore,
  kind: MailRow["kind"],
  order: WalkOrder,
  most: number,
  skip: number,
): MailRow[] {
  const own = ORDERS[order].replaceAll(/\b(id|date)\b/g, "m.$1");
  const text = `${SELECT_MAILS} where m.kind = ? ${own} limit ? offset ?`;
  return index.db.prepare<[string, number, number], MailRow>(text).all(kind, most, skip);
}

/** Null if there is none. */
export function seriesNumbered(index: IndexStore, id: number): StoredSeries | null {
  return index.db.prepare<[number], StoredSeries>(`${SELECT_SERIES} where id = ?`).get(id) ?? null;
}

/** Null if there is none. */
export function mailNumbered(index: IndexStore, id: number): MailRow | null {
  return index.db.prepare<[number], MailRow>(`${SELECT_MAILS} where m.id = ?`).get(id) ?? null;
}

/** A mail of a series. */
export interface NumberedMail extends MailRow {
  readonly series: number;
  /** 0 for the cover letter. */
  readonly number: number;
}

/** The mails of these series, in the order of their numbers. */
export function membersOf(index: IndexStore, series: readonly number[]): NumberedMail[] {
  const text = `select x.series, x.number, y.* from series_mails x join (${SELECT_MAILS}) y on y.id = x.mail
    where x.series in (select value from json_each(?)) order by x.series, x.number, y.id`;
  return index.db.prepare<[string], NumberedMail>(text).all(JSON.stringify(series));
}

/** The series that have these mails, by mail. */
export function seriesWithMails(
  index: IndexStore,
  mails: readonly number[],
): ReadonlyMap<number, readonly StoredSeries[]> {
  const text = `select x.mail, s.id, s.work, s.thread, s.name, s.date, s.latest, s.signer, s.verdict, s.record,
    s.versions from series_mails x join series s on s.id = x.series
    where x.mail in (select value from json_each(?)) order by x.mail, s.id`;
  const rows = index.db
    .prepare<[string], StoredSeries & { readonly mail: number }>(text)
    .all(JSON.stringify(mails));
  const found = new Map<number, StoredSeries[]>();
  for (const row of rows) {
    const list = found.get(row.mail);
    if (list === undefined) found.set(row.mail, [row]);
    else list.push(row);
  }
  return found;
}
