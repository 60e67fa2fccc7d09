/** A run of `check-commit` or `log`: opens repository, keys and index, checks the commits, and counts. */

import { availableParallelism } from "node:os";
import { openRepository, type Repository } from "../../git/repository.ts";
import type { CommitResult, CommitStatus, CommitSummary } from "../../record/result.ts";
import { now } from "../now.ts";
import type { Reporter } from "../reporter.ts";
import { openKnownTests } from "../result/known.ts";
import { readKeyrings } from "../trust/keyrings.ts";
import { openUserTrust } from "../trust/user-trust.ts";
import { readPolicies } from "../verify/policy.ts";
import { checkCommits, type CommitSelection } from "./check.ts";
import { commitContext } from "./context.ts";
import { settlePending } from "./settle.ts";
import { ALL_RECORDED, recordsStart } from "./since.ts";
import { testsOnCommit } from "./tests.ts";

export interface CommitRun extends Omit<CommitSelection, "recordedSince"> {
  /** The folder of the repository. */
  readonly directory: string;
  /** Commits and ranges, as git log takes them. */
  readonly words: readonly string[];
  /** `--require`, which counts for commits older than the records, too; undefined for what the settings say. */
  readonly required: string | undefined;
  /** Show the tests that the index knows, too, not only those in the notes. */
  readonly tests: boolean;
}

/** Most threads beside this one, which prints the results; each has git processes of its own. */
const MOST_THREADS = 3;

/**
 * Checks commits, and passes the results to `show`, some at a time. First writes notes that an earlier am could not
 * write. Keys are looked up, and none is stored.
 *
 * @returns the counts
 */
export async function runOverCommits(
  { directory, words, required, tests, ...options }: CommitRun,
  show: (results: readonly CommitResult[]) => void,
  { say }: Pick<Reporter, "say">,
): Promise<CommitSummary> {
  const repository: Repository = await openRepository(directory);
  await settlePending(repository, say);
  const store = await openUserTrust(true);
  const known = tests ? await openKnownTests(store, say) : null;
  try {
    const { general } = readPolicies(required);
    const pins = await readKeyrings(store, say);
    const context = commitContext(store, general, pins, now(), testsOnCommit(store, known));
    const totals = { pass: 0, warn: 0, fail: 0 };
    const statuses = { ...NONE };
    let commits = 0;
    const start = required === undefined ? await recordsStart(repository) : ALL_RECORDED;
    const { recordedSince } = start;
    const threads = Math.min(availableParallelism() - 1, MOST_THREADS);
    const selection = { ...options, threads, recordedSince };
    let lacks = false;
    for await (const results of checkCommits(repository, words, selection, context)) {
      commits += results.length;
      for (const { verdict, status } of results) {
        lacks ||= status === "none" && verdict === "fail";
        totals[verdict]++;
        statuses[status]++;
      }
      show(results);
    }
    // where no commit has a note, they may not have been fetched
    if (lacks && statuses.none < commits && start.hint !== null) say(start.hint);
    return { type: "commits", commits, ...totals, statuses };
  } finally {
    known?.close();
    store.close();
  }
}

const NONE: Record<CommitStatus, number> = {
  same: 0,
  trailers: 0,
  amended: 0,
  moved: 0,
  forged: 0,
  unsigned: 0,
  none: 0,
};
