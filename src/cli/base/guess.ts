/** `patchsig base guess`: the commit that a series was most likely made against, and why. */

import { openRepository } from "../../git/repository.ts";
import { renderGuess } from "../../report/base-guess.ts";
import { BaseGuesser, type Guessed } from "../../app/base/guesser.ts";
import { readSeriesBases } from "../../app/base/series-base.ts";
import { endOnSignal } from "../signals.ts";
import { outputStyle, reporter } from "../terminal.ts";
import {
  exitStatus,
  JSON_OPTION,
  printBlocks,
  printBaseRecord,
  REPOSITORY,
  SOURCES,
} from "./common.ts";
import { command } from "../command.ts";

/** Series whose guesses are printed together. */
const AT_A_TIME = 32;

export const guessCommand = command({
  usage: "guess [source..]",
  describe: "find the commit that they were most likely made against",
  words: { source: SOURCES },
  options: {
    repo: REPOSITORY,
    ref: {
      type: "string",
      array: true,
      // one at a time: yargs' arrays would take the sources too
      nargs: 1,
      describe: "look at these refs only, as main or 'net/*'; can be given again",
    },
    exhaustive: {
      type: "boolean",
      default: false,
      describe: "look at all of history to tell whether a commit is the only one",
    },
    json: JSON_OPTION,
  },
  async run({ source, repo, ref, exhaustive, json }) {
    endOnSignal();
    const repository = await openRepository(repo);
    const { allSeries, faults } = await readSeriesBases(source, reporter());
    const guesser = await BaseGuesser.open(repository, ref ?? [], {
      reach: exhaustive ? "exhaustive" : "usual",
      progress: reporter().progress,
    });
    const print = printBlocks();
    let met = true;
    try {
      for (let at = 0; at < allSeries.length; at += AT_A_TIME) {
        const some = allSeries.slice(at, at + AT_A_TIME);
        for (const [i, guessed] of (await guesser.guess(some)).entries()) {
          if (guessed.confidence === "low" || guessed.confidence === "none") met = false;
          if (json) printBaseRecord("base-guess", some[i]!, fieldsOf(guessed));
          else print(renderGuess(some[i]!.outline, guessed, outputStyle()));
        }
      }
    } finally {
      guesser.close();
    }
    return exitStatus(met, faults);
  },
});

function fieldsOf({ guess, by, confidence, candidates, created }: Guessed): object {
  const { candidates: _, ...rest } = guess;
  return { guess: { by, confidence, ...rest, created }, candidates };
}
