/** The trailers that am may add to the patches that it applies. */

import {
  type AddedTrailer,
  fromMail,
  fromReplies,
  linkTrailer,
  withoutRepeats,
} from "../../trailers/added.ts";
import { isSamePatch, type SeriesTrailers } from "../../trailers/assign.ts";
import { trailerNames } from "../../trailers/trailer.ts";
import type { Checked, RepliesResult } from "../../verify/result.ts";
import type { JudgedMember } from "../../verify/series.ts";
import { repliesResult, seriesTrailers } from "../../verify/trailers.ts";
import type { SeriesToApply } from "./series.ts";

export interface OfferOptions {
  /** Names of trailers beside git's usual ones. */
  readonly trailers: readonly string[];
  /** Take trailers of people who did not send the reply, too. */
  readonly sloppy: boolean;
  /** Take those that somebody wrote into the patches' own mails after they were signed. */
  readonly inMail: boolean;
  /** The mask of the Link that each patch gets; null for none. */
  readonly linkMask: string | null;
}

/** What there is to add. */
export interface TrailerOffer {
  /** Of the replies; null if there is nothing in them. */
  readonly replies: RepliesResult | null;
  /**
   * Those that stood in the patches' own mails, and in no reply: by the line, the numbers of the patches.
   */
  readonly written: ReadonlyMap<string, readonly number[]>;
  /** By the patch, in its order, without what its author wrote. */
  readonly byPatch: ReadonlyMap<JudgedMember<Checked>, readonly AddedTrailer[]>;
  /** Lines that stood in a patch's mail without being signed, and are not taken. */
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

/** @param patches those to apply */
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
    // what b4 took from a reply that is here has that reply's proof
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
 * What is added to each patch, the Link last.
 *
 * @param wanted whether the trailers are
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
