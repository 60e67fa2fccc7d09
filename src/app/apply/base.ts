/** Makes a branch at the base of a series, and checks it out, so that the series is applied there. */

import { PatchsigError } from "../../errors.ts";
import { fetchCommand, isOnRef } from "../../git/base-facts.ts";
import { createBranchAt, hasCommit, type Repository } from "../../git/repository.ts";
import type { Checked } from "../../verify/result.ts";
import type { Series } from "../../verify/series.ts";
import { seriesBaseOf } from "../base/series-base.ts";
import { patchSummary } from "../base/summary.ts";
import type { Reporter } from "../reporter.ts";
import { shortName } from "../../primitives/object-name.ts";

export interface BranchOptions {
  /** The branch's name; not given: made from the series' title. */
  readonly branch?: string | undefined;
  /** Use the most likely base if none is signed. */
  readonly guessBase: boolean;
}

/**
 * @throws PatchsigError "refused" if no base is signed or likely enough, if it is not here, or on no branch or tag
 *   here; others if git refuses to make or check out the branch
 */
export async function goToBase(
  repository: Repository,
  series: Series<Checked>,
  { branch, guessBase }: BranchOptions,
  reporter: Reporter,
): Promise<void> {
  const signed = series.members.find(
    (m) => m.evidence.signed !== null && m.result.verdict !== "fail",
  )?.payload.signed?.comment.base;
  if (typeof signed !== "string" && !guessBase) {
    throw new PatchsigError("refused", "no base commit was signed", {
      hint: "--guess-base takes the most likely one; without --on-base, it is HEAD",
    });
  }
  const base = signed ?? (await guessedBase(repository, series, reporter));
  if (!(await hasCommit(repository, base))) {
    const fetch = await fetchCommand(repository, series.result.base.tree);
    throw new PatchsigError("refused", `the base ${base} is not in this repository`, {
      hint: fetch === "" ? "fetch it first" : fetch,
    });
  }
  if (!(await isOnRef(repository, base)))
    throw new PatchsigError("refused", `the base ${base} is on no branch or tag here`, {
      hint: `check it with git log ${shortName(base)}, and make a branch there if it is good`,
    });
  const name = branch ?? branchName(series.result.subject, series.result.version);
  await createBranchAt(repository, name, base);
  reporter.say(`on new branch ${name} at ${shortName(base)}`);
}

/** The most likely base: only one that has all files as they were, and on which the series applies. */
async function guessedBase(
  repository: Repository,
  series: Series<Checked>,
  { say, progress }: Reporter,
): Promise<string> {
  // loaded only here: most series name their base
  const { BaseGuesser } = await import("../base/guesser.ts");
  const mails = series.members.map(({ payload }) => patchSummary(payload));
  const guesser = await BaseGuesser.open(repository, [], { progress });
  try {
    const [guessed] = await guesser.guess([seriesBaseOf(series.result, mails)]);
    const best = guessed?.candidates[0];
    if (best === undefined || guessed?.confidence !== "high")
      throw new PatchsigError("refused", "no commit here is likely enough as the base", {
        hint: "git patchsig base guess says why",
      });
    say(`base guessed: ${shortName(best.commit)} ${best.name}`);
    return best.commit;
  } finally {
    guesser.close();
  }
}

/** A branch's name from a title: `patchsig/net-drop-the-stale-timer-v2`. */
function branchName(subject: string, version: number): string {
  const slug = subject
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 50)
    .replace(/-$/, "");
  return `patchsig/${slug === "" ? "series" : slug}${version > 1 ? `-v${version}` : ""}`;
}
