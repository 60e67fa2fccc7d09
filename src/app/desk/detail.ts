/** A work in full, from its mails. */

import type { MailRow } from "../../store/index-sql.ts";
import type { IndexStore } from "../../store/index-store.ts";
import type { Repository } from "../../git/repository.ts";
import type { TreeTests } from "../../result/about.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { patchSummary } from "../base/summary.ts";
import { withdrawals } from "../feed/followed.ts";
import { KnownTests } from "../result/known.ts";
import { seriesTests } from "../result/series-tests.ts";
import type { Checked, PatchResult, RepliesResult, SeriesResult } from "../../verify/result.ts";
import type { Collected } from "../../verify/series.ts";
import { repliesResult, seriesTrailers } from "../../verify/trailers.ts";
import { judgeAndKeep } from "../search/judge.ts";
import type { DeskStores } from "./stores.ts";
import type { DeskSeries, DeskWork, VersionedWork } from "./works.ts";

interface NamedPatch {
  /** Its mail's Message-ID, or the name that the index gave it. */
  readonly name: string;
  readonly result: PatchResult;
}

export interface VersionDetail {
  readonly series: DeskSeries;
  readonly result: SeriesResult;
  /** In the order of their numbers, each once. */
  readonly patches: readonly NamedPatch[];
  readonly replies: RepliesResult | null;
}

export interface WorkDetail {
  readonly work: DeskWork;
  readonly versions: readonly VersionDetail[];
  /** All mails of its threads, the oldest first. */
  readonly mails: readonly MailRow[];
  /** What is known of tests on the newest version; null if nothing is. */
  readonly tests: TreeTests | null;
}

/** The mails of a work, read and judged. */
export interface WorkMails {
  /** All of its threads, as far as they fit on a page, the oldest first. */
  readonly rows: readonly MailRow[];
  readonly series: readonly Collected<Checked>[];
}

/** Most mails of a page. */
const MAX_MAILS = 1_000;

export async function mailsOfWork(
  { index, terms, trust, mailsAt }: DeskStores,
  work: VersionedWork,
): Promise<WorkMails> {
  const rows = rowsOfWork(index, work);
  const mails = await mailsAt(rows);
  const { series } = await judgeAndKeep(mails, terms, trust, (checked: Checked) => checked);
  return { rows, series };
}

export async function workDetail(
  { index, trust, repository }: Pick<DeskStores, "index" | "trust" | "repository">,
  work: VersionedWork,
  { rows, series }: WorkMails,
): Promise<WorkDetail> {
  const names = namesByPlace(rows);
  const found = work.versions.flatMap((one) => {
    const its = series.find((each) => isOf(each, one, names));
    return its === undefined ? [] : [{ one, its }];
  });
  const newest = found.find(({ one }) => one === work.newest);
  return {
    work,
    versions: found.map(({ one, its }) => detailOf(one, its, names)),
    mails: rows,
    tests: newest === undefined ? null : await testsOf(newest.its, index, trust, repository),
  };
}

async function testsOf(
  { result, members }: Collected<Checked>,
  index: IndexStore,
  trust: TrustStore,
  repository: Repository | null,
): Promise<TreeTests | null> {
  if (!index.hasResults()) return null;
  const tests = seriesTests(
    new KnownTests({ index, isWithdrawn: withdrawals() }, trust),
    repository,
  );
  try {
    const summed = members.map(({ payload, ...member }) => ({
      ...member,
      payload: patchSummary(payload),
    }));
    return await tests.about({ result, members: summed });
  } finally {
    tests.close();
  }
}

function rowsOfWork(index: IndexStore, { work }: DeskWork): MailRow[] {
  const threads = new Set(index.ofWork(work).map(({ thread }) => thread));
  const all = [...threads].flatMap((thread) => index.thread(thread));
  return [...new Map(all.map((mail) => [mail.place, mail])).values()]
    .sort((a, b) => a.date - b.date || a.id - b.id)
    .slice(0, MAX_MAILS);
}

/** The Message-IDs of mails, by place. */
export function namesByPlace(mails: readonly MailRow[]): ReadonlyMap<string, string> {
  return new Map(mails.map(({ place, messageId }) => [place, messageId]));
}

/** Whether a judged series is this one of the index: same version, same first mail. */
export function isOf(
  { result }: Collected<unknown>,
  { summary, messageIds }: DeskSeries,
  names: ReadonlyMap<string, string>,
): boolean {
  return (
    result.version === summary.version &&
    result.members.some(({ source }) => names.get(source) === messageIds[0])
  );
}

function detailOf(
  series: DeskSeries,
  found: Collected<Checked>,
  names: ReadonlyMap<string, string>,
): VersionDetail {
  const trailers = seriesTrailers(found, [], false);
  return {
    series,
    result: found.result,
    patches: found.members.map(({ source, result }) => ({ name: names.get(source) ?? "", result })),
    replies: repliesResult(trailers, series.summary.version),
  };
}
