/** `patchsig base show`: what mails say of their base; no repository is asked. */

import type { CommandModule } from "yargs";
import { ours } from "../../report/escape.ts";
import { renderShow } from "../../report/base.ts";
import { readSeriesBases } from "../../app/base/series-base.ts";
import { outputStyle, out } from "../terminal.ts";
import {
  baseFindings,
  exitStatus,
  JSON_OPTION,
  printBlocks,
  printRecord,
  SOURCES,
} from "./common.ts";

interface Arguments {
  source: string[];
  commit: boolean;
  json: boolean;
}

export const showCommand: CommandModule<object, Arguments> = {
  command: "show [source..]",
  describe: "what the mails themselves say",
  builder: (yargs) =>
    yargs
      .positional("source", SOURCES)
      .option("commit", {
        type: "boolean",
        default: false,
        describe: "print the commit's full name and nothing else",
      })
      .option("json", JSON_OPTION) as never,
  async handler({ source, commit, json }) {
    const { allSeries, faults } = await readSeriesBases(source);
    const print = printBlocks();
    for (const series of allSeries) {
      const { claim, outline } = series;
      const findings = baseFindings(series);
      const { prerequisites, dependencies } = claim.lines;
      if (json) printRecord("base", series, { prerequisites, dependencies, findings });
      else if (!commit) print(renderShow(outline, claim, findings, outputStyle()));
      else if (claim.base.commit !== null) out(ours`${claim.base.commit}`);
    }
    const allNamed = allSeries.every(({ claim }) => claim.base.commit !== null);
    process.exitCode = exitStatus(allNamed, faults);
  },
};
