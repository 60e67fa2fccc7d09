/** Checks commits against the records in their notes: offline, many commits in one run. */

import { type NamedCommit, walkCommits, type WalkOptions } from "../../git/commit-walk.ts";
import { readNotes } from "../../git/notes.ts";
import { type MadeMerge, plainMerges } from "../../git/plain-merges.ts";
import { Reached } from "../../git/reached.ts";
import type { Repository } from "../../git/repository.ts";
import { type CommitContext, judgeCommit } from "../../record/judge.ts";
import type { CommitEvidence } from "../../record/evidence.ts";
import type { CommitResult } from "../../record/result.ts";
import { MAX_NOTES, type NamedWithNote } from "./prover.ts";
import { SharedProver } from "./shared-prover.ts";

/** Which commits and notes. */
export interface CommitSelection extends Omit<WalkOptions, "noGraph"> {
  /** A ref with notes, or a commit of such a ref. Default: `NOTES_REF`. */
  readonly notes?: string | undefined;
  /** How many threads compare commits beside this one, once there are many commits. Default: 0. */
  readonly threads?: number;
  /** As for `CommitProver`. Default: `MAX_NOTES`. */
  readonly maxNotes?: number;
  /** Full names of commits that are here: what they reach may lack a note. Default: none. */
  readonly recordedSince?: readonly string[];
}

/**
 * Most commits of a chunk, which one thread compares. Long chunks are fast: most files were read for earlier
 * commits.
 */
const MAX_CHUNK = 512;

/**
 * Yields results in the order in which git names the commits, some at a time.
 *
 * @param words as for `walkCommits`
 * @throws PatchsigError as `walkCommits` and `readNotes`; "git-failed" for a commit that cannot be read
 */
export async function* checkCommits(
  repository: Repository,
  words: readonly string[],
  { threads = 0, maxNotes = MAX_NOTES, recordedSince = [], ...options }: CommitSelection,
  context: CommitContext,
): AsyncGenerator<readonly CommitResult[]> {
  const notes = await readNotes(repository, options.notes);
  const prover = new SharedProver(repository, threads, maxNotes);
  const before = new Reached(repository, recordedSince);
  const begun: Proving[] = [];
  async function* conclude(): AsyncGenerator<readonly CommitResult[]> {
    const proving = begun.shift()!;
    for await (const some of evidenceOf(prover, proving)) {
      const results = some.map((one) =>
        judgeCommit(one, context, proving.older.has(one.commit) ? "older" : null),
      );
      // a stricter policy fails them all the same
      const isAsked = context.policy.require === "opt-in";
      const failed = some.filter((_, i) => isAsked && lacksNote(results[i]!));
      const plain = await plainMerges(repository, mergesAmong(failed, proving));
      yield results.map((result, i) =>
        plain.has(result.commit) ? judgeCommit(some[i]!, context, "merge") : result,
      );
    }
  }
  try {
    const walk = { ...options, noGraph: recordedSince.length > 0 };
    for await (const chunk of chunksOf(walkCommits(repository, words, walk))) {
      const commits = chunk.map((one) => ({ ...one, note: notes.get(one.name) ?? null }));
      const first = prover.prove(commits);
      const isNoted = commits.every(({ note }) => note !== null);
      begun.push({ commits, first, older: await before.of(isNoted ? [] : chunk) });
      if (begun.length > prover.ahead) yield* conclude();
    }
    while (begun.length > 0) yield* conclude();
  } finally {
    prover.close();
  }
}

/** True if the commit failed because it has no note. */
function lacksNote({ status, verdict }: CommitResult): boolean {
  return status === "none" && verdict === "fail";
}

/** Those with two parents, by git's walk. */
function mergesAmong(evidence: readonly CommitEvidence[], { commits }: Proving): MadeMerge[] {
  const trees = new Map(evidence.map(({ commit, tree }) => [commit, tree]));
  return commits.flatMap(({ name, parents }) => {
    const tree = trees.get(name);
    return tree === undefined || parents.length !== 2 ? [] : [{ name, parents, tree }];
  });
}

/** Chunks that double in length up to MAX_CHUNK, so that the first results are there soon. */
async function* chunksOf(
  batches: AsyncIterable<readonly NamedCommit[]>,
): AsyncGenerator<readonly NamedCommit[]> {
  let chunk: NamedCommit[] = [];
  let before = 0;
  for await (const batch of batches) {
    chunk.push(...batch);
    if (chunk.length < Math.min(before, MAX_CHUNK)) continue;
    yield chunk;
    before += chunk.length;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

interface Proving {
  readonly commits: readonly NamedWithNote[];
  /** The evidence of the first of them: of all, unless their notes are very long. */
  readonly first: Promise<readonly CommitEvidence[]>;
  /** The names of those that are older than the records. */
  readonly older: ReadonlySet<string>;
}

/**
 * The evidence of all commits of a chunk. If their notes are too long to be kept at once, the rest is read again, in
 * parts.
 */
async function* evidenceOf(
  prover: SharedProver,
  { commits, first }: Proving,
): AsyncGenerator<readonly CommitEvidence[]> {
  let some = await first;
  yield some;
  for (let at = some.length; at < commits.length; at += some.length) {
    some = await prover.prove(commits.slice(at, at + 2 * some.length));
    yield some;
  }
}
