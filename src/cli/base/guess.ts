/** `patchsig base guess`: the commit that a series was most likely made against, and why. */

import { guessBases } from "../../app/base/questions.ts";
import { guessedRecord } from "../../app/base/records.ts";
import { renderGuess } from "../../report/base-guess.ts";
import { formatRecord } from "../../report/json.ts";
import { command } from "../../options/command.ts";
import { endOnSignal } from "../../terminal/signals.ts";
import { blockPrinter, out, outputStyle, reporter, sayWaiting } from "../../terminal/terminal.ts";
import { SERIES_OPTIONS } from "../series-options.ts";
import { baseChoice, exitStatus, REPOSITORY, SOURCES } from "./common.ts";
import { JSON_OPTION } from "../json.ts";
import { flag, repeated } from "../../options/kinds.ts";

export const guessCommand = command({
  usage: "guess [source..]",
  paged: true,
  describe: "find the commit that the series was most likely made against",
  words: { source: SOURCES },
  options: {
    ...SERIES_OPTIONS,
    repo: REPOSITORY,
    ref: repeated("search only these refs, like main or 'net/*'; can be given again"),
    exhaustive: flag("search all of history to tell whether a commit is the only one"),
    json: JSON_OPTION,
  },
  async run(args) {
    const { source, repo, ref, exhaustive, json } = args;
    endOnSignal();
    sayWaiting(source);
    const print = blockPrinter();
    const options = { directory: repo, refs: ref ?? [], exhaustive };
    const outcome = await guessBases(
      source,
      await baseChoice(args),
      options,
      reporter(),
      (series, guessed) => {
        if (json) out(formatRecord(guessedRecord(series, guessed)));
        else print(renderGuess(series.outline, guessed, outputStyle()));
      },
    );
    return exitStatus(outcome);
  },
});
