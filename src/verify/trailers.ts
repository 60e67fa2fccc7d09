/** The trailers of a series' threads: which patch they are for, and how well that is proved. */

import { normaliseIdentity } from "../trust/identity.ts";
import { assignInThread, type OtherSeries, type SeriesTrailers } from "../trailers/assign.ts";
import type { ThreadPatch } from "../trailers/thread-patch.ts";
import { formatReviewTrailer } from "../review/text.ts";
import { ReplyThread } from "../trailers/reply-thread.ts";
import { isReply, type Reply } from "../trailers/reply.ts";
import type { SeriesPortion } from "../series/item.ts";
import type { Evidence } from "./evidence.ts";
import { trailerLine } from "../trailers/trailer.ts";
import type { RepliesResult, ReviewResult } from "./result.ts";
import { clearTextFindings, strayFindings } from "./review.ts";
import type { Collected } from "./series.ts";

/** A patch or cover letter, as replies see it. */
export function threadPatch({
  messageId,
  references,
  number,
  author,
  reviewable,
}: Evidence): ThreadPatch {
  return {
    messageId,
    references,
    index: number.index,
    author: normaliseIdentity(author?.email ?? "") ?? "",
    digests: reviewable?.digests ?? null,
    trailers: reviewable?.trailers ?? [],
  };
}

/**
 * @param versions other versions of the same work: what was said of an unchanged patch there holds here
 * @param sloppy take trailers of people who did not send the reply, too
 */
export function seriesTrailers<P>(
  series: Collected<P>,
  versions: readonly { readonly name: string; readonly series: Collected<P> }[],
  sloppy: boolean,
): SeriesTrailers {
  const portions = new Set(
    [series, ...versions.map((one) => one.series)].flatMap((one) => one.portions),
  );
  const own = new Set([...series.received, ...series.lettersApart]);
  const others: OtherSeries[] = versions.map((one) => ({
    name: one.name,
    patches: one.series.received
      .filter((member) => !own.has(member))
      .map(({ inThread }) => inThread),
  }));
  return assignInThread(
    [...own].map(({ inThread }) => inThread),
    others,
    threadOf([...portions]),
    sloppy,
  );
}

/** Of portions with several series: each of them asks for the same. */
const threads = new WeakMap<SeriesPortion<unknown>, ReplyThread>();

function threadOf(portions: Collected<unknown>["portions"]): ReplyThread {
  const [first] = portions;
  const known = first === undefined || portions.length > 1 ? undefined : threads.get(first);
  if (known !== undefined) return known;
  const links = portions.flatMap((portion) => portion.links);
  const patches = portions.flatMap(({ values }) => values.map(({ inThread }) => inThread));
  const thread = new ReplyThread(patches, links.filter(isReply), links);
  if (first !== undefined && portions.length === 1) threads.set(first, thread);
  return thread;
}

/** Most that are not taken and yet listed. */
const MAX_LEFT_OUT = 100;
const MAX_REVIEWS = 100;

/**
 * As part of the record of a series; null if nothing is said in replies.
 *
 * @param version of the series
 */
export function repliesResult(
  { patches, leftOut, replies }: SeriesTrailers,
  version: number,
): RepliesResult | null {
  const given = new Map<string, RepliesResult["trailers"][number] & { patches: number[] }>();
  for (const { patch, given: all } of patches)
    for (const { trailer, reply, proof, match, publicKey, from: version } of all) {
      const line = trailerLine(trailer);
      const { from, messageId, source, vouched } = reply;
      const name = [line, messageId, source, proof, version].join("\n");
      const known = given.get(name);
      if (known !== undefined) known.patches.push(patch.index);
      else {
        const vouchedBy = proof === "vouched" ? (vouched?.domain ?? null) : null;
        const of = { from, match, messageId, source, proof, publicKey, vouchedBy, version };
        given.set(name, { trailer: line, patches: [patch.index], ...of });
      }
    }
  const present = new Set(patches.flatMap(({ patch }) => patch.digests?.diff ?? []));
  const reviews: ReviewResult[] = [];
  for (const reply of replies) {
    if (reviews.length >= MAX_REVIEWS) break;
    if (reply.reviews.length + reply.flaws.length > 0)
      reviews.push(...reviewResults(reply, version, present));
  }
  if (given.size === 0 && leftOut.length === 0 && reviews.length === 0) return null;
  return {
    trailers: [...given.values()],
    leftOut: leftOut.slice(0, MAX_LEFT_OUT).map(({ trailer, reply, why }) => ({
      trailer: trailerLine(trailer),
      from: reply.from,
      messageId: reply.messageId,
      source: reply.source,
      why,
    })),
    reviews: reviews.slice(0, MAX_REVIEWS),
  };
}

/** What is to be said of the reviews in a reply. */
function reviewResults(
  { reviews, flaws, trailers, messageId, source }: Reply,
  version: number,
  present: ReadonlySet<string>,
): ReviewResult[] {
  const written = clearTextFindings(
    reviews.filter(({ counts }) => counts).map(({ review }) => review),
    trailers,
  );
  const judged = reviews.map(({ review, trust, findings }, i) => ({
    by: review.by,
    publicKey: review.publicKey,
    trust,
    trailers: review.trailers.map(formatReviewTrailer),
    messageId,
    source,
    findings: [
      ...findings,
      ...strayFindings(review, version, present),
      ...(i === 0 ? written : []),
    ],
  }));
  const nobody = { by: null, publicKey: null, trust: null, trailers: [], messageId, source };
  return [...judged, ...flaws.map((flaw) => ({ ...nobody, findings: [flaw] }))];
}
