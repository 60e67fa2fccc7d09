/** `verify --repo`: checks the bases of series while an archive streams by. */

import { PatchsigError } from "../../errors.ts";
import { openRepository } from "../../git/repository.ts";
import { type Finding, finding } from "../../findings.ts";
import { addBaseCheck, type SeriesResult } from "../../verify/result.ts";
import type { Series } from "../../verify/series.ts";
import { BaseChecker } from "./checker.ts";
import { BaseGuesser } from "./guesser.ts";
import type { Progress } from "../reporter.ts";
import { type SeriesBase, seriesBaseOf } from "./series-base.ts";
import type { PatchSummary } from "./summary.ts";
import { shortName } from "../../primitives/object-name.ts";

/** For an archive without bases, guesses could take hours. */
const MAX_GUESSES = 50;

export interface Bases {
  /** The result with what the repository says. */
  judge(series: Series<PatchSummary | null>): Promise<SeriesResult>;
  close(): void;
}

/** PatchsigError "no-repository". */
export async function openBases(directory: string, progress: Progress | null): Promise<Bases> {
  const repository = await openRepository(directory);
  const checker = new BaseChecker(repository);
  let guesser: BaseGuesser | null = null;
  let guesses = 0;
  const guessed = async (series: SeriesBase): Promise<Finding[]> => {
    if (!series.outline.complete || ++guesses > MAX_GUESSES) return [];
    try {
      guesser ??= await BaseGuesser.open(repository, [], { reach: "near", progress });
    } catch (error) {
      // there is no branch to look at
      if (error instanceof PatchsigError && error.code === "not-found") return [];
      throw error;
    }
    const [one] = await guesser.guess([series]);
    const best = one?.candidates[0];
    if (best === undefined || one?.confidence !== "high") return [];
    const name = `${shortName(best.commit)} ${best.name}`;
    return [finding("base-guessed", `most likely made against ${name}, applies cleanly`)];
  };
  return {
    async judge({ result, members }) {
      const kept = members.flatMap(({ payload }) => payload ?? []);
      const series = seriesBaseOf(result, kept);
      const { check, findings } = await checker.check(series, [series]);
      const likely = check.state === "missing" ? await guessed(series) : [];
      return addBaseCheck(result, check, [...findings, ...likely]);
    },
    close() {
      checker.close();
      guesser?.close();
    },
  };
}
