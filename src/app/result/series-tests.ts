/**
 * What is known of tests on series, for commands that read series from mails: on the tree that a series makes of its
 * base.
 */

import { openRepository, type Repository } from "../../git/repository.ts";
import { PatchsigError } from "../../errors.ts";
import { sha256 } from "../../patch/attestation.ts";
import type { TreeTests } from "../../result/about.ts";
import { patchesDigest } from "../../result/patches.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import type { Series } from "../../verify/series.ts";
import { BaseChecker } from "../base/checker.ts";
import { type SeriesBase, seriesBaseOf } from "../base/series-base.ts";
import type { PatchSummary } from "../base/summary.ts";
import type { Reporter } from "../reporter.ts";
import { type KnownTests, openKnownTests } from "./known.ts";

export interface SeriesTests {
  /** What is known of a series' tests; null if nothing is. */
  about(series: Series<PatchSummary | null>): Promise<TreeTests | null>;
  close(): void;
}

/**
 * Most trees to make in vain, in a run. A result that names no patches, such as a branch's, may be about any series; but
 * to make a series' tree takes several starts of git.
 */
const MAX_VAIN = 4;

/**
 * @param directory a folder in the repository that has the bases; without a repository, results are found by patches only
 * @returns null if no result is known
 */
export async function openSeriesTests(
  directory: string,
  trust: Pick<TrustStore, "results">,
  say: Reporter["say"],
): Promise<SeriesTests | null> {
  const known = await openKnownTests(trust, say);
  if (known === null) return null;
  const tests = seriesTests(known, await repositoryAt(directory));
  return {
    about: (series) => tests.about(series),
    close() {
      tests.close();
      known.close();
    },
  };
}

/**
 * As `openSeriesTests`, with results that the caller has opened, and closes.
 *
 * @param repository that has the bases; without one, results are found by patches only
 */
export function seriesTests(known: KnownTests, repository: Repository | null): SeriesTests {
  const checker = repository === null ? null : new BaseChecker(repository);
  let vain = 0;
  const treeOf = async (base: SeriesBase, isKnown: boolean): Promise<string | null> => {
    if (checker === null || !(isKnown || (known.hasUnbound && vain++ < MAX_VAIN))) return null;
    const made = await checker.treeOn(base, base.claim.base.commit, [base]);
    return made.tree;
  };
  return {
    async about({ result, members }) {
      const base = seriesBaseOf(
        result,
        members.flatMap(({ payload }) => payload ?? []),
      );
      const digest = digestOf(base);
      if (digest === null) return null;
      const tree = await treeOf(base, known.hasPatches(digest));
      return known.about(tree, digest);
    },
    close: () => checker?.close(),
  };
}

async function repositoryAt(directory: string): Promise<Repository | null> {
  try {
    return await openRepository(directory);
  } catch (error) {
    if (error instanceof PatchsigError && error.code === "no-repository") return null;
    throw error;
  }
}

/** The digest of the series' patches; null unless all of them are here, and could be read. */
function digestOf({ outline, patches }: SeriesBase): string | null {
  const diffs = patches.flatMap(({ diff }) => (diff === null ? [] : [sha256(diff.canonical)]));
  const isWhole = outline.complete && diffs.length === outline.total;
  return isWhole ? patchesDigest(diffs) : null;
}
