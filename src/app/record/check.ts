/** Checks commits against the records in their notes: offline, many commits in one run. */

import { type NamedCommit, walkCommits, type WalkOptions } from "../../git/commit-walk.ts";
import { readNotes } from "../../git/notes.ts";
import { Reached } from "../../git/reached.ts";
import type { Repository } from "../../git/repository.ts";
import { type CommitContext, judgeCommit } from "../../record/judge.ts";
import type { CommitEvidence } from "../../record/evidence.ts";
import type { CommitResult } from "../../record/result.ts";
import { MAX_NOTES, type NamedWithNote } from "./prover.ts";
import { SharedProver } from "./shared-prover.ts";

/** Which commits and notes. */
export interface CommitSelection extends WalkOptions {
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
    for await (const some of evidenceOf(prover, proving))
      yield some.map((one) => judgeCommit(one, context, proving.older.has(one.commit)));
  }
  try {
    for await (const chunk of chunksOf(walkCommits(repository, words, options))) {
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
