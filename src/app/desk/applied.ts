/**
 * Finds out which patches are in the branch already. A patch is, if a commit has a note of `am` that names the patch's
 * mail, if a commit has the same patch-id, or if a commit links to the mail and has its title or its author. A series
 * is, if all its patches are, or if some commit has the tree that the series makes of its base: that also finds a series
 * whose patches were squashed into one commit.
 */

import { readDiff } from "../../diff/diff.ts";
import { readBlobs } from "../../git/blobs.ts";
import { type BranchCommit, branchCommits } from "../../git/branch-commits.ts";
import { headCommit } from "../../git/committed.ts";
import { readNotes } from "../../git/notes.ts";
import { patchIds, patchIdsOfCommits } from "../../git/patch-ids.ts";
import { hasCommit, type Repository, treeNamed } from "../../git/repository.ts";
import { treesOf } from "../../git/trial.ts";
import { readRawMail } from "../../mail/mailinfo.ts";
import { DAY } from "../../primitives/time.ts";
import { parseRecords } from "../../record/parse.ts";
import type { IndexStore } from "../../store/index-store.ts";
import { membersOf, type NumberedMail } from "../../store/index-walk.ts";
import { mailsAt } from "../sources/at-places.ts";
import type { DeskWork } from "./works.ts";

/** How many patches of a work's newest version are in the branch. */
export interface InBranch {
  readonly total: number;
  /** How many are in the branch. */
  readonly applied: number;
  /** How many others have a commit with the same title and author, but another diff. */
  readonly alike: number;
}

/** Most commits to look at, and most of one author. */
const MAX_COMMITS = 20_000;
const MAX_BY_AUTHOR = 100;
/** Most commits whose diffs are read for a page. */
const MAX_COMPARED = 1_000;
/** Most series whose trees are made for a page. */
const MAX_TRIED = 16;
/** Seconds before the series to look, since clocks differ. */
const MARGIN = 2 * DAY;
const MAX_NOTE = 1 << 20;
/** Most works, and most commits, to keep. */
const MAX_KNOWN = 50_000;

/** Keeps what it found until the branch or its notes change. */
export class AppliedFinder {
  readonly #index: IndexStore;
  readonly #repository: Repository;
  /** What was found for each version, by `nameOf`. */
  readonly #found = new Map<string, InBranch>();
  readonly #idsOfCommits = new Map<string, readonly string[]>();
  /** The Message-IDs in each note, by the note's blob. */
  readonly #byNote = new Map<string, readonly string[]>();
  #branch: Branch | null = null;
  #asked: Promise<unknown> = Promise.resolve();

  constructor(index: IndexStore, repository: Repository) {
    this.#index = index;
    this.#repository = repository;
  }

  /** Looks whether the branch or its notes have changed; only then are works looked for again. */
  refresh(): Promise<unknown> {
    return this.#alone(() => this.#look());
  }

