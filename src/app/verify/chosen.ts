/** `verify --series`: the same records of one series, chosen from all of the sources. */

import type { TrustStore } from "../../store/trust-store.ts";
import { type VersionMail, versionMail } from "../../verify/versions.ts";
import { type PatchSummary, patchSummary } from "../base/summary.ts";
import type { Reporter } from "../reporter.ts";
import { chooseSeries, type SeriesChoice } from "../series/choose.ts";
import { readAllSeries } from "../series/read.ts";
import { judgedVersions } from "../series/versions.ts";
import { readKeyrings } from "../trust/keyrings.ts";
import { newEventCounts } from "./events.ts";
import { type RunOptions, type RunResult, type VerifyEvent, withReplies } from "./run.ts";
import { noPatchFound } from "./verification.ts";

interface KeptMail {
  readonly facts: VersionMail;
  readonly summary: PatchSummary | null;
}

/**
 * @param show gets the records of the chosen series
 * @throws PatchsigError "refused" if it cannot be told which one is meant; "no-patch"; as the sources cannot
 *   be read
 */
export async function verifyChosen(
  options: RunOptions,
  choice: SeriesChoice,
  store: TrustStore,
  show: (record: VerifyEvent) => void,
  reporter: Reporter,
): Promise<RunResult> {
  const { sources, bases, tests } = options;
  const isKept = bases !== null || tests !== null;
  const terms = { ...options, pins: await readKeyrings(store, reporter.say), signedOnly: false };
  const keep: Parameters<typeof readAllSeries<KeptMail>>[1]["keep"] = (checked) => ({
    facts: versionMail(checked),
    summary: isKept ? patchSummary(checked) : null,
  });
  const read = await readAllSeries(
    terms,
    { keep, diffs: isKept, mails: choice.mails, strict: false },
    store,
    reporter,
  );
  const versions = judgedVersions(read.all, ({ facts }) => facts);
  if (!versions.some(({ isCandidate }) => isCandidate))
    throw read.fault ?? noPatchFound(sources, read.messages);
  const meant = { ...choice, mails: [...choice.mails, ...read.referred] };
  const { version, said } = chooseSeries(versions, meant, store.seriesLinks());
  said.forEach(reporter.say);
  const { totals } = newEventCounts();
  for (const { result } of version.series.received) {
    totals.add(result);
    show({ kind: "patch", result });
  }
  const series = withReplies(version.series);
  const members = series.members.map((mail) => ({ ...mail, payload: mail.payload.summary }));
  const whole = { result: series.result, members };
  const result = bases === null ? series.result : await bases.judge(whole);
  const found = (await tests?.about(whole)) ?? null;
  show({ kind: "series", result, tests: found, patches: members.map((member) => member.result) });
  return {
    totals,
    series: 1,
    messages: read.messages,
    unread: read.fault === null ? 0 : 1,
    passedOver: 0,
    met: series.result.verdict !== "fail" && result.verdict !== "fail",
    nothing: null,
  };
}
