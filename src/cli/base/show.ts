/** `patchsig base show`: what mails say about their base; needs no repository. */

import { showBases } from "../../app/base/questions.ts";
import { shownRecord } from "../../app/base/records.ts";
import { renderShow } from "../../report/base.ts";
import { ours } from "../../report/escape.ts";
import { formatRecord } from "../../report/json.ts";
import { command } from "../../options/command.ts";
import { blockPrinter, out, outputStyle, reporter, sayWaiting } from "../../terminal/terminal.ts";
import { SERIES_OPTIONS } from "../series-options.ts";
import { baseChoice, exitStatus, SOURCES } from "./common.ts";
import { flag } from "../../options/kinds.ts";
import { JSON_OPTION } from "../json.ts";

export const showCommand = command({
  usage: "show [source..]",
  paged: true,
  describe: "show the base that the mails name",
  words: { source: SOURCES },
  options: {
    ...SERIES_OPTIONS,
    commit: flag("print the commit's full name and nothing else"),
    json: JSON_OPTION,
  },
  async run(args) {
    const { source, commit, json } = args;
    sayWaiting(source);
    const print = blockPrinter();
    const outcome = await showBases(
      source,
      await baseChoice(args),
      reporter(),
      (series, findings) => {
        const { outline, claim } = series;
        if (json) out(formatRecord(shownRecord(series, findings)));
        else if (!commit) print(renderShow(outline, claim, findings, outputStyle()));
        else if (claim.base.commit !== null) out(ours`${claim.base.commit}`);
      },
    );
    return exitStatus(outcome);
  },
});
