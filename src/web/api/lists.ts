/** Lists of Patchwork's REST API: filtered by the query, a page at a time. */

import { type DeskWork, worksNumbered } from "../../app/desk/works.ts";
import { compareVersions } from "../../series/works.ts";
import type { MailRow, StoredSeries } from "../../store/index-sql.ts";
import {
  type MailFilter,
  mailNumbered,
  mailsInOrder,
  membersOf,
  sendersInOrder,
  seriesInOrder,
  seriesWithMails,
  type WalkFilter,
  type WalkPage,
} from "../../store/index-walk.ts";
import type { MarkState } from "../../store/series-marks.ts";
import type { DeskOptions } from "../desk.ts";
import type { ListQuery } from "./query.ts";
import {
  apiTime,
  type ApiPlaces,
  type ApiState,
  embeddedMail,
  embeddedSeries,
  isArchived,
  type ApiRecord,
  mailRecord,
  type ApiFacts,
  personIn,
  personRecord,
  projectRecord,
  seriesRecord,
} from "./records.ts";

export interface ListPage {
  readonly records: readonly ApiRecord[];
  /** There is a next page. */
  readonly more: boolean;
}

/** Asks for one row more than a page has, to see whether there is a next page. */
function pageOf<Row>(
  { order, page, perPage }: ListQuery,
  rowsOf: (page: WalkPage) => readonly Row[],
): { readonly rows: readonly Row[]; readonly more: boolean } {
  const rows = rowsOf({ order, most: perPage + 1, skip: (page - 1) * perPage });
  return { rows: rows.slice(0, perPage), more: rows.length > perPage };
}

function filterOf(
  index: DeskOptions["index"],
  { since, before, words, submitters }: ListQuery,
  id: number | null = null,
): WalkFilter {
  return { since, before, words, senders: sendersIn(index, submitters), id };
}

function mailFilterOf(
  index: DeskOptions["index"],
  query: ListQuery,
  id: number | null = null,
): MailFilter {
  const { messageId, series } = query;
  return {
    ...filterOf(index, query, id),
    messageId: messageId === "" ? null : messageId,
    series,
  };
}

/** The list of series. */
export function apiSeries({ index }: DeskOptions, query: ListQuery, places: ApiPlaces): ListPage {
  const filter = filterOf(index, query);
  const { rows, more } = pageOf(query, (page) => seriesInOrder(index, filter, false, page));
  return { records: seriesRecords(index, rows, places), more };
}

/** The full records of these series, with their mails. */
export function seriesRecords(
  index: DeskOptions["index"],
  rows: readonly StoredSeries[],
  places: ApiPlaces,
): ApiRecord[] {
  const ids = rows.map(({ id }) => id);
  const all = membersOf(index, ids);
  return rows.map((one) =>
    seriesRecord(
      one,
      all.filter(({ series }) => series === one.id),
      places,
    ),
  );
}

/** Patches that are looked through for a page by state: no column holds states, so each has to be found out. */
const MAX_STATES = 5_000;
/** Patches at a time; between them, other pages are answered. */
const CHUNK = 500;

/** The list of patches, or of cover letters. */
export async function apiMails(
  options: DeskOptions,
  kind: "patch" | "cover",
  query: ListQuery,
  places: ApiPlaces,
): Promise<ListPage> {
  const { index } = options;
  if (query.foreign) return { records: [], more: false };
  const filter = mailFilterOf(index, query);
  const byState = kind === "patch" && (query.states.length > 0 || query.archived !== null);
  const { rows, more } = byState
    ? await patchesByState(options, query, filter)
    : pageOf(query, (page) => mailsInOrder(index, kind, filter, page));
  const facts = await apiFacts(options, rows);
  return { records: rows.map((row) => mailRecord(row, facts.get(row.id)!, places)), more };
}

async function patchesByState(
  options: DeskOptions,
  query: ListQuery,
  filter: MailFilter,
): Promise<{ readonly rows: readonly MailRow[]; readonly more: boolean }> {
  const { order, page, perPage } = query;
  const first = (page - 1) * perPage;
  const kept: MailRow[] = [];
  for (let skip = 0; kept.length <= first + perPage && skip < MAX_STATES; skip += CHUNK) {
    const rows = mailsInOrder(options.index, "patch", filter, { order, most: CHUNK, skip });
    const facts = await apiFacts(options, rows);
    kept.push(...rows.filter(({ id }) => hasState(facts.get(id)!.state, query)));
    if (rows.length < CHUNK) break;
  }
  return { rows: kept.slice(first, first + perPage), more: kept.length > first + perPage };
}

