/** From mails to the single, verified series to apply. */

import { PatchsigError } from "../../errors.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { isWrapped } from "../../verify/carrier.ts";
import type { Policies } from "../../verify/policy.ts";
import type { Checked, StatementMail } from "../../verify/result.ts";
import { type Collected, createJudgedSeriesCollector, type Series } from "../../verify/series.ts";
import { faultAt } from "../fault.ts";
import { mailProgress, type Reporter } from "../reporter.ts";
import { openSources } from "../sources/sources.ts";
import { readKeyrings } from "../trust/keyrings.ts";
import type { DkimRun } from "../verify/dkim.ts";
import { newTally, noPatchFound, verifyMails } from "../verify/verification.ts";

export interface ReadOptions {
  readonly sources: readonly string[];
  readonly policies: Policies;
  readonly devKeyrings: readonly string[];
  readonly signedOnly: boolean;
  readonly dkim: DkimRun | null;
}

/**
 * The single series of the sources. Says what it leaves out.
 *
 * @throws PatchsigError "no-patch"; "refused" if there are several; as the sources cannot be read
 */
export async function readSeries(
  { sources, policies, devKeyrings, signedOnly, dkim }: ReadOptions,
  store: TrustStore,
  { say, sayError, progress }: Reporter,
): Promise<Series<Checked>> {
  let fault: PatchsigError | null = null;
  const tally = newTally();
  const closed: Collected<Checked>[] = [];
  const collector = createJudgedSeriesCollector<Checked>((members, error) => {
    for (const { result } of members) throw faultAt(result, error).error;
  });
  const options = {
    policies,
    pins: await readKeyrings(store, say),
    devKeyrings,
    dryRun: false,
    signedOnly,
    plainAm: null,
    dkim,
    jobs: 1,
    keep: (checked: Checked) => checked,
  };
  const onRead = mailProgress(progress, sources.length, () => tally.messages);
  const mails = openSources(sources, {}, onRead);
  for await (const seen of verifyMails(mails, options, store, tally)) {
    if (seen.kind === "link") closed.push(...collector.link(seen.mail));
    else if (seen.kind === "note") sayNote(seen.note, say);
    else if (seen.kind === "unread") {
      const { error } = seen.unread;
      // a failure at one mail does not refuse the others; if that mail belongs to the series, it is incomplete
      if (error.code !== "fault") throw error;
      fault ??= error;
      sayError(error);
    } else {
      const { payload } = seen.mail;
      if (payload !== null) closed.push(...collector.add({ ...seen.mail, payload }));
    }
  }
  closed.push(...collector.end());
  const withPatches = seriesToApply(withoutStrays(closed, say), say);
  const [series, ...others] = withPatches;
  if (series === undefined) throw fault ?? noPatchFound(sources, tally.messages);
  if (others.length > 0) {
    const named = withPatches
      .slice(0, MAX_NAMED)
      .map((s) => `v${s.result.version} ${s.result.subject}`)
      .join("; ");
    throw new PatchsigError("refused", `${withPatches.length} series in the mails: ${named}`, {
      hint: "give the mails of one series",
    });
  }
  return series;
}

function sayNote({ read, source, findings }: StatementMail, say: Reporter["say"]): void {
  if (!read) say(`${source}: a mail without a patch, refused`);
  for (const { message, hint } of findings.filter(isWrapped)) say(`${source}: ${message}; ${hint}`);
}

/** A refused mail has no number, so it forms a series of its own. */
function isRead(series: Series<Checked>): boolean {
  return series.members.some((m) => m.payload.view !== null);
}

/**
 * The series that was signed as a whole; mails that only carry the same version and numbers do not belong
 * to it, and do not stop it.
 */
function withoutStrays(
  all: readonly Collected<Checked>[],
  say: Reporter["say"],
): readonly Collected<Checked>[] {
  const [sealed, ...more] = all.filter(({ result }) => result.sealed);
  if (sealed === undefined || more.length > 0) return all;
  const { version, total } = sealed.result;
  const others = all.filter((one) => one !== sealed && isRead(one));
  if (others.some(({ result }) => result.version !== version || result.total !== total)) return all;
  for (const { received } of others)
    for (const { result } of received.slice(0, MAX_NAMED))
      say(`note: not in this series: ${result.source}: ${result.subject}`);
  return all.filter((one) => !others.includes(one));
}

/**
 * The series with patches. A refused mail without a visible number is reported, and does not count as a
 * series if there is another one; if it belongs there, that series is incomplete. Answers are reported
 * too.
 */
function seriesToApply(
  closed: readonly Series<Checked>[],
  say: Reporter["say"],
): Series<Checked>[] {
  const isAnswer = (s: Series<Checked>): boolean => s.members.some((m) => m.evidence.isAnswer);
  for (const { result } of closed.filter(isAnswer).slice(0, MAX_NAMED))
    say(`left out, a reply with a diff: ${result.subject}`);
  const withPatches = closed.filter(
    (s) => !isAnswer(s) && s.members.some((m) => m.evidence.kind === "patch"),
  );
  const read = withPatches.filter(isRead);
  if (read.length === 0) return withPatches;
  const unread = closed.filter((s) => !isRead(s)).flatMap((s) => s.members);
  for (const { result } of unread.slice(0, MAX_NAMED)) {
    const [why] = result.findings;
    say(`${result.source}: ${why?.message ?? "not read"}`);
  }
  return read;
}

const MAX_NAMED = 5;
