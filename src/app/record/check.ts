/** Checks commits against the records in their notes: offline, many commits in one run. */

import { Blobs } from "../../git/blobs.ts";
import { CommitChanges, type FileChange } from "../../git/commit-changes.ts";
import { CommitDiffs } from "../../git/commit-diffs.ts";
import { type NamedCommit, walkCommits, type WalkOptions } from "../../git/commit-walk.ts";
import { readNotes } from "../../git/notes.ts";
import type { Repository } from "../../git/repository.ts";
import { treesOf } from "../../git/trial.ts";
import {
  createEagerVerifier,
  createVerifier,
  type KeyParser,
  rememberedKeys,
  type Verifier,
} from "../../minisign/ed25519.ts";
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
import { type PlainChange, PlainChecks, plainChanges } from "./plain-check.ts";

/** Most bytes of a commit object, a note, a commit's diff and a file. */
const MAX_COMMIT = 4 << 20;
const MAX_NOTE = 64 << 20;
const MAX_COMMIT_DIFF = 64 << 20;
const MAX_FILE = 64 << 20;
/** Bytes of notes after which a group is judged, so that memory stays bounded. */
const MAX_NOTES = 64 << 20;

/** Which commits and notes. */
export interface CommitSelection extends WalkOptions {
  /** A ref with notes, or a commit of such a ref. Default: `NOTES_REF`. */
  readonly notes?: string | undefined;
}

/**
 * Yields results in the order in which git names the commits. While a group of commits is judged, git reads what the
 * next group needs, and libuv's threads verify that group's signatures.
 *
 * @param words as for `walkCommits`
 * @throws PatchsigError as `walkCommits` and `readNotes`; "git-failed" for a commit that cannot be read
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
    keys: rememberedKeys(),
    verifier: createVerifier(),
    notes: await readNotes(repository, options.notes),
    commits: new Blobs(place, MAX_COMMIT, "commit"),
    blobs: new Blobs(place, MAX_NOTE),
    changes: new CommitChanges(repository),
    plain: new PlainChecks(place, repository.objectFormat, MAX_FILE),
    diffs: new CommitDiffs(repository, MAX_COMMIT_DIFF),
  };
  try {
    let previous: readonly HopedCommit[] = [];
    for await (const group of readGroups(checker, words, options)) {
      const hoped = hopeFor(checker, group);
      for (const one of previous) yield await judged(checker, one);
      previous = hoped;
    }
    for (const one of previous) yield await judged(checker, one);
  } finally {
    for (const git of [checker.commits, checker.blobs, checker.changes]) git.close();
    for (const git of [checker.plain, checker.diffs]) git.close();
  }
}

interface CommitChecker {
  readonly repository: Repository;
  readonly context: CommitContext;
  readonly keys: KeyParser;
  /** Verifies once more where the eager verifier was wrong: that one says only that some signature is bad. */
  readonly verifier: Verifier;
  readonly notes: ReadonlyMap<string, string>;
  readonly commits: Blobs;
  readonly blobs: Blobs;
  readonly changes: CommitChanges;
  readonly plain: PlainChecks;
  /** For commits whose diff is not plain (plain-diff.ts). */
  readonly diffs: CommitDiffs;
}

interface ReadCommit {
  readonly facts: CommitFacts;
  /** Null if the commit has no note. */
  readonly noted: NotedCommit | null;
}

/** A commit with a note. */
interface NotedCommit {
  readonly reading: NoteReading;
  /** `name` is null for a root commit; null if the parent is not here, as at the end of a shallow clone. */
  readonly parent: { readonly name: string | null } | null;
  /** The changes of the note's only record, if its diff is plain; null if git has to be asked. */
  readonly plain: readonly PlainChange[] | null;
}

