/** Judges series as they close, from the verdicts of their patches. Pure, and bounded. */

import { createSeriesCollector as createCollector } from "../series/collector.ts";
import type { AssembledSeries, SeriesPortion, ThreadMail } from "../series/item.ts";
import type { Reply } from "../trailers/reply.ts";
import type { ThreadPatch } from "../trailers/thread-patch.ts";
import type { Evidence } from "./evidence.ts";
import { type OutlineEntry, itemOf, outlined, patchOutline } from "./outline.ts";
import { threadPatch } from "./trailers.ts";
import { type PatchResult, type SeriesResult, verdictOf, worstOf } from "./result.ts";

/** A mail with a patch and its verdict. `payload` is the caller's own. */
export interface JudgedMail<P> {
  readonly result: PatchResult;
  readonly evidence: Evidence;
  readonly payload: P;
}

/** What is held of it until its series is judged. */
export interface JudgedMember<P> extends OutlineEntry {
  readonly result: PatchResult;
  /** As replies see it. */
  readonly inThread: ThreadPatch;
  readonly payload: P;
}

export interface Series<P> {
  readonly result: SeriesResult;
  /** By number, then arrival; each patch once, even if it came twice. */
  readonly members: readonly JudgedMember<P>[];
}

/** A series as it was collected. */
export interface Collected<P> extends Series<P> {
  /** All that came, in that order. */
  readonly received: readonly JudgedMember<P>[];
  /** Cover letters that look like its own, and were not signed with it. */
  readonly lettersApart: readonly JudgedMember<P>[];
  /** What came with it: of one portion, or of several if it was composed of their series. */
  readonly portions: readonly SeriesPortion<JudgedMember<P>>[];
}

export interface JudgedSeriesCollector<P> {
  /** Takes a patch; gives back the series that had to be closed for it. */
  add(mail: JudgedMail<P>): Collected<P>[];
  /** Takes a mail without a patch, or what a reply says. */
  link(mail: ThreadMail | Reply): Collected<P>[];
  /** Closes those of which this is true, in the order in which they began. */
  close(when: (payloads: readonly P[]) => boolean): Collected<P>[];
  /** Closes all that are open, in the order in which they began. */
  end(): Collected<P>[];
}

/**
 * @param onFault gets the members of a series at which the program failed; the other series go on
 */
export function createJudgedSeriesCollector<P>(
  onFault: (received: readonly JudgedMember<P>[], error: unknown) => void,
): JudgedSeriesCollector<P> {
  const collector = createCollector<JudgedMember<P>>();

  function judged(series: AssembledSeries<JudgedMember<P>>): Collected<P>[] {
    try {
      return outlined(series).map(({ outline, ...mails }) => {
        const own = verdictOf(outline.findings);
        const verdict = worstOf([own, ...mails.members.map((member) => member.verdict)]);
        const portions = [series.portion];
        return { result: { type: "series", ...outline, verdict }, ...mails, portions };
      });
    } catch (error) {
      onFault(
        series.members.map(({ value }) => value),
        error,
      );
      return [];
    }
  }

  return {
    add({ result, evidence, payload }) {
      const { source, verdict } = result;
      const outline = patchOutline(evidence);
      const inThread = threadPatch(evidence);
      const member = { source, evidence: outline, verdict, result, inThread, payload };
      return collector.add(itemOf(evidence), member).flatMap(judged);
    },
    link: (mail) => collector.link(mail).flatMap(judged),
    close: (when) =>
      collector.close((values) => when(values.map(({ payload }) => payload))).flatMap(judged),
    end: () => collector.end().flatMap(judged),
  };
}
