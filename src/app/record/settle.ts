/** Writes the notes for commits that git am made without us: after a conflict, or when our own run was killed. */

import { commitsBetween } from "../../git/committed.ts";
import { amProgress, type Repository } from "../../git/repository.ts";
import type { Reporter } from "../reporter.ts";
import {
  forgetPending,
  type PendingAm,
  type PendingRecord,
  readPending,
  whileAlone,
} from "./pending.ts";
import { noteAll, sayNotRecorded } from "./write.ts";

/**
 * If git am has ended: writes the notes for what it committed, and forgets the other records, whose patches were
 * skipped or aborted. What goes wrong is said, and is no failure of this run.
 */
export async function settlePending(repository: Repository, say: Reporter["say"]): Promise<void> {
  if (repository.toplevel === null || (await toSettle(repository)) === null) return;
  try {
    await whileAlone(repository, say, async () => {
      // read again: the am that we waited for has settled its own
      const pending = await toSettle(repository);
      if (pending !== null) await settle(repository, pending, say);
    });
  } catch (error) {
    sayNotRecorded(error, say);
  }
}

/** Null if nothing is pending, or git am is still in progress. */
async function toSettle(repository: Repository): Promise<PendingAm | null> {
  const pending = await readPending(repository);
  return pending === null || amProgress(repository) !== null ? null : pending;
}

async function settle(
  repository: Repository,
  { before, branch, records }: PendingAm,
  say: Reporter["say"],
): Promise<void> {
  const made = await commitsBetween(repository, before, branch ?? "HEAD");
  const left = [...made];
  const found = records.flatMap((record) => {
    const at = left.findIndex((one) => isSamePatch(one, record));
    return at < 0 ? [] : [{ commit: left.splice(0, at + 1).at(-1)!.name, record }];
  });
  await noteAll(
    repository,
    found.map(({ commit }) => commit),
    found.map(({ record }) => record),
    say,
  );
  await forgetPending(repository);
}

/** By author and subject: both survive the resolution of a conflict. */
function isSamePatch(
  commit: { readonly author: string; readonly subject: string },
  { author, subject }: PendingRecord,
): boolean {
  return same(commit.author, author) && same(commit.subject, subject);
}

/** git am changes white space, and strips signs around a name. */
function same(a: string, b: string): boolean {
  const plain = (text: string): string => text.replace(/[\s.,:;"'\\]+/g, "");
  return plain(a) === plain(b);
}