/** Asks git for what the next batch needs before it reads the answers for this one: git works meanwhile. */
async function* readGroups(
  checker: CommitChecker,
  words: readonly string[],
  options: CommitSelection,
): AsyncGenerator<readonly ReadCommit[]> {
  let asked: readonly NamedCommit[] = [];
  for await (const named of walkCommits(checker.repository, words, options)) {
    ask(checker, named);
    yield* readGroup(checker, asked);
    asked = named;
  }
  yield* readGroup(checker, asked);
}

/** One group, or several if the notes are long. */
async function* readGroup(
  checker: CommitChecker,
  named: readonly NamedCommit[],
): AsyncGenerator<readonly ReadCommit[]> {
  let group: ReadCommit[] = [];
  let bytes = 0;
  for (const one of named) {
    const { length, ...read } = await readCommit(checker, one);
    group.push(read);
    bytes += length;
    if (bytes < MAX_NOTES) continue;
    yield group;
    [group, bytes] = [[], 0];
  }
  yield group;
}

function ask(
  { notes, commits, changes, blobs }: CommitChecker,
  named: readonly NamedCommit[],
): void {
  const noted = named.filter(({ name }) => notes.has(name));
  commits.ask(named.map(({ name }) => name));
  changes.ask(noted.map(({ name, parents }) => ({ name, parent: parents[0] ?? null })));
  blobs.ask(noted.map(({ name }) => notes.get(name)!));
}

async function readCommit(
  { notes, commits, blobs, changes }: CommitChecker,
  { name, parents }: NamedCommit,
): Promise<ReadCommit & { readonly length: number }> {
  const raw = (await commits.take())?.bytes ?? null;
  const facts = raw === null ? null : parseCommit(name, raw);
  if (facts === null) throw new PatchsigError("git-failed", `the commit ${name} cannot be read`);
  if (!notes.has(name)) return { facts, noted: null, length: 0 };
  const note = (await blobs.take())?.bytes ?? null;
  const reading =
    note === null
      ? { records: [], problem: "the note is too long, or not here" }
      : parseRecords(note);
  const isWhole = parents.length > 0 || facts.parents.length === 0;
  const parent = isWhole ? { name: parents[0] ?? null } : null;
  const plain = plainOf(reading, await changes.take());
  const noted = { reading, parent, plain };
  return { facts, noted, length: note?.length ?? 0 };
}

interface HopedCommit extends ReadCommit {
  /** What its note proves if all its signatures are good, which is not known yet. */
  readonly hoped: ProvenNote | null;
  /** Whether they were: `hoped` must not be used before. */
  readonly wasRight: Promise<boolean>;
}

function hopeFor(checker: CommitChecker, group: readonly ReadCommit[]): HopedCommit[] {
  checker.plain.announce(group.flatMap(({ noted }) => noted?.plain ?? []));
  return group.map((read) => {
    const verifier = createEagerVerifier(checker.keys);
    const hoped = read.noted === null ? null : proveNote(read.noted.reading, verifier);
    return { ...read, hoped, wasRight: verifier.wasRight() };
  });
}

async function judged(
  checker: CommitChecker,
  { facts, noted, hoped, wasRight }: HopedCommit,
): Promise<CommitResult> {
  const { context, verifier } = checker;
  if (noted === null || hoped === null) return judgeCommit(facts, null, NO_CHANGE, context);
  const { plain, parent, reading } = noted;
  const isMade = plain !== null && (await checker.plain.areMade(plain));
  const note = (await wasRight) ? hoped : proveNote(reading, verifier);
  const change =
    isMade && parent !== null
      ? { diff: null, matches: () => true }
      : await changeOf(checker, facts, note, noted);
  return judgeCommit(facts, note, change, context);
}

const NO_CHANGE: CommitChange = { diff: null, matches: () => null };

/** By the diff that the note holds: whether it is the signed one is found out later. */
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

/**
 * Finds which records' diffs give this commit. If git shows a different diff, that decides nothing: the signer's git
 * may have chosen other lines, or a rebase moved them. Then the signed diff is applied to the parent.
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
