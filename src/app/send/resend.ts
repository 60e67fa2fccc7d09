/** Sends a version again: the same commits and texts, as new mails. */

import { PatchsigError } from "../../errors.ts";
import { readCommits } from "../../git/patch-commits.ts";
import type { Repository } from "../../git/repository.ts";
import { readState, stateWhenSent } from "../../git/series-ref.ts";
import { coverOf } from "../../outgoing/reroll.ts";
import { planSeries } from "../sign/prepare-series.ts";
import { compareWith, labelOf, projectOf, type SendPlan } from "./plan.ts";

/**
 * @param branch its commits are those that were sent, not those of now
 * @throws PatchsigError "not-found" if it was never sent as this version
 */
export async function planResend(
  repository: Repository,
  branch: string,
  version: number,
): Promise<SendPlan> {
  const stored = await readState(repository, branch);
  const then = await stateWhenSent(repository, branch, version);
  const sent = then?.sent.find((one) => one.version === version);
  if (stored === null || then === null || sent === undefined)
    throw new PatchsigError("not-found", `${branch} was never sent as v${version}`, {
      hint: "git patchsig series show lists what was sent",
    });
  const patches = sent.mails.filter(({ patch }) => patch !== null).length;
  const from = sent.base ?? `${sent.tip}~${patches}`;
  const base = sent.base === null ? "--no-base" : `--base=${sent.base}`;
  const series = await planSeries(repository, [base, `${from}..${sent.tip}`]);
  const commits = await readCommits(repository, series.range.commits);
  const hadCover = sent.mails.some(({ index }) => index === 0);
  const previous = then.sent.findLast((one) => one.version < version) ?? null;
  const asked = await projectOf(repository, series);
  return {
    branch,
    before: stored.commit,
    state: stored.state,
    version,
    label: `${labelOf(repository, then.settings.prefix, asked)} RESEND`,
    series,
    titles: commits.map(({ subject }) => subject.toString()),
    cover: hadCover ? coverOf(then.cover) : null,
    changes: then.changelog,
    // a thread of its own: somebody has missed the first one
    parent: null,
    compareWith: compareWith(previous, hadCover || patches === 1),
    objections: [],
    asked,
  };
}
