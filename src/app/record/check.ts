/** Checks commits against the records in their notes: offline, and many in one run. */

import { Blobs } from "../../git/blobs.ts";
import { CommitDiffs } from "../../git/commit-diffs.ts";
import { walkCommits, type WalkOptions } from "../../git/commit-walk.ts";
import { readNotes } from "../../git/notes.ts";
import type { Repository } from "../../git/repository.ts";
import { treesOf } from "../../git/trial.ts";
import { createVerifier, type Verifier } from "../../minisign/ed25519.ts";
import type { ProvenPatch } from "../../record/classify.ts";
import { type CommitFacts, parseCommit } from "../../record/commit.ts";
import { type CommitContext, judgeCommit, type ProvenNote, proveNote } from "../../record/judge.ts";
import { parseRecords } from "../../record/parse.ts";
import type { CommitResult } from "../../record/result.ts";
import { isSameDiff } from "../../record/same-diff.ts";
import { PatchsigError } from "../../errors.ts";

/** Bytes; nobody writes longer commits, notes and diffs. */
const MAX_COMMIT = 4 << 20;
const MAX_NOTE = 64 << 20;
const MAX_COMMIT_DIFF = 64 << 20;

/** Which commits and notes. */
export interface CommitSelection extends WalkOptions {
  /** A ref with notes, or a commit of one; by default that of records. */
  readonly notes?: string | undefined;
}

/**
 * Results in the order in which git names the commits.
 *
 * @param words as for `walkCommits`
 */
export async function* checkCommits(
  repository: Repository,
  words: readonly string[],
  options: CommitSelection,
  context: CommitContext,
): AsyncGenerator<CommitResult> {
  const place = { cwd: repository.cwd };
  const checker: CommitChecker = {
    repository,
    context,
    verifier: createVerifier(),
    notes: await readNotes(repository, options.notes),
    commits: new Blobs(place, MAX_COMMIT, "commit"),
    blobs: new Blobs(place, MAX_NOTE),
    diffs: new CommitDiffs(repository, MAX_COMMIT_DIFF),
  };
  try {
    for await (const named of walkCommits(repository, words, options))
      yield* checkBatch(checker, named);
  } finally {
    checker.commits.close();
    checker.blobs.close();
    checker.diffs.close();
  }
}

interface CommitChecker {
  readonly repository: Repository;
  readonly context: CommitContext;
  readonly verifier: Verifier;
  readonly notes: ReadonlyMap<string, string>;
  readonly commits: Blobs;
  readonly blobs: Blobs;
  readonly diffs: CommitDiffs;
}

/** While one git makes diffs, the signatures of the batch are verified here. */
async function* checkBatch(
  checker: CommitChecker,
  named: readonly { readonly name: string; readonly parents: readonly string[] }[],
): AsyncGenerator<CommitResult> {
  const { notes, commits, blobs, diffs, context } = checker;
  const noted = named.filter(({ name }) => notes.has(name));
  commits.ask(named.map(({ name }) => name));
  diffs.ask(noted.map(({ name, parents }) => ({ name, parent: parents[0] ?? null })));
  blobs.ask(noted.map(({ name }) => notes.get(name)!));
  const facts: CommitFacts[] = [];
  for (const { name } of named) facts.push(await readCommit(commits, name));
  const proven = new Map<string, ProvenNote | null>();
  for (const { name } of noted) proven.set(name, await readNote(checker));
  for (const [i, commit] of facts.entries()) {
    const note = proven.get(commit.name) ?? null;
    const diff = proven.has(commit.name) ? await diffs.take() : null;
    // the oldest commit of a shallow clone has a parent that is not here
    const isWhole = named[i]!.parents.length > 0 || commit.parents.length === 0;
    const shown = isWhole ? diff : null;
    const matches = await matchesOf(checker, commit, note, shown);
    yield judgeCommit(commit, note, { diff: shown, matches }, context);
  }
}

async function readCommit(commits: Blobs, name: string): Promise<CommitFacts> {
  const bytes = (await commits.take())?.bytes ?? null;
  const facts = bytes === null ? null : parseCommit(name, bytes);
  if (facts === null) throw new PatchsigError("git-failed", `the commit ${name} cannot be read`);
  return facts;
}

async function readNote({ blobs, verifier }: CommitChecker): Promise<ProvenNote> {
  const bytes = (await blobs.take())?.bytes ?? null;
  if (bytes === null) return { records: [], problem: "the note is too long, or not here" };
  return proveNote(parseRecords(bytes), verifier)!;
}

/**
 * Which records' diffs the commit is. Where git shows the change in other lines than the signer's git
 * did, or at other lines after a rebase, the signed diff is applied to the parent.
 */
async function matchesOf(
  { repository }: CommitChecker,
  commit: CommitFacts,
  note: ProvenNote | null,
  diff: Buffer | null,
): Promise<(patch: ProvenPatch) => boolean | null> {
  const found = new Map<ProvenPatch, boolean>();
  for (const { patch } of note?.records ?? []) {
    if (patch === null || patch === false || patch.diff === null || diff === null) continue;
    const isSame =
      isSameDiff(patch.diff, diff) || (await makesTree(repository, commit, patch.diff));
    found.set(patch, isSame);
  }
  return (patch) => found.get(patch) ?? null;
}

async function makesTree(
  repository: Repository,
  { parents, tree }: CommitFacts,
  diff: Buffer,
): Promise<boolean> {
  const [made] = await treesOf(repository, parents[0] ?? null, [diff]);
  return made === tree;
}
