/** `patchsig trust merge`: merges the database of another machine of the same person. */

import { withUserTrust } from "../../app/trust/user-trust.ts";
import { now } from "../../app/now.ts";
import { mergeDatabase } from "../../app/trust/merge.ts";
import { EXIT } from "../../errors.ts";
import { CONFLICT_HINT } from "../../report/keyring.ts";
import { ownedKeyLines } from "../../report/trust.ts";
import { count } from "../../primitives/words.ts";
import { command } from "../../options/command.ts";
import { out, say } from "../../terminal/terminal.ts";
import { required } from "../../options/kinds.ts";
import { JSON_OPTION, printRecord } from "../json.ts";

export const mergeCommand = command({
  usage: "merge <file>",
  describe: "merge the database of another machine of yours; shows conflicts",
  words: {
    file: required("a copy from trust backup there"),
  },
  options: { json: JSON_OPTION },
  run: ({ file, json }) =>
    withUserTrust(false, (trust) => {
      const rows = mergeDatabase(trust, file, now());
      for (const { key, outcome } of rows) {
        const { identity, publicKey, state } = key;
        if (json) printRecord("merged-key", { identity, publicKey, state, outcome });
        else if (outcome !== "same") out(ownedKeyLines(outcome === "taken" ? state : outcome, key));
      }
      const [taken, conflicts] = ["taken", "conflict"].map(
        (word) => rows.filter(({ outcome }) => outcome === word).length,
      ) as [number, number];
      if (!json) say(`${count(taken, "key")} merged, ${conflicts} in conflict`);
      if (conflicts > 0) say(CONFLICT_HINT);
      return conflicts === 0 ? EXIT.ok : EXIT.unmet;
    }),
});
