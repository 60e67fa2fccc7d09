/** Reads commits and their notes from git, and compares each commit with what was signed. */

import { Blobs } from "../../git/blobs.ts";
import { CommitChanges, type FileChange } from "../../git/commit-changes.ts";
import { CommitDiffs } from "../../git/commit-diffs.ts";
import type { NamedCommit } from "../../git/commit-walk.ts";
import type { Repository } from "../../git/repository.ts";
import { treesOf } from "../../git/trial.ts";
import {
  createEagerVerifier,
  createVerifier,
  type EagerVerifier,
  rememberedKeys,
} from "../../minisign/ed25519.ts";
import type { ProvenPatch } from "../../record/classify.ts";
import { type CommitFacts, parseCommit } from "../../record/commit.ts";
import {
  type CommitChange,
  type CommitEvidence,
  commitEvidence,
  type ProvenNote,
  proveNote,
} from "../../record/evidence.ts";
import { type NoteReading, parseRecords } from "../../record/parse.ts";
import { isSameDiff } from "../../record/same-diff.ts";
import { PatchsigError } from "../../errors.ts";
import { type PlainChange, PlainChecks, plainChanges } from "./plain-check.ts";

/** Most bytes of a commit object, a note, a commit's diff and a file. */
const MAX_COMMIT = 4 << 20;
const MAX_NOTE = 64 << 20;
const MAX_COMMIT_DIFF = 64 << 20;
const MAX_FILE = 64 << 20;
/** Bytes of notes after which the rest of the commits is left to a later call, so that memory stays bounded. */
export const MAX_NOTES = 64 << 20;
/** Commits that git is asked for at once. */
const GROUP = 128;

export interface NamedWithNote extends NamedCommit {
  /** The blob of its note; null if it has none. */
  readonly note: string | null;
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

interface HopedCommit extends ReadCommit {
  /** What the note proves if all its signatures are good. */
  readonly hoped: ProvenNote | null;
  /** Whether they are. */
  readonly wasRight: Promise<boolean>;
}

/** Compares commits. Keeps several git processes running until it is closed. */
export class CommitProver {
  readonly #repository: Repository;
  readonly #maxNotes: number;
  readonly #keys = rememberedKeys();
  /** Verifies once more where the eager verifier was wrong: that one says only that some signature is bad. */
  readonly #verifier = createVerifier();
  readonly #atOnce: EagerVerifier = { ...this.#verifier, wasRight: () => Promise.resolve(true) };
  readonly #usesPool: () => boolean;
  readonly #commits: Blobs;
  readonly #notes: Blobs;
  readonly #changes: CommitChanges;
  readonly #plain: PlainChecks;
  /** For commits whose diff is not plain (plain-diff.ts). */
  readonly #diffs: CommitDiffs;

  /**
   * @param maxNotes bytes of notes after which the rest of the commits is left to a later call
   * @param usesPool whether to let libuv's threads verify signatures while this thread goes on: threads that share the
   *   work gain nothing by it
   */
  constructor(repository: Repository, maxNotes: number, usesPool: () => boolean) {
    const place = { cwd: repository.cwd };
    this.#usesPool = usesPool;
    this.#repository = repository;
    this.#maxNotes = maxNotes;
    this.#commits = new Blobs(place, MAX_COMMIT, "commit");
    this.#notes = new Blobs(place, MAX_NOTE);
    this.#changes = new CommitChanges(repository);
    this.#plain = new PlainChecks(place, repository.objectFormat, MAX_FILE);
    this.#diffs = new CommitDiffs(repository, MAX_COMMIT_DIFF);
  }

