/** `patchsig log`: commits with their records, like git log. */

import { runOverCommits } from "../../app/record/run.ts";
import { PatchsigError } from "../../errors.ts";
import { command } from "../../options/command.ts";
import { formatRecord } from "../../report/json.ts";
import { renderLogEntry } from "../../report/commits.ts";
import { blockPrinter, out, outputStyle, reporter } from "../../terminal/terminal.ts";
import { number, several } from "../../options/kinds.ts";
import { JSON_OPTION } from "../json.ts";

export const logCommand = command({
  usage: "log [revision..]",
  describe: "commits with who signed them, and what am recorded, like git log",
  paged: true,
  words: {
    revision: several(
      "commits to begin at, or ranges such as main..topic; by default HEAD",
      "HEAD",
    ),
  },
  options: {
    "max-count": number("at most so many", "n"),
    json: JSON_OPTION,
  },
  async run({ revision, maxCount, json }) {
    if (maxCount !== undefined && !(Number.isInteger(maxCount) && maxCount >= 0))
      throw new PatchsigError("usage", "--max-count needs a number that is not negative");
    const style = outputStyle();
    const print = blockPrinter();
    const most = maxCount ?? null;
    const run = {
      directory: ".",
      words: revision,
      required: undefined,
      named: false,
      most,
      tests: true,
    };
    await runOverCommits(
      run,
      (results) => {
        if (json) out(results.map(formatRecord));
        else for (const one of results) print(renderLogEntry(one, style), "block");
      },
      reporter(),
    );
  },
});
