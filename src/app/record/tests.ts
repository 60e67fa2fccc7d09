/** Test results in notes: which ones a note keeps, and what notes and index together know of a tree. */

import type { Repository } from "../../git/repository.ts";
import { treesOfCommits } from "../../git/tested.ts";
import { formatSignedText } from "../../patch/signed-text.ts";
import type { CommitContext } from "../../record/judge.ts";
import { MAX_RECORDED_RESULTS, MAX_RESULTS_BYTES } from "../../record/record.ts";
import { testsOn, type WeighedResult } from "../../result/about.ts";
import { type SignedResult, TEST_OUTCOMES } from "../../result/text.ts";
import { weigh } from "../../result/weigh.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import type { Reporter } from "../reporter.ts";
import { type KnownTests, weighed, withKnownTests } from "../result/known.ts";

/**
 * The results to keep in the notes on commits, as signed texts: those in the index that count now. Whoever has the note
 * then needs neither index nor feed.
 *
 * @param commits full names
 * @returns for each commit, null if it has none
 */
export function resultsToKeep(
  repository: Repository,
  commits: readonly string[],
  say: Reporter["say"],
): Promise<readonly (Buffer | null)[]> {
  return withKnownTests(say, async (known) => {
    if (known === null) return commits.map(() => null);
    const trees = await treesOfCommits(repository, commits);
    return trees.map((tree) => keptText(known.on(tree)));
  });
}

/** The last result of each key, failures first: if some do not fit, those left out are passes. */
function keptText(found: readonly WeighedResult[]): Buffer | null {
  const counting = found.flatMap(({ signed, worth }) => (worth === "counts" ? [signed] : []));
  const last = weigh(counting).keys.map((key) => key.last);
  const texts: Buffer[] = [];
  let room = MAX_RESULTS_BYTES;
  for (const signed of last.toSorted(badFirst).slice(0, MAX_RECORDED_RESULTS)) {
    const text = Buffer.from(`${texts.length === 0 ? "" : "\n"}${formatSignedText(signed)}`);
    room -= text.length;
    if (room < 0) break;
    texts.push(text);
  }
  return texts.length === 0 ? null : Buffer.concat(texts);
}

function badFirst({ said: a }: SignedResult, { said: b }: SignedResult): number {
  const rank = TEST_OUTCOMES.indexOf(a.result) - TEST_OUTCOMES.indexOf(b.result);
  return rank || b.time - a.time;
}

/**
 * Weighs the results in a note together with those of the index, each once, by what its key is worth now. Whoever can
 * push a note can put any result into it: those about another tree are ignored.
 *
 * @param known null without an index
 */
export function testsOnCommit(
  trust: Pick<TrustStore, "results">,
  known: KnownTests | null,
): CommitContext["testsOn"] {
  return (tree, kept) => {
    if (known === null && kept.length === 0) return null;
    const own = kept.filter(({ said }) => said.tree === tree);
    const noted = own.map((signed) => weighed(signed, trust));
    const all = [...noted, ...(known?.on(tree) ?? [])];
    return testsOn(tree, [...new Map(all.map((one) => [one.signed.minisig, one])).values()]);
  };
}