  /**
   * Compares commits, in groups: meanwhile git reads what the next group needs.
   *
   * @returns the evidence of the first commits, in their order: of all, unless their notes are very long
   * @throws PatchsigError "git-failed" for a commit that cannot be read
   */
  async prove(commits: readonly NamedWithNote[]): Promise<CommitEvidence[]> {
    const found: CommitEvidence[] = [];
    let previous: readonly HopedCommit[] = [];
    for await (const group of this.#groups(commits)) {
      const hoped = this.#hopeFor(group);
      for (const one of previous) found.push(await this.#proven(one));
      previous = hoped;
    }
    for (const one of previous) found.push(await this.#proven(one));
    return found;
  }

  /** Asks git for what the next group needs before it reads the answers for this one: git works meanwhile. */
  async *#groups(commits: readonly NamedWithNote[]): AsyncGenerator<readonly ReadCommit[]> {
    let bytes = 0;
    this.#ask(commits.slice(0, GROUP));
    for (let at = 0; at < commits.length; at += GROUP) {
      this.#ask(commits.slice(at + GROUP, at + 2 * GROUP));
      const group: ReadCommit[] = [];
      for (const one of commits.slice(at, at + GROUP)) {
        // git's answers have to be taken, even for commits that are left to a later call
        const { length, ...read } = await this.#read(one);
        if (bytes >= this.#maxNotes) continue;
        group.push(read);
        bytes += length;
      }
      yield group;
    }
  }

  #ask(named: readonly NamedWithNote[]): void {
    if (named.length === 0) return;
    const noted = named.filter(({ note }) => note !== null);
    this.#commits.ask(named.map(({ name }) => name));
    this.#changes.ask(noted.map(({ name, parents }) => ({ name, parent: parents[0] ?? null })));
    this.#notes.ask(noted.map(({ note }) => note!));
  }

  async #read({
    name,
    parents,
    note: blob,
  }: NamedWithNote): Promise<ReadCommit & { readonly length: number }> {
    const raw = (await this.#commits.take())?.bytes ?? null;
    const facts = raw === null ? null : parseCommit(name, raw);
    if (facts === null) throw new PatchsigError("git-failed", `the commit ${name} cannot be read`);
    if (blob === null) return { facts, noted: null, length: 0 };
    const note = (await this.#notes.take())?.bytes ?? null;
    const reading =
      note === null
        ? { records: [], problem: "the note is too long, or not here" }
        : parseRecords(note);
    const isWhole = parents.length > 0 || facts.parents.length === 0;
    const parent = isWhole ? { name: parents[0] ?? null } : null;
    const plain = plainOf(reading, await this.#changes.take());
    return { facts, noted: { reading, parent, plain }, length: note?.length ?? 0 };
  }

  #hopeFor(group: readonly ReadCommit[]): HopedCommit[] {
    this.#plain.announce(group.flatMap(({ noted }) => noted?.plain ?? []));
    return group.map((read) => {
      const verifier = this.#usesPool() ? createEagerVerifier(this.#keys) : this.#atOnce;
      const hoped = read.noted === null ? null : proveNote(read.noted.reading, verifier);
      return { ...read, hoped, wasRight: verifier.wasRight() };
    });
  }

  async #proven({ facts, noted, hoped, wasRight }: HopedCommit): Promise<CommitEvidence> {
    if (noted === null || hoped === null) return commitEvidence(facts, null, NO_CHANGE);
    const { plain, parent, reading } = noted;
    const isMade = plain !== null && (await this.#plain.areMade(plain));
    const note = (await wasRight) ? hoped : proveNote(reading, this.#verifier);
    const change =
      isMade && parent !== null
        ? { diff: null, matches: () => true }
        : await this.#changeOf(facts, note, noted);
    return commitEvidence(facts, note, change);
  }

  async #changeOf(
    commit: CommitFacts,
    note: ProvenNote,
    { parent }: NotedCommit,
  ): Promise<CommitChange> {
    if (parent === null) return NO_CHANGE;
    this.#diffs.ask([{ name: commit.name, parent: parent.name }]);
    const diff = await this.#diffs.take();
    return { diff, matches: await matchesOf(this.#repository, commit, note, diff) };
  }

  close(): void {
    for (const git of [this.#commits, this.#notes, this.#changes]) git.close();
    for (const git of [this.#plain, this.#diffs]) git.close();
  }
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

/**
 * Finds which records' diffs give this commit. If git shows a different diff, that decides nothing: the signer's git
 * may have chosen other lines, or a rebase moved them. Then the signed diff is applied to the parent.
 */
async function matchesOf(
  repository: Repository,
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
