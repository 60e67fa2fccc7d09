/** `patchsig base check`: is the base here, is it public, does the series apply to it. */

import { openRepository } from "../../git/repository.ts";
import { renderCheck } from "../../report/base.ts";
import { BaseChecker } from "../../app/base/checker.ts";
import { readSeriesBases } from "../../app/base/series-base.ts";
import { endOnSignal } from "../signals.ts";
import { outputStyle, reporter } from "../terminal.ts";
import {
  allBaseFindings,
  exitStatus,
  JSON_OPTION,
  printBlocks,
  printBaseRecord,
  REPOSITORY,
  SOURCES,
} from "./common.ts";
import { command } from "../command.ts";

export const checkCommand = command({
  usage: "check [source..]",
  describe: "look at the base in a repository, and try the series on it",
  words: { source: SOURCES },
  options: {
    repo: REPOSITORY,
    json: JSON_OPTION,
  },
  async run({ source, repo, json }) {
    endOnSignal();
    const repository = await openRepository(repo);
    const { allSeries, faults } = await readSeriesBases(source, reporter());
    const checker = new BaseChecker(repository);
    const print = printBlocks();
    const { progress } = reporter();
    const began = Date.now();
    let met = true;
    try {
      for (const [i, series] of allSeries.entries()) {
        progress?.(`${i} of ${allSeries.length} series`, i, allSeries.length, began);
        const checkup = await checker.check(series, allSeries);
        const findings = [...allBaseFindings(series), ...checkup.findings];
        if (checkup.check.state !== "applies") met = false;
        if (json) {
          const { check, prerequisites, dependencies } = checkup;
          const more = { check, prerequisites, dependencies, findings };
          printBaseRecord("base-check", series, more);
        } else {
          const all = { ...checkup, findings };
          print(renderCheck(series.outline, series.claim.base, all, outputStyle()));
        }
      }
    } finally {
      checker.close();
    }
    return exitStatus(met, faults);
  },
});
