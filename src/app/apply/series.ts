/** Reads mails, and chooses the one series to apply. */

import type { TrustStore } from "../../store/trust-store.ts";
import { isWrapped } from "../../verify/carrier.ts";
import type { Checked, StatementMail } from "../../verify/result.ts";
import type { Collected } from "../../verify/series.ts";
import { versionMail } from "../../verify/versions.ts";
import type { Reporter } from "../reporter.ts";
import { chooseSeries, type SeriesChoice } from "../series/choose.ts";
import { composed } from "../series/compose.ts";
import { readAllSeries, type ReadOptions } from "../series/read.ts";
import { judgedVersions, type Version } from "../series/versions.ts";
import { readKeyrings } from "../trust/keyrings.ts";
import { noPatchFound } from "../verify/verification.ts";

export interface SeriesToApply {
  readonly series: Collected<Checked>;
  /** The other versions of the work; of a composed series, also those that it is composed of. */
  readonly versions: readonly Version<Collected<Checked>>[];
}

/**
 * Reads and verifies the sources, and chooses a series. Says what it leaves out.
 *
 * @throws PatchsigError "no-patch"; "refused" if it is not clear which series to take; others if a source cannot be
 *   read
 */
export async function readSeries(
  options: Omit<ReadOptions, "pins" | "dryRun">,
  choice: SeriesChoice,
  store: TrustStore,
  reporter: Reporter,
): Promise<SeriesToApply> {
  const { say } = reporter;
  const pins = await readKeyrings(store, say);
  const terms = { ...options, pins, dryRun: false };
  const kept = {
    keep: (checked: Checked) => checked,
    diffs: true,
    mails: choice.mails,
    strict: true,
  };
  const read = await readAllSeries(terms, kept, store, reporter);
  for (const note of read.notes) sayNote(note, say);
  const versions = judgedVersions(read.all, versionMail);
  sayLeftOut(versions, say);
  if (!versions.some(({ isCandidate }) => isCandidate))
    throw read.fault ?? noPatchFound(options.sources, read.messages);
  const meant = { ...choice, mails: [...choice.mails, ...read.referred] };
  const { version, parts, others, said } = chooseSeries(versions, meant, store.seriesLinks());
  said.forEach(say);
  return parts.length === 0
    ? { series: version.series, versions: others }
    : { series: composed(version, parts), versions: [version, ...parts, ...others] };
}

function sayNote({ read, source, findings }: StatementMail, say: Reporter["say"]): void {
  if (!read) say(`${source}: a mail without a patch, refused`);
  for (const { message, hint } of findings.filter(isWrapped)) say(`${source}: ${message}; ${hint}`);
}

/**
 * Says what is left out: replies with a diff, and refused mails that belong to no series. If such a mail is a part of
 * the series after all, the series is incomplete, and so is not applied.
 */
function sayLeftOut(versions: readonly Version<Collected<Checked>>[], say: Reporter["say"]): void {
  const answers = versions.filter(({ series }) => series.members.some((m) => m.evidence.isAnswer));
  for (const { series } of answers.slice(0, MAX_NAMED))
    say(`left out, a reply with a diff: ${series.result.subject}`);
  const unread = versions.filter(
    ({ isCandidate, series }) =>
      !isCandidate && series.members.every(({ payload }) => payload.view === null),
  );
  for (const { series } of unread.slice(0, MAX_NAMED)) {
    const [{ result }] = series.members as [(typeof series.members)[number]];
    say(`${result.source}: ${result.findings[0]?.message ?? "not read"}`);
  }
}

const MAX_NAMED = 5;
