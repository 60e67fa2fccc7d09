/** Finds the trailers that am may add to the patches that it applies. */

import {
  type AddedTrailer,
  fromMail,
  fromReplies,
  linkTrailer,
  withoutRepeats,
} from "../../trailers/added.ts";
import { type SeriesTrailers } from "../../trailers/assign.ts";
import { isSamePatch } from "../../trailers/thread-patch.ts";
import { trailerNames } from "../../trailers/trailer.ts";
import type { Checked, RepliesResult } from "../../verify/result.ts";
import type { JudgedMember } from "../../verify/series.ts";
import { repliesResult, seriesTrailers } from "../../verify/trailers.ts";
import type { SeriesToApply } from "./series.ts";

export interface OfferOptions {
  /** Names of trailers to read, besides the usual ones. */
  readonly trailers: readonly string[];
  /** Also take trailers of people who did not send the reply. */
  readonly sloppy: boolean;
  /** Also take trailers that somebody added to the patches' own mails after they were signed. */
  readonly inMail: boolean;
  /** The mask of a Link to add to each patch; null for none. */
  readonly linkMask: string | null;
}

/** The trailers that can be added. */
export interface TrailerOffer {
  /** Those in replies; null if there are none. */
  readonly replies: RepliesResult | null;
  /**
   * Those that somebody added to the patches' own mails, and that no reply has: the numbers of the patches, by the
   * line.
   */
  readonly written: ReadonlyMap<string, readonly number[]>;
  /** For each patch, in the order in which they are added, without those that its message has. */
  readonly byPatch: ReadonlyMap<JudgedMember<Checked>, readonly AddedTrailer[]>;
  /** Unsigned lines in patches' own mails that are not taken. */
  readonly dropped: readonly string[];
  readonly count: number;
  readonly linkMask: string | null;
}

export const NO_TRAILERS: TrailerOffer = {
  replies: null,
  written: new Map(),
  byPatch: new Map(),
  dropped: [],
  count: 0,
  linkMask: null,
};

/** @param patches the patches to apply */
export function offerTrailers(
  { series, versions }: SeriesToApply,
  patches: readonly JudgedMember<Checked>[],
  { trailers, sloppy, inMail, linkMask }: OfferOptions,
): TrailerOffer {
  const names = trailerNames(trailers);
  const found = seriesTrailers(series, versions, sloppy);
  const byPatch = new Map<JudgedMember<Checked>, readonly AddedTrailer[]>();
  const written = new Map<string, number[]>();
  const dropped: string[] = [];
  for (const member of patches) {
    const { addedLines } = member.payload;
    const own = inMail ? fromMail(addedLines, member.result.messageId, names) : [];
    // replies first: a trailer that b4 copied from a reply which is here has that reply's proof
    const all = withoutRepeats([...givenTo(found, member), ...own], names);
    byPatch.set(member, all);
    for (const one of own)
      if (all.includes(one))
        written.set(one.line, [...(written.get(one.line) ?? []), member.inThread.index]);
    const taken = new Set(own.map(({ line }) => line));
    if (inMail) dropped.push(...addedLines.filter((line) => !taken.has(line)));
  }
  const count = [...byPatch.values()].reduce((sum, { length }) => sum + length, 0);
  return {
    replies: repliesResult(found, series.result.version),
    written,
    byPatch,
    dropped,
    count,
    linkMask,
  };
}

/**
 * The trailers to add to each patch; a Link comes last.
 *
 * @param wanted false to add only the Link
 */
export function addedTo(
  patches: readonly JudgedMember<Checked>[],
  { byPatch, linkMask }: TrailerOffer,
  wanted: boolean,
): ReadonlyMap<JudgedMember<Checked>, readonly AddedTrailer[]> {
  return new Map(
    patches.map((patch) => {
      const trailers = wanted ? (byPatch.get(patch) ?? []) : [];
      const link = linkMask === null ? null : linkTrailer(patch.result.messageId, linkMask);
      const isThere = link !== null && hasLine(patch, link.line);
      return [patch, link === null || isThere ? trailers : [...trailers, link]];
    }),
  );
}

function hasLine({ payload }: JudgedMember<Checked>, line: string): boolean {
  return payload.view?.message.toString("utf8").split("\n").includes(line) ?? false;
}

function givenTo({ patches }: SeriesTrailers, { inThread }: JudgedMember<Checked>): AddedTrailer[] {
  const mine = patches.find(({ patch }) => isSamePatch(patch, inThread));
  return mine === undefined ? [] : fromReplies(mine.given);
}
