/**
 * The base of patches that git send-email had git format-patch write: it is found in the repository,
 * by the commits that the files name, and recorded as `patchsig format-patch` records it.
 */

import { openHere } from "../settings.ts";
import { PatchsigError } from "../../errors.ts";
import { chooseBase } from "../../git/base.ts";
import { addBaseLines, baseLines } from "../../git/base-lines.ts";
import { addBaseTree, publicTree } from "../../git/base-tree.ts";
import type { Repository } from "../../git/repository.ts";
import { namedCommits } from "../../git/series-range.ts";
import { baseNotes } from "../sign/base-notes.ts";
import type { MailToSign } from "../sign/signing.ts";

/** A mail of a complete series. */
export interface MailOfCommit extends MailToSign {
  /** As its From line names it; null if it names none. */
  readonly commit: string | null;
  readonly isCover: boolean;
}

export interface RecordedBase {
  /** The mails; the first has lines with the base. */
  readonly mails: readonly MailToSign[];
  /** Its full name; null if there is none. */
  readonly commit: string | null;
  /** What receivers will miss, a line each. */
  readonly notes: readonly string[];
}

/**
 * @param mails of a series without a base, in their order
 * @returns null if the repository does not have all of their commits
 */
export async function recordBase(mails: readonly MailOfCommit[]): Promise<RecordedBase | null> {
  const names = mails.filter(({ isCover }) => !isCover).map(({ commit }) => commit);
  if (!names.every((name) => name !== null)) return null;
  const [repository, range] = await Promise.all([
    repositoryHere(),
    namedCommits(process.cwd(), names),
  ]);
  if (repository === null || range === null) return null;
  const base = await chooseBase(repository, { explicit: null, range });
  const notes = baseNotes(base, repository.shallow);
  if (base.kind === "none") return { mails, commit: null, notes };
  const lines = await baseLines(repository, base, range.commits);
  const tree = publicTree(repository, base);
  const [first, ...rest] = mails;
  const mail = addBaseLines(first!.mail, lines);
  const whole = tree === null ? mail : addBaseTree(mail, base.commit, tree);
  return { mails: [{ ...first!, mail: whole }, ...rest], commit: base.commit, notes };
}

async function repositoryHere(): Promise<Repository | null> {
  try {
    return await openHere();
  } catch (error) {
    if (error instanceof PatchsigError && /^(?:no-repository|git-missing)$/.test(error.code))
      return null;
    throw error;
  }
}
