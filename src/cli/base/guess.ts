/** `patchsig base guess`: the commit that a series was most likely made against, and why. */

import type { CommandModule } from "yargs";
import { openRepository } from "../../git/repository.ts";
import { renderGuess } from "../../report/base-guess.ts";
import { BaseGuesser, type Guessed } from "../../app/base/guesser.ts";
import { readSeriesBases } from "../../app/base/series-base.ts";
import { endOnSignal } from "../signals.ts";
import { outputStyle } from "../terminal.ts";
import {
  exitStatus,
  JSON_OPTION,
  printBlocks,
  printRecord,
  REPOSITORY,
  SOURCES,
} from "./common.ts";

interface Arguments {
  source: string[];
  repo: string;
  ref?: string[];
  exhaustive: boolean;
  json: boolean;
}

/** Series whose guesses are printed together. */
const AT_A_TIME = 32;

export const guessCommand: CommandModule<object, Arguments> = {
  command: "guess [source..]",
  describe: "find the commit that they were most likely made against",
  builder: (yargs) =>
    yargs
      .positional("source", SOURCES)
      .option("repo", REPOSITORY)
      .option("ref", {
        type: "string",
        array: true,
        // one at a time: yargs' arrays would take the sources too
        nargs: 1,
        describe: "look at these refs only, as main or 'net/*'; can be given again",
      })
      .option("exhaustive", {
        type: "boolean",
        default: false,
        describe: "look at all of history to tell whether a commit is the only one",
      })
      .option("json", JSON_OPTION) as never,
  async handler({ source, repo, ref, exhaustive, json }) {
    endOnSignal();
    const repository = await openRepository(repo);
    const { allSeries, faults } = await readSeriesBases(source);
    const guesser = await BaseGuesser.open(
      repository,
      ref ?? [],
      exhaustive ? "exhaustive" : "usual",
    );
    const print = printBlocks();
    let met = true;
    try {
      for (let at = 0; at < allSeries.length; at += AT_A_TIME) {
        const some = allSeries.slice(at, at + AT_A_TIME);
        for (const [i, guessed] of (await guesser.guess(some)).entries()) {
          if (guessed.confidence === "low" || guessed.confidence === "none") met = false;
          if (json) printRecord("base-guess", some[i]!, fieldsOf(guessed));
          else print(renderGuess(some[i]!.outline, guessed, outputStyle()));
        }
      }
    } finally {
      guesser.close();
    }
    process.exitCode = exitStatus(met, faults);
  },
};

function fieldsOf({ guess, by, confidence, candidates, created }: Guessed): object {
  const { candidates: _, ...rest } = guess;
  return { guess: { by, confidence, ...rest, created }, candidates };
}