function hasState(state: ApiState, { states, archived }: ListQuery): boolean {
  return (
    (states.length === 0 || states.includes(state)) &&
    (archived === null || archived === isArchived(state))
  );
}

/** Addresses of submitters, who are given by address or by number; null for anybody. */
function sendersIn(
  index: DeskOptions["index"],
  submitters: readonly string[],
): readonly string[] | null {
  if (submitters.length === 0) return null;
  return submitters.flatMap((one) => {
    if (!/^\d{1,15}$/.test(one)) return [one];
    const row = mailNumbered(index, Number(one));
    return row === null ? [] : [personIn(row.sender).email.toLowerCase()];
  });
}

const STATES: Readonly<Record<MarkState, ApiState>> = {
  new: "new",
  waiting: "changes-requested",
  snoozed: "deferred",
  applied: "accepted",
  dropped: "rejected",
};

/** The series and the state of each of these mails, by the mail's id. */
export async function apiFacts(
  { index, trust, facts }: DeskOptions,
  rows: readonly MailRow[],
): Promise<ReadonlyMap<number, ApiFacts>> {
  const series = seriesWithMails(
    index,
    rows.map(({ id }) => id),
  );
  const ids = new Set([...series.values()].flat().map(({ work }) => work));
  const works = worksNumbered(index, trust.seriesMarks(), [...ids]);
  const { applied } = await facts(works);
  const byNumber = new Map(works.map((work) => [work.work, work]));
  return new Map(
    rows.map(({ id }) => {
      const its = series.get(id) ?? [];
      const last = its.at(-1);
      const work = last === undefined ? undefined : byNumber.get(last.work);
      const state = work === undefined ? "new" : stateOf(work, last!, applied.has(work.work));
      return [id, { state, series: its }];
    }),
  );
}

/** The state of a version: superseded, accepted, or as the user marked the work. */
function stateOf(
  { newest, mark }: DeskWork,
  { id, version }: StoredSeries,
  applied: boolean,
): ApiState {
  const isOlder = compareVersions({ version, minor: "" }, { ...newest.summary, minor: "" }) < 0;
  if (id !== newest.id && isOlder) return "superseded";
  return applied ? "accepted" : STATES[mark?.state ?? "new"];
}

/** The people who sent patches; each goes by the id of a mail of theirs. */
export function apiPeople({ index }: DeskOptions, query: ListQuery, places: ApiPlaces): ListPage {
  const { rows, more } = pageOf(query, (page) => sendersInOrder(index, query.words, page));
  return { records: rows.map((row) => personRecord(row, places)), more };
}

const CATEGORIES = ["series-completed", "patch-created", "cover-created"] as const;

/**
 * Mails and complete series as events, the newest first unless `order` says otherwise. The id of an event is that of the
 * mail or the series.
 */
export function apiEvents({ index }: DeskOptions, query: ListQuery, places: ApiPlaces): ListPage {
  const project = projectRecord(places);
  const ordered = { ...query, order: query.order === "id" ? "-date" : query.order } as const;
  const event = (id: number, category: string, date: number, payload: ApiRecord): ApiRecord => ({
    id,
    category,
    project,
    date: apiTime(date),
    actor: null,
    payload,
  });
  const category = CATEGORIES.find((one) => one === query.category) ?? "series-completed";
  if (category === "series-completed") {
    const filter = filterOf(index, query, query.series);
    const { rows, more } = pageOf(ordered, (page) => seriesInOrder(index, filter, true, page));
    const records = rows.map((one) =>
      event(one.id, category, one.date, { series: embeddedSeries(one, places) }),
    );
    return { records, more };
  }
  const kind = category === "cover-created" ? "cover" : "patch";
  const filter = mailFilterOf(index, { ...query, series: null }, query[kind]);
  const { rows, more } = pageOf(ordered, (page) => mailsInOrder(index, kind, filter, page));
  const records = rows.map((row) =>
    event(row.id, category, row.date, { [kind]: embeddedMail(row, places) }),
  );
  return { records, more };
}
