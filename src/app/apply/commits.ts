/** Makes commits of verified patches: composes mails for git am, and checks what git committed. */

import { PatchsigError } from "../../errors.ts";
import { compareCommitted, type Expected, hooksBehind, undoAm } from "../../git/committed.ts";
import { amProgress, gitAm, hasStagedChanges, type Repository } from "../../git/repository.ts";
import { treesOf } from "../../git/trial.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import type { AddedTrailer } from "../../trailers/added.ts";
import { type Composed, mailFor } from "../../verify/commit.ts";
import type { Checked } from "../../verify/result.ts";
import type { JudgedMember } from "../../verify/series.ts";
import type { Reporter } from "../reporter.ts";

/** How git am applies the mails. */
export interface ApplyOptions {
  /** Not given: as the setting am.threeWay says. */
  readonly threeWay?: boolean | undefined;
  readonly signoff: boolean;
  /** Further options for git am; none of them may change what it commits. */
  readonly words: readonly string[];
  /** Further options for git am that decide where hunks apply. */
  readonly fitting: readonly string[];
}

/** What git am did. */
interface AppliedMails {
  readonly applied: number;
  /** Full names, in the order of the patches; null for one whose changes were here already. */
  readonly commits: readonly (string | null)[];
}

/**
 * Checks, before anything is verified, that git can apply patches here now.
 *
 * @throws PatchsigError "no-repository" without a working tree; "refused" during another am or rebase, or with staged
 *   changes
 */
export async function checkIdle(repository: Repository): Promise<void> {
  if (repository.toplevel === null)
    throw new PatchsigError("no-repository", "there is no working tree here to apply to", {
      hint: "run it in a working tree",
    });
  if (amProgress(repository) !== null)
    throw new PatchsigError("refused", "another am or rebase is in progress here", {
      hint: "finish it with git am --continue, or drop it with git am --abort",
    });
  if (await hasStagedChanges(repository))
    throw new PatchsigError("refused", "there are staged changes here", {
      hint: "git commit them, or git stash",
    });
}

interface ComposeOptions {
  /** Seconds since the epoch: the date of patches that have none. */
  readonly time: number;
  /** Whether to add the Message-ID to the message; not given: as the setting am.messageId says. */
  readonly messageId?: boolean | undefined;
  /** Trailers to add to the messages. */
  readonly added: ReadonlyMap<JudgedMember<Checked>, readonly AddedTrailer[]>;
}

/**
 * Composes new mails from what was verified: git reads nothing else.
 *
 * @throws PatchsigError "refused" if git would read one differently
 */
export function composeMails(
  { config }: Repository,
  patches: readonly JudgedMember<Checked>[],
  { time, messageId, added }: ComposeOptions,
): Composed[] {
  const withMessageId = messageId ?? config.bool("am.messageid") === true;
  return patches.map((patch) => {
    const { payload, result } = patch;
    const { subject } = result;
    const trailers = (added.get(patch) ?? []).map(({ line }) => line);
    const mail = mailFor(payload, time, { trailers, withMessageId });
    if (mail.ok) return mail.value;
    throw new PatchsigError("refused", `cannot give "${subject}" to git: ${mail.refusal.detail}`);
  });
}

/** Counts these patches as applied for their keys. */
export function countApplied(store: TrustStore, patches: readonly JudgedMember<Checked>[]): void {
  for (const { payload } of patches) {
    const { signed } = payload;
    if (signed !== null) store.countApplied(signed.comment.by, signed.publicKey, 1);
  }
}

/**
 * Runs git am on the mails, and compares what it committed with what was verified. Shows git's words if it stops.
 *
 * @param before the commit that HEAD is at; null on an unborn branch
 * @throws PatchsigError "refused" if what git committed is not what was verified: that is undone
 */
export async function applyMails(
  repository: Repository,
  before: string | null,
  mails: readonly Composed[],
  options: ApplyOptions,
  say: Reporter["say"],
): Promise<AppliedMails> {
  const { signoff, words, fitting } = options;
  const threeWay = options.threeWay ?? repository.config.bool("am.threeway") === true;
  const diffs = mails.map(({ commit }) => commit.diff);
  const trees = await treesOf(repository, before, diffs, fitting);
  const said: string[] = [];
  const status = await gitAm(repository, Buffer.concat(mails.map(({ mail }) => mail)), {
    threeWay,
    signoff,
    words: [...words, ...fitting],
    onLine: (line) => said.push(line),
  });
  const stopped = status === 0 ? null : amProgress(repository);
  // git that ends before it begins leaves nothing, or an empty folder
  const applied = status === 0 ? mails.length : Math.max(0, (stopped?.at ?? 0) - 1);
  const expected = mails.slice(0, applied).map(({ commit }, i) => ({
    author: commit.author,
    email: commit.email,
    message: Buffer.concat([Buffer.from(`${commit.subject}\n\n`), commit.message]),
    diff: commit.diff,
    // if the patch does not apply, only a three-way merge can have made a commit, and its tree is not known
    tree: trees[i] ?? (threeWay ? null : ""),
  }));
  const made = await checkCommitted(repository, before, expected, {
    threeWay,
    signoff,
    fitting,
    say,
  });
  if (status !== 0) for (const line of said) say(line.replaceAll("\t", " "));
  // a hook may have made other commits
  return { applied, commits: made.length === applied ? made : [] };
}

/** @returns the commits that git made, as of `AppliedMails` */
async function checkCommitted(
  repository: Repository,
  before: string | null,
  expected: readonly Expected[],
  how: Parameters<typeof compareCommitted>[3] & { readonly say: Reporter["say"] },
): Promise<AppliedMails["commits"]> {
  const { say } = how;
  const { differences, commits } = await compareCommitted(repository, before, expected, how);
  if (differences.length === 0) return commits;
  const what = differences.join(", ");
  const hooks = await hooksBehind(repository, differences);
  if (hooks.length > 0) {
    say(`note: changed by your hook ${hooks.join(", ")}: ${what}`);
    return commits;
  }
  // somebody else's commits are not ours to undo
  if (differences.includes("number of commits"))
    throw new PatchsigError(
      "refused",
      "other commits were made here while git am ran: see git log",
      {
        hint: "git patchsig check-commit says which of them are as verified",
      },
    );
  await undoAm(repository, before);
  throw new PatchsigError(
    "refused",
    `git committed something other than what was verified (${what}): undone`,
    {
      hint: "an attribute or setting here changes what is applied: git config --list",
    },
  );
}
