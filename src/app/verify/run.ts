/** A whole run of `verify`: takes sources, yields records series by series, and a summary. */

import type { Bases } from "../base/verify-bases.ts";
import { newKeeping, type PatchSummary } from "../base/summary.ts";
import type { SeriesTests } from "../result/series-tests.ts";
import { mailProgress, type Reporter } from "../reporter.ts";
import { goneCursors } from "../sources/cursors.ts";
import { openSources } from "../sources/sources.ts";
import { readKeyrings } from "../trust/keyrings.ts";
import type { PatchsigError } from "../../errors.ts";
import type { TreeTests } from "../../result/about.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import type { Policies } from "../../verify/policy.ts";
import type { PatchResult, SeriesResult } from "../../verify/result.ts";
import type { Collected } from "../../verify/series.ts";
import type { Totals } from "../../verify/totals.ts";
import { repliesResult, seriesTrailers } from "../../verify/trailers.ts";
import type { CheckOptions } from "./checking.ts";
import type { DkimRun } from "./dkim.ts";
import { type JudgedEvent, newEventCounts, verifyEvents } from "./events.ts";
import { noPatchFound } from "./verification.ts";

/** A series with what the repository says of its base, and what is known of tests on what it makes of that. */
interface SeriesEvent {
  readonly kind: "series";
  readonly result: SeriesResult;
  readonly tests: TreeTests | null;
  readonly patches: readonly PatchResult[];
}

export type VerifyEvent = Exclude<JudgedEvent<never>, { kind: "series" }> | SeriesEvent;

export interface RunOptions extends Pick<CheckOptions, "devKeyrings" | "plainAm" | "trailers"> {
  readonly sources: readonly string[];
  /** From this time on, in git's words. */
  readonly since?: string | undefined;
  /** Only what came since the last such run. */
  readonly onlyNew: boolean;
  readonly policies: Policies;
  readonly dryRun: boolean;
  readonly jobs: number;
  /** Keys for DKIM; null if nothing may be vouched for. */
  readonly dkim: DkimRun | null;
  /** Checks the bases of series; whoever opened it closes it. */
  readonly bases: Bases | null;
  /** What is known of tests; whoever opened it closes it. */
  readonly tests: SeriesTests | null;
}

export interface RunResult {
  readonly totals: Totals;
  readonly series: number;
  readonly messages: number;
  /** What could not be read. */
  readonly unread: number;
  /** Refused, but without a patch. */
  readonly passedOver: number;
  /** No series fails. */
  readonly met: boolean;
  /** Why there was no output, if there should have been some. */
  readonly nothing: PatchsigError | null;
}

/**
 * @param show gets each record; an error that it throws is reported for that mail, and the run goes on
 * @throws PatchsigError "usage" for options that do not go with a source
 */
export async function verifyRun(
  options: RunOptions,
  store: TrustStore,
  show: (record: VerifyEvent) => void,
  reporter: Reporter,
): Promise<RunResult> {
  const { sources, since, onlyNew, policies, devKeyrings, plainAm, dkim, dryRun, jobs } = options;
  const { bases, tests, trailers = [] } = options;
  const counts = newEventCounts();
  const kept = newKeeping();
  let met = true;
  const cursorOf = onlyNew ? (name: string) => store.cursor(name) : undefined;

  async function tell(event: JudgedEvent<PatchSummary | null>): Promise<void> {
    if (event.kind !== "series") return show(event);
    const series = withReplies(event.series);
    met &&= series.result.verdict !== "fail";
    const result = bases === null ? series.result : await bases.judge(series);
    met &&= result.verdict !== "fail";
    const found = (await tests?.about(series)) ?? null;
    kept.drop(series.received);
    const patches = series.members.map((member) => member.result);
    show({ kind: "series", result, tests: found, patches });
  }

  try {
    const passOptions = {
      policies,
      pins: await readKeyrings(store, reporter.say),
      devKeyrings,
      dryRun,
      signedOnly: false,
      plainAm,
      trailers,
      dkim,
      jobs,
      keep: bases === null && tests === null ? null : kept.keep,
      keepFirst: bases === null,
    };
    const onRead = mailProgress(reporter.progress, sources.length, () => counts.messages);
    const mails = openSources(sources, { since, cursorOf, say: reporter.say }, onRead);
    const events = verifyEvents(mails, passOptions, store, tell, counts);
    // `show` has had each event
    for await (const _ of events);
  } finally {
    if (onlyNew) {
      store.moveCursors(counts.cursors);
      store.dropCursors(goneCursors(sources, (prefix) => store.cursorsBelow(prefix)));
    }
  }
  const { totals, series, messages, unread, passedOver } = counts;
  // nothing new is not a failure: bots and timers run this again and again
  const quiet = onlyNew && messages === 0;
  const said = totals.all.patches + counts.notes + unread;
  const nothing = said > 0 || quiet ? null : noPatchFound(sources, messages);
  return { totals, series, messages, unread, passedOver, met, nothing };
}

/** What is said in the replies of its own thread. */
export function withReplies<P>(series: Collected<P>): Collected<P> {
  const replies = repliesResult(seriesTrailers(series, [], false), series.result.version);
  return replies === null ? series : { ...series, result: { ...series.result, replies } };
}
