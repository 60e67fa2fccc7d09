/** Writes the notes of patches that git am had stopped at, whoever went on: our am, or git's. */

import { commitsBetween } from "../../git/committed.ts";
import { amProgress, type Repository } from "../../git/repository.ts";
import type { Reporter } from "../reporter.ts";
import { forgetPending, type PendingRecord, readPending } from "./pending.ts";
import { noteAll, sayNotRecorded } from "./write.ts";

/**
 * If git am has ended since: writes the notes of what it committed, and forgets the rest, which was
 * skipped or aborted.
 */
export async function settlePending(repository: Repository, say: Reporter["say"]): Promise<void> {
  if (repository.toplevel === null) return;
  const pending = await readPending(repository);
  if (pending === null || (await amProgress(repository)) !== null) return;
  try {
    const { before, branch, records } = pending;
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
    );
    await forgetPending(repository);
  } catch (error) {
    sayNotRecorded(error, say);
  }
}

/** As git am leaves them whoever resolves a conflict. */
function isSamePatch(
  commit: { readonly author: string; readonly subject: string },
  { author, subject }: PendingRecord,
): boolean {
  return same(commit.author, author) && same(commit.subject, subject);
}

/** git changes white space, and what stands around a name. */
function same(a: string, b: string): boolean {
  const plain = (text: string): string => text.replace(/[\s.,:;"'\\]+/g, "");
  return plain(a) === plain(b);
}
