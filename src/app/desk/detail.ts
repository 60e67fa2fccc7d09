/** A work in full: read from its mails again, and judged, when somebody looks at it. */

import type { MailRow } from "../../store/index-sql.ts";
import type { IndexStore } from "../../store/index-store.ts";
import type { TrustMemory } from "../../trust/memory.ts";
import type { PatchResult, RepliesResult, SeriesResult } from "../../verify/result.ts";
import type { Collected } from "../../verify/series.ts";
import { repliesResult, seriesTrailers } from "../../verify/trailers.ts";
import type { VersionMail } from "../../verify/versions.ts";
import { mailsAt } from "../sources/at-places.ts";
import { judgePortion, type PortionTerms } from "../search/judge.ts";
import type { DeskSeries, DeskWork } from "./works.ts";

interface NamedPatch {
  /** By which its mail is found. */
  readonly name: string;
  readonly result: PatchResult;
}

export interface VersionDetail {
  readonly series: DeskSeries;
  readonly result: SeriesResult;
  /** By number, each once. */
  readonly patches: readonly NamedPatch[];
  readonly replies: RepliesResult | null;
}

export interface WorkDetail {
  readonly work: DeskWork;
  readonly versions: readonly VersionDetail[];
  /** All mails of its threads, the oldest first. */
  readonly mails: readonly MailRow[];
}

/** Mails of a page. */
const MAX_MAILS = 1_000;

/** @param trust as of a dry run: to look at a page remembers nothing */
export async function workDetail(
  index: IndexStore,
  work: DeskWork,
  terms: PortionTerms,
  trust: TrustMemory,
): Promise<WorkDetail> {
  const mails = mailsOfWork(index, work);
  const { series } = await judgePortion(await mailsAt(mails), terms, trust);
  const names = namesByPlace(mails);
  const versions = work.versions.flatMap((one) => {
    const found = series.find((each) => isOf(each, one, names));
    return found === undefined ? [] : [detailOf(one, found, names)];
  });
  return { work, versions, mails };
}

/** All mails of its threads, the oldest first. */
export function mailsOfWork(index: IndexStore, { work }: DeskWork): MailRow[] {
  const threads = new Set(index.ofWork(work).map(({ thread }) => thread));
  const all = [...threads].flatMap((thread) => index.thread(thread));
  return [...new Map(all.map((mail) => [mail.place, mail])).values()]
    .sort((a, b) => a.date - b.date || a.id - b.id)
    .slice(0, MAX_MAILS);
}

export function namesByPlace(mails: readonly MailRow[]): ReadonlyMap<string, string> {
  return new Map(mails.map(({ place, messageId }) => [place, messageId]));
}

/** Is it this one, of which the index has a summary? */
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
  found: Collected<VersionMail>,
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
