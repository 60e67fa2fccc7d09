/** The hook, started as git send-email starts it for each patch. */

import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { formatSecretKeyFile } from "../../src/minisign/secret-key.ts";
import type { Row } from "../bench.ts";
import { keyOf } from "../corpus.ts";
import { number } from "../report.ts";
import { inTurn } from "../run.ts";

const BY = "bench@example.org";

export const hookRow: Row = (bench, report) => {
  const place = bench.workplace("hook");
  const key = formatSecretKeyFile(keyOf(BY), "bench", null);
  writeFileSync(place.path("key"), key, { mode: 0o600 });
  const config = `[patchsig]\n\taddress = ${BY}\n\tkey = ${place.path("key")}\n`;
  writeFileSync(place.path("gitconfig"), config);
  const { plain } = [...bench.stream(1)][0]!;
  writeFileSync(place.path("plain"), plain);
  const hook = (folder: string): number => {
    const file = `${folder}/0001-x.patch`;
    return place.patchsig(["hook", "run", place.path(file)]);
  };
  for (const folder of ["signed", "unsigned"]) mkdirSync(place.path(folder));
  copyFileSync(place.path("plain"), place.path("signed/0001-x.patch"));
  hook("signed");
  const taken = inTurn(5 * bench.settings.rounds, {
    node: () => place.time(process.execPath, ["-e", "0"]),
    signed: () => hook("signed"),
    unsigned: () => {
      copyFileSync(place.path("plain"), place.path("unsigned/0001-x.patch"));
      return hook("unsigned");
    },
  });
  const ms = (seconds: number): string => `${number(1000 * seconds)} ms`;
  for (const state of ["signed", "unsigned"] as const)
    report({
      row: "hook",
      what: `the hook on a patch ${state}, over node -e 0`,
      value: taken[state] / taken.node,
      unit: "x",
      goal: { atMost: state === "signed" ? 1.5 : 2 },
      raw: [`${ms(taken[state])}; node ${ms(taken.node)}`],
    });
};
