/** Lists of the index for the web API, filtered and in an order, a page at a time. */

import {
  type MailRow,
  SELECT_MAILS,
  SELECT_SERIES,
  SERIES_COLUMNS,
  type StoredSeries,
} from "./index-sql.ts";
import type { IndexStore } from "./index-store.ts";

/** As in Patchwork's API; a minus reverses the order. */
export const WALK_ORDERS = ["id", "-id", "date", "-date"] as const;
export type WalkOrder = (typeof WALK_ORDERS)[number];

const ORDERS: Readonly<Record<WalkOrder, string>> = {
  id: "order by id",
  "-id": "order by id desc",
  date: "order by date, id",
  "-date": "order by date desc, id desc",
};

/** Which rows of a list to return. */
export interface WalkFilter {
  /** Seconds since the epoch; `before` may be Infinity. */
  readonly since: number;
  readonly before: number;
  /** Text that stands in the title, in lower case; "" for any title. */
  readonly words: string;
  /** Addresses of senders, in lower case; null for anybody's. */
  readonly senders: readonly string[] | null;
  /** Only the row with this number; null for any. */
  readonly id: number | null;
}

/** Which mails to return. */
export interface MailFilter extends WalkFilter {
  /** With its angle brackets; null for any. */
  readonly messageId: string | null;
  /** The id of the series that the mail belongs to; null for any. */
  readonly series: number | null;
}

/** A page of a list: the order, how many rows, and how many to skip before. */
export interface WalkPage {
  readonly order: WalkOrder;
  readonly most: number;
  readonly skip: number;
}

type Conditions = readonly (readonly [sql: string, ...values: (string | number)[]])[];

/** Conditions for what the filter sets, and for nothing else. @param where SQL for the table's title and sender */
function conditionsOf(
  { since, before, words, senders, id }: WalkFilter,
  where: { readonly title: string; readonly isBy: string },
): Conditions {
  return [
    ...(since > 0 ? [["date >= ?", since] as const] : []),
    ...(before < Infinity ? [["date < ?", before] as const] : []),
    ...(words === "" ? [] : [[`instr(lower_case(${where.title}), ?) > 0`, words] as const]),
    ...(senders === null ? [] : [[where.isBy, JSON.stringify(senders)] as const]),
    ...(id === null ? [] : [["id = ?", id] as const]),
  ];
}

function rowsOf<Row>(
  index: IndexStore,
  select: string,
  conditions: Conditions,
  { order, most, skip }: WalkPage,
): Row[] {
  const where = conditions.map(([sql]) => sql).join(" and ");
  const text = `select * from (${select})${where === "" ? "" : ` where ${where}`} ${ORDERS[order]} limit ? offset ?`;
  const values = conditions.flatMap(([, ...given]) => given);
  return index.rows(text, ...values, most, skip);
}

const SERIES = {
  title: "json_extract(record, '$.subject')",
  isBy: `exists (select 1 from json_each(?) where value in
    (lower_case(json_extract(record, '$.from')), lower_case(json_extract(record, '$.author.email'))))`,
};

/** @param whole true for only those series that have all their patches */
export function seriesInOrder(
  index: IndexStore,
  filter: WalkFilter,
  whole: boolean,
  page: WalkPage,
): StoredSeries[] {
  const complete: Conditions = whole ? [["json_extract(record, '$.complete')"]] : [];
  return rowsOf(index, SELECT_SERIES, [...conditionsOf(filter, SERIES), ...complete], page);
}

const MAILS = {
  title: "subject",
  // `Name <address>`, or an address alone
  isBy: `exists (select 1 from json_each(?) where lower_case(sender) = value
    or substr(lower_case(sender), -length(value) - 2) = '<' || value || '>')`,
};

/** The mails of one kind. */
export function mailsInOrder(
  index: IndexStore,
  kind: "patch" | "cover",
  filter: MailFilter,
  page: WalkPage,
): MailRow[] {
  const { messageId, series } = filter;
  const conditions: Conditions = [
    ...conditionsOf(filter, MAILS),
    ...(messageId === null ? [] : [["messageId = ?", messageId] as const]),
    ...(series === null
      ? []
      : [["id in (select mail from series_mails where series = ?)", series] as const]),
  ];
  return rowsOf(index, `${SELECT_MAILS} where m.kind = '${kind}'`, conditions, page);
}

/**
 * The first patch of each sender: one row for each address.
 *
 * @param words text that stands in name or address, in lower case; "" for any
 */
export function sendersInOrder(index: IndexStore, words: string, page: WalkPage): MailRow[] {
  const firsts = `select min(id) from mails where kind = 'patch' and instr(lower_case(sender), ?) > 0
    group by lower_case(substr(sender, instr(sender, '<')))`;
  return rowsOf(index, SELECT_MAILS, [[`id in (${firsts})`, words]], page);
}

/** The series with an id; null if there is none. */
export function seriesNumbered(index: IndexStore, id: number): StoredSeries | null {
  return index.rows<StoredSeries>(`${SELECT_SERIES} where id = ?`, id)[0] ?? null;
}

/** The mail with an id; null if there is none. */
export function mailNumbered(index: IndexStore, id: number): MailRow | null {
  return index.rows<MailRow>(`${SELECT_MAILS} where m.id = ?`, id)[0] ?? null;
}

/** A mail of a series. */
export interface NumberedMail extends MailRow {
  readonly series: number;
  /** 0 for the cover letter. */
  readonly number: number;
}

/** The mails of these series: by series, in the order of the patches' numbers. */
export function membersOf(index: IndexStore, series: readonly number[]): NumberedMail[] {
  const text = `select x.series, x.number, y.* from series_mails x join (${SELECT_MAILS}) y on y.id = x.mail
    where x.series in (select value from json_each(?)) order by x.series, x.number, y.id`;
  return index.rows(text, JSON.stringify(series));
}

interface SeriesOfMail extends StoredSeries {
  readonly mail: number;
}

/** The series that each of these mails belongs to, by the mail's id. */
export function seriesWithMails(
  index: IndexStore,
  mails: readonly number[],
): ReadonlyMap<number, readonly StoredSeries[]> {
  const text = `select x.mail, ${SERIES_COLUMNS} from series_mails x join series s on s.id = x.series
    where x.mail in (select value from json_each(?)) order by x.mail, s.id`;
  const found = new Map<number, StoredSeries[]>();
  for (const row of index.rows<SeriesOfMail>(text, JSON.stringify(mails))) {
    const list = found.get(row.mail);
    if (list === undefined) found.set(row.mail, [row]);
    else list.push(row);
  }
  return found;
}
