/** Checks commits against the records in their notes: offline, and many in one run. */

import { Blobs } from "../../git/blobs.ts";
import { CommitChanges, type FileChange } from "../../git/commit-changes.ts";
import { CommitDiffs } from "../../git/commit-diffs.ts";
import { walkCommits, type WalkOptions } from "../../git/commit-walk.ts";
import { readNotes } from "../../git/notes.ts";
import type { Repository } from "../../git/repository.ts";
import { treesOf } from "../../git/trial.ts";
import { createEagerVerifier, createVerifier, type Verifier } from "../../minisign/ed25519.ts";
import type { ProvenPatch } from "../../record/classify.ts";
import { type CommitFacts, parseCommit } from "../../record/commit.ts";
import {
  type CommitChange,
  type CommitContext,
  judgeCommit,
  type ProvenNote,
  proveNote,
} from "../../record/judge.ts";
import { type NoteReading, parseRecords } from "../../record/parse.ts";
import type { CommitResult } from "../../record/result.ts";
import { isSameDiff } from "../../record/same-diff.ts";
import { PatchsigError } from "../../errors.ts";
import { isMadeBy, oldBlobs, type PlainChange, plainChanges } from "./plain-check.ts";

/** Bytes; nobody writes longer commits, notes and diffs. */
const MAX_COMMIT = 4 << 20;
const MAX_NOTE = 64 << 20;
const MAX_COMMIT_DIFF = 64 << 20;
const MAX_FILE = 64 << 20;

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
    changes: new CommitChanges(repository),
    files: new Blobs(place, MAX_FILE),
    diffs: new CommitDiffs(repository, MAX_COMMIT_DIFF),
  };
  try {
    for await (const named of walkCommits(repository, words, options))
      yield* checkBatch(checker, named);
  } finally {
    for (const git of [checker.commits, checker.blobs, checker.changes, checker.files]) git.close();
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
  readonly changes: CommitChanges;
  readonly files: Blobs;
  /** For commits that are not plain. */
  readonly diffs: CommitDiffs;
}

/** A commit with a note. */
interface NotedCommit {
  readonly reading: NoteReading;
  /** Null if the parent is not here: the oldest commit of a shallow clone has one that is not. */
  readonly parent: { readonly name: string | null } | null;
  /** Of its only record; null if git has to be asked. */
  readonly plain: readonly PlainChange[] | null;
}

/** While git reads the files of the batch, its signatures are verified in libuv's threads. */
async function* checkBatch(
  checker: CommitChecker,
  named: readonly { readonly name: string; readonly parents: readonly string[] }[],
): AsyncGenerator<CommitResult> {
  const { notes, commits, blobs, changes, files, context } = checker;
  const noted = named.filter(({ name }) => notes.has(name));
  commits.ask(named.map(({ name }) => name));
  changes.ask(noted.map(({ name, parents }) => ({ name, parent: parents[0] ?? null })));
  blobs.ask(noted.map(({ name }) => notes.get(name)!));
  const facts: CommitFacts[] = [];
  for (const { name } of named) facts.push(await readCommit(commits, name));
  const known = new Map<string, NotedCommit>();
  for (const [i, { name, parents }] of named.entries()) {
    if (!notes.has(name)) continue;
    const reading = await readNote(checker);
    const isWhole = parents.length > 0 || facts[i]!.parents.length === 0;
    const parent = isWhole ? { name: parents[0] ?? null } : null;
    const plain = plainOf(reading, await changes.take());
    if (plain !== null) files.ask(oldBlobs(plain));
    known.set(name, { reading, parent, plain });
  }
  const readings = facts.map(({ name }) => known.get(name)?.reading ?? null);
  const eager = createEagerVerifier();
  const hoped = readings.map((reading) => proveNote(reading, eager));
  const made: boolean[] = [];
  for (const { name } of facts) made.push(await isMade(checker, known.get(name)));
  // one that is bad says nothing of the others, so all are asked again
  const proven = (await eager.wasRight())
    ? hoped
    : readings.map((reading) => proveNote(reading, checker.verifier));
  for (const [i, commit] of facts.entries()) {
    const one = known.get(commit.name);
    const note = proven[i]!;
    const change =
      one === undefined || made[i] === true
        ? { diff: null, matches: () => (one === undefined ? null : true) }
        : await changeOf(checker, commit, note, one);
    yield judgeCommit(commit, note, change, context);
  }
}

/** Does the only diff in its note make the commit, without asking git for the commit's own? */
async function isMade(
  { files, repository }: CommitChecker,
  one: NotedCommit | undefined,
): Promise<boolean> {
  const plain = one?.plain ?? null;
  const isSame = plain !== null && (await isMadeBy(plain, files, repository.objectFormat));
  return isSame && one?.parent !== null;
}

const NO_CHANGE: CommitChange = { diff: null, matches: () => null };

/** By what a note says: whether that was signed is asked later. */
function plainOf(
  { records }: NoteReading,
  changes: readonly FileChange[],
): readonly PlainChange[] | null {
  const diff = records.length === 1 ? (records[0]!.signed?.diff ?? null) : null;
  return diff === null ? null : plainChanges(diff, changes);
}

async function changeOf(
  checker: CommitChecker,
  commit: CommitFacts,
  note: ProvenNote,
  { parent }: NotedCommit,
): Promise<CommitChange> {
  if (parent === null) return NO_CHANGE;
  const { diffs } = checker;
  diffs.ask([{ name: commit.name, parent: parent.name }]);
  const diff = await diffs.take();
  return { diff, matches: await matchesOf(checker, commit, note, diff) };
}

async function readCommit(commits: Blobs, name: string): Promise<CommitFacts> {
  const bytes = (await commits.take())?.bytes ?? null;
  const facts = bytes === null ? null : parseCommit(name, bytes);
  if (facts === null) throw new PatchsigError("git-failed", `the commit ${name} cannot be read`);
  return facts;
}

async function readNote({ blobs }: CommitChecker): Promise<NoteReading> {
  const bytes = (await blobs.take())?.bytes ?? null;
  if (bytes === null) return { records: [], problem: "the note is too long, or not here" };
  return parseRecords(bytes);
}

/**
 * Which records' diffs the commit is. Where git shows the change in other lines than the signer's git
 * did, or at other lines after a rebase, the signed diff is applied to the parent.
 */
async function matchesOf(
  { repository }: CommitChecker,
  commit: CommitFacts,
  note: ProvenNote,
  diff: Buffer | null,
): Promise<(patch: ProvenPatch) => boolean | null> {
  const found = new Map<ProvenPatch, boolean>();
  for (const { patch } of note.records) {
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
