/** The questions of the base commands, asked of each series of some sources; each answer is told at once. */

import { openRepository } from "../../git/repository.ts";
import type { Finding } from "../../findings.ts";
import type { Reporter } from "../reporter.ts";
import { BaseChecker, type Checkup } from "./checker.ts";
import { BaseGuesser, type Guessed } from "./guesser.ts";
import {
  allBaseFindings,
  type SeriesWish,
  readSeriesBases,
  type SeriesBase,
} from "./series-base.ts";

/** What came of all series. */
export interface Outcome {
  /** Every one has the answer that is hoped for. */
  readonly met: boolean;
  /** At how many mails the program failed. */
  readonly faults: number;
}

/** @throws PatchsigError as `readSeriesBases` */
export async function showBases(
  sources: readonly string[],
  choice: SeriesWish,
  reporter: Reporter,
  tell: (series: SeriesBase, findings: readonly Finding[]) => void,
): Promise<Outcome> {
  const { wanted, faults } = await readSeriesBases(sources, reporter, choice);
  for (const series of wanted) tell(series, allBaseFindings(series));
  return { met: wanted.every(({ claim }) => claim.base.commit !== null), faults };
}

/**
 * Looks at each base in a repository, and tries the series on it.
 *
 * @param tell the checkup's findings have those of the mails before them
 * @throws PatchsigError "no-repository", and as `readSeriesBases`
 */
export async function checkBases(
  sources: readonly string[],
  choice: SeriesWish,
  directory: string,
  reporter: Reporter,
  tell: (series: SeriesBase, checkup: Checkup) => void,
): Promise<Outcome> {
  const repository = await openRepository(directory);
  const { allSeries, wanted, faults } = await readSeriesBases(sources, reporter, choice);
  const checker = new BaseChecker(repository);
  const began = Date.now();
  let met = true;
  try {
    for (const [i, series] of wanted.entries()) {
      reporter.progress?.(`${i} of ${wanted.length} series`, i, wanted.length, began);
      const checkup = await checker.check(series, allSeries);
      met &&= checkup.check.state === "applies";
      tell(series, { ...checkup, findings: [...allBaseFindings(series), ...checkup.findings] });
    }
  } finally {
    checker.close();
  }
  return { met, faults };
}

/** Series that are guessed at together: git names the candidates of all of them in one go. */
const AT_A_TIME = 32;

interface GuessOptions {
  readonly directory: string;
  /** Refs to look at, as `findRefs` takes them; if there are none, the usual ones. */
  readonly refs: readonly string[];
  readonly exhaustive: boolean;
}

/**
 * Guesses the base of each series in a repository.
 *
 * @throws PatchsigError "no-repository", "not-found" if no ref is to be looked at, and as
 *   `readSeriesBases`
 */
export async function guessBases(
  sources: readonly string[],
  choice: SeriesWish,
  { directory, refs, exhaustive }: GuessOptions,
  reporter: Reporter,
  tell: (series: SeriesBase, guessed: Guessed) => void,
): Promise<Outcome> {
  const repository = await openRepository(directory);
  const { wanted, faults } = await readSeriesBases(sources, reporter, choice);
  const reach = exhaustive ? "exhaustive" : "usual";
  const guesser = await BaseGuesser.open(repository, refs, { reach, progress: reporter.progress });
  let met = true;
  try {
    for (let at = 0; at < wanted.length; at += AT_A_TIME) {
      const some = wanted.slice(at, at + AT_A_TIME);
      for (const [i, guessed] of (await guesser.guess(some)).entries()) {
        met &&= guessed.confidence === "high" || guessed.confidence === "medium";
        tell(some[i]!, guessed);
      }
    }
  } finally {
    guesser.close();
  }
  return { met, faults };
}
