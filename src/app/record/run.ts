/** A run of `check-commit` or `log`: opens repository, keys and index, checks the commits, and counts. */

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
import { testsOnCommit } from "./tests.ts";

export interface CommitRun extends CommitSelection {
  /** The folder of the repository. */
  readonly directory: string;
  /** Commits and ranges, as git log takes them. */
  readonly words: readonly string[];
  /** `--require`; undefined for what the settings say. */
  readonly required: string | undefined;
  /** Show the tests that the index knows, too, not only those in the notes. */
  readonly tests: boolean;
}

/**
 * Checks commits, and passes each result to `show`. First writes notes that an earlier am could not. Keys are looked
 * up, and none is stored.
 *
 * @returns the counts
 */
export async function runOverCommits(
  { directory, words, required, tests, ...options }: CommitRun,
  show: (result: CommitResult) => void,
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
    for await (const result of checkCommits(repository, words, options, context)) {
      commits++;
      totals[result.verdict]++;
      statuses[result.status]++;
      show(result);
    }
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