  /** What is in the branch, by the works' numbers. git is asked only about works that are not known yet. */
  of(works: readonly DeskWork[]): Promise<ReadonlyMap<number, InBranch>> {
    return this.#alone(async () => {
      const unknown = works.filter(({ newest }) => !this.#found.has(nameOf(newest)));
      if (unknown.length > 0) await this.#find(unknown, this.#branch ?? (await this.#look()));
      return new Map(
        works.flatMap(({ work, newest }) => {
          const found = this.#found.get(nameOf(newest));
          return found === undefined ? [] : [[work, found] as const];
        }),
      );
    });
  }

  async #look(): Promise<Branch> {
    const tip = (await headCommit(this.#repository)) ?? "";
    const notes = await readNotes(this.#repository);
    const state = [tip, ...notes.values()].join(" ");
    if (state === this.#branch?.state) return this.#branch;
    this.#found.clear();
    const noted = await this.#noted(notes);
    this.#branch = { state, tip, noted, since: Infinity, ...indexOfCommits([]) };
    return this.#branch;
  }

  /** Runs one piece of work at a time: pages are requested while the branch is read. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#asked.then(work, work);
    this.#asked = done.catch(() => {});
    return done;
  }

  /** By Message-ID, the commits that `am` made from the mail. */
  async #noted(notes: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string[]>> {
    const unknown = [...notes.values()].filter((blob) => !this.#byNote.has(blob));
    const { cwd } = this.#repository;
    for (const [blob, bytes] of await readBlobs(unknown, { cwd }, MAX_NOTE))
      this.#byNote.set(
        blob,
        parseRecords(bytes).records.map(({ messageId }) => messageId),
      );
    const commits = new Map<string, string[]>();
    for (const [commit, blob] of notes)
      for (const messageId of this.#byNote.get(blob) ?? []) push(commits, messageId, commit);
    return commits;
  }

  async #find(works: readonly DeskWork[], branch: Branch): Promise<void> {
    await this.#readSince(branch, works);
    const members = new Map<number, NumberedMail[]>();
    for (const mail of membersOf(
      this.#index,
      works.map(({ newest }) => newest.id),
    ))
      if (mail.kind === "patch" || mail.kind === "answer") push(members, mail.series, mail);
    const asked = [...members.values()].flat().map((mail) => ({ mail, ...near(mail, branch) }));
    await this.#compare(asked);
    const byMail = new Map(asked.map((one) => [one.mail.id, one]));
    if (this.#found.size > MAX_KNOWN) this.#found.clear();
    let tried = 0;
    for (const one of works) {
      const { newest } = one;
      const numbers = new Map<number, Sought[]>();
      for (const mail of members.get(newest.id) ?? [])
        push(numbers, mail.number, byMail.get(mail.id)!);
      const all = [...numbers.values()];
      const applied = all.filter((copies) => copies.every(({ isHere }) => isHere)).length;
      const alike = all.filter((copies) => copies.every((one) => one.isHere || one.isAlike)).length;
      const { total, complete } = newest.summary;
      const mayBeMade =
        complete && applied < total && all.some(([first]) => first!.near.length > 0);
      const isMade = mayBeMade && tried++ < MAX_TRIED && (await this.#isMade(one, all, branch));
      const found = isMade
        ? { total, applied: total, alike: 0 }
        : { total, applied, alike: alike - applied };
      this.#found.set(nameOf(newest), found);
    }
  }

  /** Reads the branch as far back as these works go. */
  async #readSince(branch: Branch, works: readonly DeskWork[]): Promise<void> {
    const oldest = Math.min(...works.map(({ newest }) => newest.date)) - MARGIN;
    if (branch.tip === "" || oldest >= branch.since) return;
    const since = Math.max(0, oldest);
    const commits = await branchCommits(this.#repository, branch.tip, since, MAX_COMMITS);
    Object.assign(branch, { since }, indexOfCommits(commits));
  }

  /** Whether some commit has the tree that the series makes of its base. */
  async #isMade(
    { newest }: DeskWork,
    numbers: readonly (readonly Sought[])[],
    { trees }: Branch,
  ): Promise<boolean> {
    const { commit } = newest.summary.base;
    const patches = numbers.map(([one]) => one!.mail);
    if (commit === null || !(await hasCommit(this.#repository, commit))) return false;
    const diffs = await diffsOfMails(patches);
    const all = patches.flatMap(({ place }) => diffs.get(place) ?? []);
    if (all.length !== newest.summary.total) return false;
    const made = await treesOf(this.#repository, commit, all);
    const last = made.length === all.length ? made.at(-1)! : null;
    return last !== null && trees.has(last) && last !== (await treeNamed(this.#repository, commit));
  }

  /** Compares patch-ids, for patches that neither a note nor a link has found. */
  async #compare(asked: readonly Sought[]): Promise<void> {
    const open = asked.filter(({ isHere, near }) => !isHere && near.length > 0);
    if (open.length === 0) return;
    const wanted = new Set<string>();
    for (const { near } of open)
      for (const { commit } of near)
        if (!this.#idsOfCommits.has(commit) && wanted.size < MAX_COMPARED) wanted.add(commit);
    if (this.#idsOfCommits.size > MAX_KNOWN) this.#idsOfCommits.clear();
    for (const [commit, ids] of await patchIdsOfCommits(this.#repository, [...wanted]))
      this.#idsOfCommits.set(commit, ids);
    const diffs = await diffsOfMails(open.map(({ mail }) => mail));
    const known = open.filter(({ mail }) => diffs.has(mail.place));
    const ids = await patchIds(
      this.#repository,
      known.map(({ mail }) => diffs.get(mail.place)!),
    );
    for (const [i, one] of known.entries())
      one.isHere = one.near.some(
        ({ commit }) => ids[i] !== null && this.#idsOfCommits.get(commit)?.includes(ids[i]!),
      );
  }
}

/** Commits, by what patches are looked for by. */
interface CommitIndex {
  readonly all: ReadonlySet<string>;
  readonly trees: ReadonlySet<string>;
  readonly byTitle: ReadonlyMap<string, readonly BranchCommit[]>;
  readonly byAuthor: ReadonlyMap<string, readonly BranchCommit[]>;
  readonly byLink: ReadonlyMap<string, readonly BranchCommit[]>;
}

function indexOfCommits(commits: readonly BranchCommit[]): CommitIndex {
  const [byTitle, byAuthor, byLink] = [0, 0, 0].map(() => new Map<string, BranchCommit[]>()) as [
    Map<string, BranchCommit[]>,
    Map<string, BranchCommit[]>,
    Map<string, BranchCommit[]>,
  ];
  for (const one of commits) {
    push(byTitle, plainTitle(one.title), one);
    push(byAuthor, one.author, one);
    for (const messageId of one.linked) push(byLink, messageId, one);
  }
  const all = new Set(commits.map(({ commit }) => commit));
  const trees = new Set(commits.map(({ tree }) => tree));
  return { all, trees, byTitle, byAuthor, byLink };
}

interface Branch extends CommitIndex {
  /** The branch's newest commit and its notes, to see whether they have changed. */
  readonly state: string;
  readonly tip: string;
  /** By Message-ID, the commits that `am` made from the mail. */
  readonly noted: ReadonlyMap<string, readonly string[]>;
  /** How far back the branch was read, in seconds since the epoch. */
  readonly since: number;
}

/** A patch to look for, and the commits that may have its diff. */
interface Sought {
  readonly mail: NumberedMail;
  readonly near: readonly BranchCommit[];
  readonly isAlike: boolean;
  isHere: boolean;
}

function near(
  { messageId, subject, sender, date }: NumberedMail,
  branch: Branch,
): Omit<Sought, "mail"> {
  const title = plainTitle(subject);
  const author = addressOf(sender);
  const titled = branch.byTitle.get(title) ?? [];
  const own = (branch.byAuthor.get(author) ?? []).slice(0, MAX_BY_AUTHOR);
  const isNoted = (branch.noted.get(messageId) ?? []).some((commit) => branch.all.has(commit));
  const isLinked = (branch.byLink.get(messageId) ?? []).some(
    (one) => one.author === author || plainTitle(one.title) === title,
  );
  return {
    near: [...new Set([...titled, ...own])],
    isHere: isNoted || isLinked,
    // a commit from before this version was sent is an older version
    isAlike: titled.some((one) => one.author === author && one.time >= date),
  };
}

/** Bytes of a mail whose diff is looked for. Lists wait while one is read; notes and links find larger ones. */
const MAX_SOUGHT = 8 << 20;

async function diffsOfMails(mails: readonly NumberedMail[]): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const { source, bytes } of await mailsAt(mails)) {
    // other pages have their turn between two mails
    await new Promise(setImmediate);
    const view = bytes === null || bytes.length > MAX_SOUGHT ? null : readRawMail(bytes);
    if (view?.ok !== true) continue;
    const diff = readDiff(view.value.patch);
    if (diff.ok && diff.value.canonical.length > 0) found.set(source, diff.value.canonical);
  }
  return found;
}

/** Names a version as it is now: if it gets another mail, it is looked for again. */
function nameOf({ id, latest, messageIds }: DeskWork["newest"]): string {
  return `${id} ${latest} ${messageIds.length}`;
}

/** A subject as git am makes a title from it, in lower case. */
function plainTitle(subject: string): string {
  return subject
    .replace(/^(?:\s*(?:re:|\[[^\]]*\]))*\s*/i, "")
    .replaceAll(/\s+/g, " ")
    .trim()
    .toLowerCase();
}

function addressOf(sender: string): string {
  const [, address = sender] = /<([^<>]*)>\s*$/.exec(sender) ?? [];
  return address.trim().toLowerCase();
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const all = map.get(key);
  if (all === undefined) map.set(key, [value]);
  else all.push(value);
}
