/** Finds the tree that the user names: that of a commit, or the one that a series makes of its base. */

import { PatchsigError } from "../../errors.ts";
import { openRepository, treeNamed } from "../../git/repository.ts";
import { isThere } from "../../source/reading.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import type { Reporter } from "../reporter.ts";
import type { SeriesChoice } from "../series/choose.ts";

export interface TreeMeant {
  /** A revision or a source of mails. As for git, a revision is tried first: `./NAME` is always a file. */
  readonly what: string;
  readonly choice: SeriesChoice;
  /** The commit to put a series on; undefined for the base that the series names. */
  readonly base: string | undefined;
}

/**
 * @returns full name of the tree
 * @throws PatchsigError "usage" if `what` is neither; others as `treeOfSeries`
 */
export async function treeMeant(
  { what, choice, base }: TreeMeant,
  trust: Pick<TrustStore, "seriesLinks">,
  reporter: Reporter,
): Promise<string> {
  const repository = await openRepository(".");
  const { series, version, mails } = choice;
  const isSeries = base !== undefined || series !== undefined || version !== undefined;
  const tree = isSeries ? null : await treeNamed(repository, what);
  if (tree !== null) return tree;
  if (mails.length === 0 && what !== "-" && !what.startsWith("feed:") && !isThere(what))
    throw new PatchsigError("usage", `${what} names no commit, no tree and no mails here`, {
      hint: isSeries
        ? "--base, --series and --version go with the mails of a series"
        : "HEAD, a branch, a tree; or a file of mails, or the Message-ID of one",
    });
  // loaded only here: most questions are about a commit
  const { treeOfSeries } = await import("./series-tree.ts");
  return treeOfSeries(repository, { source: what, choice, base }, trust, reporter);
}
