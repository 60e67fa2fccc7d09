/** The time for one small series from a cold start: mostly start-up time. */

import type { Row } from "../bench.ts";
import { writeMbox } from "../corpus.ts";
import { number } from "../report.ts";
import { inTurn } from "../run.ts";

export const startRow: Row = (bench, report) => {
  const place = bench.workplace("start");
  const mbox = place.path("mbox");
  writeMbox(
    mbox,
    [...bench.stream(5)].map(({ signed }) => signed),
  );
  place.patchsig(["verify", mbox]); // makes the database
  const taken = inTurn(5 * bench.settings.rounds, {
    node: () => place.time(process.execPath, ["-e", "0"]),
    verify: () => place.patchsig(["verify", mbox]),
    version: () => place.patchsig(["--version"]),
  });
  const ms = (seconds: number): string => `${number(1000 * seconds)} ms`;
  report({
    row: "start",
    what: "verify of 5 patches, cold, over node -e 0",
    value: taken.verify / taken.node,
    unit: "x",
    goal: { atMost: 1.7 },
    raw: [`verify ${ms(taken.verify)}; node ${ms(taken.node)}; --version ${ms(taken.version)}`],
  });
};
