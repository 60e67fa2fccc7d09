/**
 * Writes the records of applied patches into notes. Nothing here undoes a commit: what cannot be recorded
 * is said.
 */

import { PatchsigError } from "../../errors.ts";
import { committerOf, NOTES_REF, writeNotes } from "../../git/notes.ts";
import type { Repository } from "../../git/repository.ts";
import { count } from "../../primitives/words.ts";
import { onCommit, type RecordedTrailer } from "../../record/record.ts";
import type { Checked } from "../../verify/result.ts";
import type { JudgedMember } from "../../verify/series.ts";
import { now } from "../now.ts";
import type { Reporter } from "../reporter.ts";
import { recordOf } from "./make.ts";
import { keepPending, type PendingRecord } from "./pending.ts";

type Patch = JudgedMember<Checked>;

/** What was applied, and what git stopped at. */
export interface AppliedPatches {
  /** In order: first those that were applied. */
  readonly patches: readonly Patch[];
  /** What was added to their messages. */
  readonly added: ReadonlyMap<Patch, readonly RecordedTrailer[]>;
  /** How many were. */
  readonly applied: number;
  /** Their commits, full names; none if a hook made others. */
  readonly commits: readonly string[];
  /** Options that git am forgets: to be given again when it goes on. */
  readonly forgotten: readonly string[];
}

/**
 * Notes on the commits, and the records of the other patches kept for when the user goes on: even if
 * nothing is recorded, since their options are.
 *
 * @param wanted false to write no notes
 */
export async function recordApplied(
  repository: Repository,
  { patches, added, applied, commits, forgotten }: AppliedPatches,
  wanted: boolean,
  say: Reporter["say"],
): Promise<void> {
  try {
    const applier = { name: await committerOf(repository), at: now() };
    const texts = patches.map((patch, i) =>
      recordOf(patch, commits[i] ?? "0".repeat(40), added.get(patch) ?? [], applier),
    );
    if (wanted)
      await writeNotes(
        repository,
        commits.map((commit, i) => ({ commit, text: texts[i]! })),
        subjectOf(commits.length),
      );
    if (applied === patches.length) return;
    const records = patches.map((patch, i) => pendingOf(patch, texts[i]!)).slice(applied);
    await keepPending(repository, { forgotten, records: wanted ? records : [] });
  } catch (error) {
    sayNotRecorded(error, say);
  }
}

function subjectOf(commits: number): string {
  return `patchsig am: ${count(commits, "patch")}`;
}

function pendingOf({ payload: { author, view } }: Patch, text: Buffer): PendingRecord {
  return {
    author: author === null ? "" : `${author.name} <${author.email}>`,
    subject: view?.info.subject.toString("utf8") ?? "",
    text: text.toString("base64"),
  };
}

/** Notes of patches that git stopped at, and that were applied since. */
export async function recordPending(
  repository: Repository,
  found: readonly { readonly commit: string; readonly record: PendingRecord }[],
): Promise<void> {
  const notes = found.map(({ commit, record }) => ({
    commit,
    text: onCommit(Buffer.from(record.text, "base64"), commit),
  }));
  await writeNotes(repository, notes, subjectOf(notes.length));
}

/** The commits are there, and stay: so this is no failure of what was asked for. */
export function sayNotRecorded(error: unknown, say: Reporter["say"]): void {
  const { code } = error as NodeJS.ErrnoException;
  if (!(error instanceof PatchsigError) && code === undefined) throw error;
  const why = code === "ENOSPC" ? "the disk is full" : (error as Error).message;
  say(`note: not recorded in ${NOTES_REF}: ${why}`);
  say(
    "hint: the commits are as they should be; to write no notes: git config patchsig.record false",
  );
}
