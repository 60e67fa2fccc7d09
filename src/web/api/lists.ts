/** Lists of Patchwork's REST API: filtered by what is asked, a page at a time. */

import { type DeskWork, worksOfRows } from "../../app/desk/works.ts";
import type { SeriesSummary } from "../../app/search/series.ts";
import { compareVersions } from "../../series/works.ts";
import type { MailRow, StoredSeries } from "../../store/index-sql.ts";
import {
  mailNumbered,
  mailsInOrder,
  membersOf,
  seriesInOrder,
  seriesWithMails,
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

/** Rows that are looked at in one go, and in all: a filter that fits nothing ends. */
const CHUNK = 500;
const MAX_LOOKED_AT = 200_000;

/** The rows of a page. @param keep those of a chunk that are asked for */
async function pageOf<Row>(
  { page, perPage }: ListQuery,
  chunk: (most: number, skip: number) => readonly Row[],
  keep: (rows: readonly Row[]) => readonly Row[] | Promise<readonly Row[]>,
): Promise<{ readonly rows: readonly Row[]; readonly more: boolean }> {
  const first = (page - 1) * perPage;
  const kept: Row[] = [];
  for (let skip = 0; kept.length <= first + perPage && skip < MAX_LOOKED_AT; skip += CHUNK) {
    const rows = chunk(CHUNK, skip);
    kept.push(...(await keep(rows)));
    if (rows.length < CHUNK) break;
  }
  return { rows: kept.slice(first, first + perPage), more: kept.length > first + perPage };
}

export async function apiSeries(
  { index }: DeskOptions,
  query: ListQuery,
  places: ApiPlaces,
): Promise<ListPage> {
  const senders = sendersIn(index, query);
  const { rows, more } = await pageOf(
    query,
    (most, skip) => seriesInOrder(index, query.order, most, skip),
    (some) =>
      some.filter(({ date, record }) => {
        if (!isWithin(date, query)) return false;
        const { subject, from, author } = JSON.parse(record) as SeriesSummary;
        const its = [from, author?.email ?? ""].map((one) => one.toLowerCase());
        return (
          subject.toLowerCase().includes(query.words) &&
          (senders === null || its.some((one) => senders.has(one)))
        );
      }),
  );
  return { records: seriesRecords(index, rows, places), more };
}

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

/** Patches, or cover letters. */
export async function apiMails(
  options: DeskOptions,
  kind: "patch" | "cover",
  query: ListQuery,
  places: ApiPlaces,
): Promise<ListPage> {
  const { index } = options;
  const senders = sendersIn(index, query);
  const byState = query.states.length > 0 || query.archived !== null;
  const { rows, more } = await pageOf(
    query,
    (most, skip) => mailsInOrder(index, kind, query.order, most, skip),
    async (some) => {
      const kept = some.filter((row) => isAskedFor(row, query, senders));
      if (kind === "cover" || !byState || kept.length === 0) return kept;
      const facts = await apiFacts(options, kept);
      return kept.filter(({ id }) => hasState(facts.get(id)!.state, query));
    },
  );
  const facts = await apiFacts(options, rows);
  return { records: rows.map((row) => mailRecord(row, facts.get(row.id)!, places)), more };
}

function isAskedFor(
  { date, subject, sender }: MailRow,
  query: ListQuery,
  senders: ReadonlySet<string> | null,
): boolean {
  return (
    isWithin(date, query) &&
    subject.toLowerCase().includes(query.words) &&
    (senders === null || senders.has(personIn(sender).email.toLowerCase()))
  );
}

function hasState(state: ApiState, { states, archived }: ListQuery): boolean {
  return (
    (states.length === 0 || states.includes(state)) &&
    (archived === null || archived === isArchived(state))
  );
}

function isWithin(time: number, { since, before }: ListQuery): boolean {
  return time >= since && time < before;
}

/** The addresses that are meant; null for any. */
function sendersIn(
  index: DeskOptions["index"],
  { submitters }: ListQuery,
): ReadonlySet<string> | null {
  if (submitters.length === 0) return null;
  const named = submitters.flatMap((one) => {
    if (!/^\d{1,15}$/.test(one)) return [one];
    const row = mailNumbered(index, Number(one));
    return row === null ? [] : [personIn(row.sender).email.toLowerCase()];
  });
  return new Set(named);
}

const STATES: Readonly<Record<MarkState, ApiState>> = {
  new: "new",
  waiting: "changes-requested",
  snoozed: "deferred",
  applied: "accepted",
  dropped: "rejected",
};

/** The series and the state of each of these mails, by their numbers. */
export async function apiFacts(
  { index, trust, facts }: DeskOptions,
  rows: readonly MailRow[],
): Promise<ReadonlyMap<number, ApiFacts>> {
  const series = seriesWithMails(
    index,
    rows.map(({ id }) => id),
  );
  const ids = new Set([...series.values()].flat().map(({ work }) => work));
  const works = worksOfRows(index, trust.seriesMarks(), [...ids]);
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

/** What became of a version. */
function stateOf(
  { newest, mark }: DeskWork,
  { id, record }: StoredSeries,
  applied: boolean,
): ApiState {
  const { version } = JSON.parse(record) as SeriesSummary;
  const isOlder = compareVersions({ version, minor: "" }, { ...newest.summary, minor: "" }) < 0;
  if (id !== newest.id && isOlder) return "superseded";
  return applied ? "accepted" : STATES[mark?.state ?? "new"];
}

/** People who sent patches or cover letters, each by a mail of theirs. */
export async function apiPeople(
  { index }: DeskOptions,
  query: ListQuery,
  places: ApiPlaces,
): Promise<ListPage> {
  const seen = new Set<string>();
  const { rows, more } = await pageOf(
    query,
    (most, skip) => mailsInOrder(index, "patch", "id", most, skip),
    (some) =>
      some.filter(({ sender }) => {
        const { email } = personIn(sender);
        if (seen.has(email) || !sender.toLowerCase().includes(query.words)) return false;
        seen.add(email);
        return true;
      }),
  );
  return { records: rows.map((row) => personRecord(row, places)), more };
}

const CATEGORIES = ["series-completed", "patch-created", "cover-created"] as const;

/**
 * What came, as events: the newest first unless `order` says otherwise. The number of an event is that of the
 * mail, or of the series.
 */
export async function apiEvents(
  { index }: DeskOptions,
  query: ListQuery,
  places: ApiPlaces,
): Promise<ListPage> {
  const project = projectRecord(places);
  const order = query.order === "id" ? "-date" : query.order;
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
    const { rows, more } = await pageOf(
      query,
      (most, skip) => seriesInOrder(index, order, most, skip),
      (some) =>
        some.filter(
          ({ id, date, record }) =>
            isWithin(date, query) &&
            (query.series === null || query.series === id) &&
            (JSON.parse(record) as SeriesSummary).complete,
        ),
    );
    const records = rows.map((one) =>
      event(one.id, category, one.date, { series: embeddedSeries(one, places) }),
    );
    return { records, more };
  }
  const kind = category === "cover-created" ? "cover" : "patch";
  const { rows, more } = await pageOf(
    query,
    (most, skip) => mailsInOrder(index, kind, order, most, skip),
    (some) =>
      some.filter(
        ({ id, date }) => isWithin(date, query) && (query[kind] === null || query[kind] === id),
      ),
  );
  const records = rows.map((row) =>
    event(row.id, category, row.date, { [kind]: embeddedMail(row, places) }),
  );
  return { records, more };
}
