/** `patchsig log`: commits with their records, like git log. */

import { runOverCommits } from "../../app/record/run.ts";
import { PatchsigError } from "../../errors.ts";
import { command } from "../../options/command.ts";
import { formatRecord } from "../../report/json.ts";
import { renderLogEntry } from "../../report/commits.ts";
import { blockPrinter, out, outputStyle, reporter } from "../../terminal/terminal.ts";
import { JSON_OPTION } from "../base/common.ts";

export const logCommand = command({
  usage: "log [revision..]",
  describe: "commits with who signed them, and what am recorded, like git log",
  paged: true,
  words: {
    revision: {
      describe: "commits to begin at, or ranges such as main..topic; by default HEAD",
      type: "string",
      array: true,
      default: ["HEAD"],
    },
  },
  options: {
    "max-count": { alias: "n", type: "number", requiresArg: true, describe: "at most so many" },
    json: JSON_OPTION,
  },
  async run({ revision, maxCount, json }) {
    if (maxCount !== undefined && !(Number.isInteger(maxCount) && maxCount >= 0))
      throw new PatchsigError("usage", "--max-count needs a number that is not negative");
    const style = outputStyle();
    const print = blockPrinter();
    const most = maxCount ?? null;
    const run = { directory: ".", words: revision, required: undefined, named: false, most };
    await runOverCommits(
      run,
      (result) => {
        if (json) out(formatRecord(result));
        else print(renderLogEntry(result, style), "block");
      },
      reporter(),
    );
  },
});
