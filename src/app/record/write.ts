/** Writes the records of applied patches into notes. If that fails, the commits stay, and the user is told. */

import { PatchsigError } from "../../errors.ts";
import { NOTES_REF, writeNotes } from "../../git/notes.ts";
import type { Repository } from "../../git/repository.ts";
import { count } from "../../primitives/words.ts";
import type { AddedTrailer } from "../../trailers/added.ts";
import { onCommit, withResults } from "../../record/record.ts";
import type { Checked } from "../../verify/result.ts";
import type { JudgedMember } from "../../verify/series.ts";
import { now } from "../now.ts";
import type { Reporter } from "../reporter.ts";
import { recordOf } from "./make.ts";
import { resultsToKeep } from "./tests.ts";
import { forgetPending, keepPending, type PendingRecord } from "./pending.ts";

type Patch = JudgedMember<Checked>;

/** What git am is about to apply. */
export interface PatchesToApply {
  readonly patches: readonly Patch[];
  /** Trailers that were added to their messages. */
  readonly added: ReadonlyMap<Patch, readonly AddedTrailer[]>;
  /** Full name of the commit that they are applied on; null on an unborn branch. */
  readonly before: string | null;
  /** Who applies them: `Name <address>`. */
  readonly committer: string;
  /** Options that `git am --continue` does not remember, and that have to be given again. */
  readonly forgotten: readonly string[];
}

/**
 * Makes the records, and keeps them on disk before git am begins: if this run is killed, or git stops, `settlePending`
 * writes the notes later.
 *
 * @param wanted false to write no notes; `forgotten` is kept all the same
 * @returns the records; none if they cannot be kept, and then the user is told
 */
export async function prepareRecords(
  repository: Repository,
  { patches, added, before, committer, forgotten }: PatchesToApply,
  wanted: boolean,
  say: Reporter["say"],
): Promise<readonly PendingRecord[]> {
  try {
    const applier = { name: committer, at: now() };
    const records = patches.map((patch): PendingRecord => {
      const { author, view } = patch.payload;
      return {
        author: author === null ? "" : `${author.name} <${author.email}>`,
        subject: view?.info.subject.toString("utf8") ?? "",
        text: recordOf(patch, NO_COMMIT, added.get(patch) ?? [], applier).toString("base64"),
      };
    });
    const kept = wanted ? records : [];
    await keepPending(repository, { before, forgotten, records: kept });
    return kept;
  } catch (error) {
    sayNotRecorded(error, say);
    return [];
  }
}

/**
 * Writes the notes after git am has applied all patches. Not for a git am that stopped: the user may abort it.
 *
 * @param commits full names of those that git made, in the order of the records; null where it made none
 */
export async function recordApplied(
  repository: Repository,
  records: readonly PendingRecord[],
  commits: readonly (string | null)[],
  say: Reporter["say"],
): Promise<void> {
  try {
    const made = commits.filter((name) => name !== null);
    const theirs = records.filter((_, i) => commits[i] !== null);
    if (records.length === commits.length) await noteAll(repository, made, theirs, say);
    else if (records.length > 0) say("note: not recorded: a hook made other commits");
    await forgetPending(repository);
  } catch (error) {
    sayNotRecorded(error, say);
  }
}

/** Stands in a record until git has made the commit; `onCommit` replaces it. */
const NO_COMMIT = "0".repeat(40);

/**
 * Writes the notes on commits, with the test results that count for their trees.
 *
 * @param records one for each commit, in the same order
 */
export async function noteAll(
  repository: Repository,
  commits: readonly string[],
  records: readonly PendingRecord[],
  say: Reporter["say"],
): Promise<void> {
  const results = await resultsToKeep(repository, commits, say);
  const notes = commits.map((commit, i) => {
    const text = onCommit(Buffer.from(records[i]!.text, "base64"), commit);
    return { commit, text: withResults(text, results[i] ?? null) };
  });
  await writeNotes(repository, notes, `patchsig am: ${count(notes.length, "patch")}`);
}

/** Says why nothing was recorded. That is no failure: the patches are applied. Other errors are bugs, and thrown on. */
export function sayNotRecorded(error: unknown, say: Reporter["say"]): void {
  const { code } = error as NodeJS.ErrnoException;
  if (!(error instanceof PatchsigError) && code === undefined) throw error;
  const why = code === "ENOSPC" ? "the disk is full" : (error as Error).message;
  say(`note: not recorded in ${NOTES_REF}: ${why}`);
  say("hint: no commit is lost; to write no notes: git config patchsig.record false");
}
