/** `patchsig base show`: what mails say of their base; no repository is asked. */

import { ours } from "../../report/escape.ts";
import { renderShow } from "../../report/base.ts";
import { readSeriesBases } from "../../app/base/series-base.ts";
import { out, outputStyle, reporter } from "../terminal.ts";
import {
  allBaseFindings,
  exitStatus,
  JSON_OPTION,
  printBlocks,
  printBaseRecord,
  SOURCES,
} from "./common.ts";
import { command } from "../command.ts";

export const showCommand = command({
  usage: "show [source..]",
  describe: "what the mails themselves say",
  words: { source: SOURCES },
  options: {
    commit: {
      type: "boolean",
      default: false,
      describe: "print the commit's full name and nothing else",
    },
    json: JSON_OPTION,
  },
  async run({ source, commit, json }) {
    const { allSeries, faults } = await readSeriesBases(source, reporter());
    const print = printBlocks();
    for (const series of allSeries) {
      const { claim, outline } = series;
      const findings = allBaseFindings(series);
      const { prerequisites, dependencies } = claim.lines;
      if (json) printBaseRecord("base", series, { prerequisites, dependencies, findings });
      else if (!commit) print(renderShow(outline, claim, findings, outputStyle()));
      else if (claim.base.commit !== null) out(ours`${claim.base.commit}`);
    }
    const allNamed = allSeries.every(({ claim }) => claim.base.commit !== null);
    return exitStatus(allNamed, faults);
  },
});
