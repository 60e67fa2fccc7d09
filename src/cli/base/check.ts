/** `patchsig base check`: is the base here, is it public, does the series apply to it. */

import { checkBases } from "../../app/base/questions.ts";
import { checkedRecord } from "../../app/base/records.ts";
import { renderCheck } from "../../report/base.ts";
import { formatRecord } from "../../report/json.ts";
import { command } from "../../options/command.ts";
import { endOnSignal } from "../../terminal/signals.ts";
import { blockPrinter, out, outputStyle, reporter, sayWaiting } from "../../terminal/terminal.ts";
import { SERIES_OPTIONS } from "../series-options.ts";
import { baseChoice, exitStatus, REPOSITORY, SOURCES } from "./common.ts";
import { JSON_OPTION } from "../json.ts";

export const checkCommand = command({
  usage: "check [source..]",
  paged: true,
  describe: "check the base in a repository, and try the series on it",
  words: { source: SOURCES },
  options: {
    ...SERIES_OPTIONS,
    repo: REPOSITORY,
    json: JSON_OPTION,
  },
  async run(args) {
    const { source, repo, json } = args;
    endOnSignal();
    sayWaiting(source);
    const print = blockPrinter();
    const outcome = await checkBases(
      source,
      await baseChoice(args),
      repo,
      reporter(),
      (series, checkup) => {
        if (json) out(formatRecord(checkedRecord(series, checkup)));
        else print(renderCheck(series.outline, series.claim.base, checkup, outputStyle()));
      },
    );
    return exitStatus(outcome);
  },
});
