/** Series as the index stores them, and which of them are versions of one work. */

import { type HandLink, namesToFindBy, namesToLookFor, worksOf } from "../../series/works.ts";
import type { VersionFacts } from "../../series/works.ts";
import { patchesDigest } from "../../result/patches.ts";
import type { NewIndexedSeries, StoredSeries } from "../../store/index-sql.ts";
import type { IndexStore } from "../../store/index-store.ts";
import type { ListedSeries } from "../../verify/versions.ts";
import { repliesResult, seriesTrailers } from "../../verify/trailers.ts";
import type { Collected, Series } from "../../verify/series.ts";
import type { VersionMail } from "../../verify/versions.ts";
import {
  isOnlyUnsigned,
  type KeyTrust,
  type PatchResult,
  type RepliesResult,
} from "../../verify/result.ts";
import type { Base } from "../../base/result.ts";
import { judgedVersions, type Version } from "../series/versions.ts";

/** The trailers of one name in the replies to a series. */
interface TrailerCount {
  readonly all: number;
  /** Those with a proof: a signature, or a domain that vouches. */
  readonly proven: number;
}

/** What the index stores of a series besides its columns: the JSON in `record` of an IndexedSeries. */
export interface SeriesSummary extends Pick<
  ListedSeries,
  "id" | "subject" | "version" | "name" | "total" | "missing" | "replaces" | "from" | "proof"
> {
  readonly unsigned: boolean;
  readonly applicable: boolean;
  readonly complete: boolean;
  readonly author: PatchResult["author"];
  readonly signer: string | null;
  /** The state of the key that signed the first signed patch; null if none is signed. */
  readonly trust: KeyTrust | null;
  readonly base: Base;
  /** Codes of all findings, on the series and on its mails. */
  readonly findings: readonly string[];
  readonly reviewed: TrailerCount;
  readonly acked: TrailerCount;
  readonly tested: TrailerCount;
  /** The digest by which test results name its patches (`patchesDigest`); "" unless all patches are here. */
  readonly patches: string;
  /** Replies in its thread: mails without a patch. */
  readonly replies: number;
}

export interface SeriesContext {
  /** Dates of mails, in seconds since the epoch, by Message-ID and by place. */
  readonly dates: ReadonlyMap<string, number>;
  /** The name of the source that has the mail of this place. */
  readonly sources: (place: string) => string;
}

const MAX_CODES = 50;

/** Series as the index stores them. */
export function indexedSeries(
  all: readonly Collected<VersionMail>[],
  { dates, sources }: SeriesContext,
): NewIndexedSeries[] {
  const taken = new Map<string, number>();
  return judgedVersions(all, (facts) => facts).map((version): NewIndexedSeries => {
    const { series, outline, facts } = version;
    const first = outline.members[0]?.messageId ?? "";
    const turn = (taken.get(first) ?? 0) + 1;
    taken.set(first, turn);
    const known = (ids: readonly string[]): number[] => ids.flatMap((id) => dates.get(id) ?? []);
    const own = known(series.received.map(({ source }) => source));
    const links = series.portions.flatMap((portion) => portion.links);
    const record = recordOf(version, links.length);
    return {
      name: `${first} ${turn}`,
      date: least(own),
      latest: most([...own, ...known(links.map(({ messageId }) => messageId))]),
      signer: record.signer ?? "",
      verdict: version.verdict,
      version: record.version,
      applicable: record.applicable ? 1 : 0,
      record: JSON.stringify(record),
      versions: JSON.stringify(facts),
      names: namesToFindBy(facts),
      mails: outline.members.map(({ source, index }) => ({
        source: sources(source),
        place: source,
        number: index,
      })),
    };
  });
}

function recordOf(version: Version<Collected<VersionMail>>, replies: number): SeriesSummary {
  const { series, outline, facts, name, proof, isCandidate } = version;
  const results = series.members.map(({ result }) => result);
  const signed = results.find(({ signature }) => signature === "good");
  const [{ signer, author }] = results as [PatchResult, ...PatchResult[]];
  const said = repliesResult(seriesTrailers(series, [], false), facts.version)?.trailers ?? [];
  const codes = [...outline.findings, ...results.flatMap(({ findings }) => findings)];
  const { id, subject, total, missing, replaces, complete, base } = outline;
  return {
    id,
    subject,
    version: facts.version,
    name,
    total,
    missing,
    replaces,
    from: signer ?? author?.email ?? "",
    proof,
    unsigned: results.every(isOnlyUnsigned),
    applicable: isCandidate,
    complete,
    author,
    signer: outline.signer ?? signed?.signer ?? null,
    trust: signed?.trust ?? null,
    base,
    findings: [...new Set(codes.map(({ code }) => code))].slice(0, MAX_CODES),
    reviewed: countIn(said, "reviewed-by"),
    acked: countIn(said, "acked-by"),
    tested: countIn(said, "tested-by"),
    patches: digestOfPatches(series) ?? "",
    replies,
  };
}

/** As `SeriesSummary.patches`; null unless all patches are here and could be read. */
function digestOfPatches({ result, members }: Series<VersionMail>): string | null {
  const diffs = members.flatMap(({ payload: { kind, diff } }) =>
    kind === "patch" && diff !== null ? [diff] : [],
  );
  return result.complete && diffs.length === result.total ? patchesDigest(diffs) : null;
}

/** Counts the trailers of one name, lower case: each person once. */
function countIn(said: RepliesResult["trailers"], name: string): TrailerCount {
  const its = said.filter(({ trailer }) => trailer.toLowerCase().startsWith(`${name}:`));
  const proven = its.filter(({ proof }) => proof !== "none");
  const people = (some: typeof its): number => new Set(some.map(({ trailer }) => trailer)).size;
  return { all: people(its), proven: people(proven) };
}

function least(dates: readonly number[]): number {
  return dates.length === 0 ? 0 : dates.reduce((a, b) => Math.min(a, b));
}

function most(dates: readonly number[]): number {
  return dates.reduce((a, b) => Math.max(a, b), 0);
}

/**
 * Finds the works anew, of series that were just stored and of all that may be other versions of them.
 *
 * @param hand links that the user made by hand (docs/series.md)
 * @returns ids of series, each with the number of its work
 */
export function regrouped(
  stored: readonly StoredSeries[],
  index: Pick<IndexStore, "namesakes">,
  hand: readonly HandLink[],
): [id: number, work: number][] {
  const all = new Map(stored.map((one) => [one.id, one]));
  const names = new Set(stored.flatMap((one) => namesToLookFor(factsOf(one))));
  for (const other of index.namesakes(names)) all.set(other.id, other);
  const list = [...all.values()].sort((a, b) => a.id - b.id);
  return worksOf(list.map(factsOf), hand).flatMap(({ members }) => {
    const ids = members.map((at) => list[at]!.id);
    const work = ids.reduce((a, b) => Math.min(a, b));
    return ids.map((id): [number, number] => [id, work]);
  });
}

function factsOf({ versions }: StoredSeries): VersionFacts {
  return JSON.parse(versions) as VersionFacts;
}
