/** `patchsig trust status`: where the database is, whether it is whole, and safe there. */

import { teamDatabase, withUserTrust } from "../../app/trust/user-trust.ts";
import { existsSync } from "node:fs";
import { EXIT } from "../../errors.ts";
import { ours } from "../../report/escape.ts";
import { placeProblems } from "../../store/place.ts";
import { count } from "../../primitives/words.ts";
import { out } from "../../terminal/terminal.ts";
import { databasePlace } from "./common.ts";
import { command } from "../../options/command.ts";
import { JSON_OPTION, printRecord } from "../json.ts";

export const statusCommand = command({
  usage: "status",
  paged: true,
  describe: "show where the database is, and whether it is safe there",
  options: { json: JSON_OPTION },
  run: ({ json }) =>
    withUserTrust(true, (trust) => {
      const file = databasePlace();
      const isTeams = teamDatabase() !== null;
      const exists = isTeams || existsSync(file);
      const keys = [...trust.list()].length;
      const problems = isTeams ? [] : placeProblems(file);
      if (json) printRecord("status", { file, exists, keys, problems });
      else {
        out(ours`${file}: ${exists ? count(keys, "key") : "not there yet"}`);
        for (const problem of problems) out(ours`${problem}`);
        if (problems.length > 0)
          out(ours`hint: keep one on each machine: git patchsig trust backup, and trust merge`);
      }
      return problems.length === 0 ? EXIT.ok : EXIT.unmet;
    }),
});
