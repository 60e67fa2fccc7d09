/** Finds the tree that a series makes of its base. */

import { PatchsigError } from "../../errors.ts";
import { fetchCommand } from "../../git/base-facts.ts";
import type { Repository } from "../../git/repository.ts";
import { testedTree } from "../../git/tested.ts";
import { shortName } from "../../primitives/object-name.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { BaseChecker } from "../base/checker.ts";
import { readSeriesBases, type SeriesBase } from "../base/series-base.ts";
import type { Reporter } from "../reporter.ts";
import type { SeriesChoice } from "../series/choose.ts";

/** Which series to take, and the commit to put it on. */
export interface SeriesMeant {
  /** As for `verify`: a file, a folder, a Message-ID. */
  readonly source: string;
  readonly choice: SeriesChoice;
  /** A commit, as the user named it; undefined for the base that the series names. */
  readonly base: string | undefined;
}

/**
 * Applies a series, and its prerequisites, to its base. Signatures do not matter: a result is about a tree, whoever wrote
 * it.
 *
 * @returns full name of the tree
 * @throws PatchsigError "usage" for a base that is not a commit; "not-found" if the tree cannot be made here; others if
 *   the source cannot be read
 */
export async function treeOfSeries(
  repository: Repository,
  { source, choice, base }: SeriesMeant,
  trust: Pick<TrustStore, "seriesLinks">,
  reporter: Reporter,
): Promise<string> {
  const named = base === undefined ? null : (await testedTree(repository, base)).commit;
  const wish = { choice, links: trust.seriesLinks() };
  const { allSeries, wanted } = await readSeriesBases([source], reporter, wish);
  const [series] = wanted as [SeriesBase];
  const commit = named ?? series.claim.base.commit;
  const checker = new BaseChecker(repository);
  try {
    const made = await checker.treeOn(series, commit, allSeries);
    if (made.tree === null) throw await unmade(repository, series, made.why);
    const on = commit === null ? "" : ` on ${shortName(commit)}`;
    reporter.say(
      `v${series.outline.version} ${series.outline.subject}:${on} it makes tree ${shortName(made.tree)}`,
    );
    return made.tree;
  } finally {
    checker.close();
  }
}

async function unmade(
  repository: Repository,
  { outline, claim }: SeriesBase,
  why: string,
): Promise<PatchsigError> {
  const fetch = why.startsWith("the base ") ? await fetchCommand(repository, claim.base.tree) : "";
  return new PatchsigError(
    "not-found",
    `the tree that "${outline.subject}" makes is not known: ${why}`,
    {
      hint:
        fetch === ""
          ? "--base COMMIT names a commit to put it on"
          : `${fetch}; or name a base: --base COMMIT`,
    },
  );
}
