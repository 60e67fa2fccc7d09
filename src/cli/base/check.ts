/** `patchsig base check`: is the base here, is it public, does the series apply to it. */

import type { CommandModule } from "yargs";
import { openRepository } from "../../git/repository.ts";
import { renderCheck } from "../../report/base.ts";
import { BaseChecker } from "../../app/base/checker.ts";
import { readSeriesBases } from "../../app/base/series-base.ts";
import { endOnSignal } from "../signals.ts";
import { outputStyle, progress } from "../terminal.ts";
import {
  baseFindings,
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
  json: boolean;
}

export const checkCommand: CommandModule<object, Arguments> = {
  command: "check [source..]",
  describe: "look at the base in a repository, and try the series on it",
  builder: (yargs) =>
    yargs
      .positional("source", SOURCES)
      .option("repo", REPOSITORY)
      .option("json", JSON_OPTION) as never,
  async handler({ source, repo, json }) {
    endOnSignal();
    const repository = await openRepository(repo);
    const { allSeries, faults } = await readSeriesBases(source);
    const checker = new BaseChecker(repository);
    const print = printBlocks();
    const began = Date.now();
    let met = true;
    try {
      for (const [i, series] of allSeries.entries()) {
        progress(`${i} of ${allSeries.length} series`, i, allSeries.length, began);
        const checkup = await checker.check(series, allSeries);
        const findings = [...baseFindings(series), ...checkup.findings];
        if (checkup.check.state !== "applies") met = false;
        if (json) {
          const { check, prerequisites, dependencies } = checkup;
          const more = { check, prerequisites, dependencies, findings };
          printRecord("base-check", series, more);
        } else {
          const all = { ...checkup, findings };
          print(renderCheck(series.outline, series.claim.base, all, outputStyle()));
        }
      }
    } finally {
      checker.close();
    }
    process.exitCode = exitStatus(met, faults);
  },
};
