/** `patchsig check-commit`: are commits still what was signed? */

import { readFileSync } from "node:fs";
import { runOverCommits } from "../../app/record/run.ts";
import { EXIT, PatchsigError } from "../../errors.ts";
import { command } from "../../options/command.ts";
import { renderCommitLine, renderCommitTotals } from "../../report/commits.ts";
import { formatRecord } from "../../report/json.ts";
import { out, outputStyle, reporter, say, sayWaiting } from "../../terminal/terminal.ts";
import { REQUIRE_OPTION } from "../policy-options.ts";
import { flag, several, value } from "../../options/kinds.ts";
import { JSON_OPTION } from "../json.ts";

const FETCH =
  "hint: records are in notes: git fetch origin refs/notes/patchsig:refs/notes/patchsig";

export const checkCommitCommand = command({
  usage: "check-commit [revision..]",
  describe: "check commits against the records that am made of them",
  paged: true,
  words: {
    revision: several("commits, or ranges such as main..topic; by default HEAD"),
  },
  options: {
    stdin: flag("read them from stdin, one a line"),
    notes: value("a ref with the records, or a commit of one"),
    require: REQUIRE_OPTION,
    quiet: flag("print only what is not good", "q"),
    json: JSON_OPTION,
  },
  async run({ revision, stdin, notes, require, quiet, json }) {
    if (json && quiet) throw new PatchsigError("usage", "--json and --quiet exclude each other");
    if (stdin) sayWaiting(["-"]);
    const read = stdin ? readFileSync(0, "utf8").split("\n") : [];
    const given = [...revision, ...read.filter((word) => word !== "")];
    const words = given.length === 0 && !stdin ? ["HEAD"] : given;
    const style = outputStyle();
    const common = { directory: ".", named: true, most: null, tests: false };
    const run = { ...common, words, required: require, notes };
    const summary = await runOverCommits(
      run,
      (results) => {
        const shown = results.filter(({ verdict }) => !quiet || verdict !== "pass");
        out(shown.flatMap((one) => (json ? formatRecord(one) : renderCommitLine(one, style))));
      },
      reporter(),
    );
    if (json) out(formatRecord(summary));
    else if (summary.commits !== 1 && !quiet) out(renderCommitTotals(summary));
    if (summary.commits > 0 && summary.statuses.none === summary.commits && !quiet) say(FETCH);
    return summary.fail === 0 ? EXIT.ok : EXIT.unmet;
  },
});
