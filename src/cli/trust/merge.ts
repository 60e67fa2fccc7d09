/** `patchsig trust merge`: merges the database of another machine of the same person. */

import { now } from "../../app/now.ts";
import { type MergedKey, mergeDatabase } from "../../app/trust/merge.ts";
import { EXIT } from "../../errors.ts";
import { escapeText } from "../../report/escape.ts";
import { keyLine } from "../../report/trust.ts";
import { count } from "../../primitives/words.ts";
import { command } from "../../options/command.ts";
import { out, say } from "../../terminal/terminal.ts";
import { withTrust } from "./common.ts";
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
    withTrust(false, (trust) => {
      const rows = mergeDatabase(trust, file, now());
      for (const { key, outcome } of rows) show(key, outcome, json);
      const [taken, conflicts] = ["taken", "conflict"].map(
        (word) => rows.filter(({ outcome }) => outcome === word).length,
      ) as [number, number];
      if (!json) say(`${count(taken, "key")} merged, ${conflicts} in conflict`);
      if (conflicts > 0)
        say("hint: trust show shows what is known here, trust accept accepts a key");
      return conflicts === 0 ? EXIT.ok : EXIT.unmet;
    }),
});

function show(key: MergedKey["key"], outcome: MergedKey["outcome"], json: boolean): void {
  const { identity, publicKey, state } = key;
  if (json) return printRecord("merged-key", { identity, publicKey, state, outcome });
  if (outcome === "same") return;
  const word = outcome === "taken" ? state : outcome;
  out([escapeText(identity), keyLine(word, publicKey)]);
}
