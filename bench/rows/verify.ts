/**
 * `patchsig verify` of an mbox, with every feature, compared with the minimum that any verifier has
 * to do.
 */

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Row } from "../bench.ts";
import { packChecks } from "../checks.ts";
import { writeMbox } from "../corpus.ts";
import { number } from "../report.ts";
import { inTurn } from "../run.ts";

const FLOOR = fileURLToPath(new URL("../floor.js", import.meta.url));

export const verifyRow: Row = (bench, report) => {
  const place = bench.workplace("verify");
  const mbox = place.path("mbox");
  const checks = place.path("checks");
  const mails = bench.mails.map(({ signed }) => signed);
  writeMbox(mbox, mails);
  writeFileSync(checks, Buffer.concat(mails.map(packChecks)));

  const taken = inTurn(bench.settings.rounds, {
    floor: () => place.time(process.execPath, [FLOOR, mbox, checks]),
    verify: () => {
      place.forgetTrust();
      return place.patchsig(["verify", "-j1", mbox]);
    },
    json: () => {
      place.forgetTrust();
      return place.patchsig(["verify", "-j1", "--json", mbox]);
    },
  });
  const count = mails.length;
  const rate = (seconds: number): string =>
    `${number(seconds)} s, ${number(count / seconds)} mails/s`;
  report({
    row: "verify",
    what: `verify of ${number(count)} mails, over the floor`,
    value: taken.verify / taken.floor,
    unit: "x",
    goal: { atMost: 1.25 },
    raw: [
      `verify ${rate(taken.verify)}; with --json ${rate(taken.json)}`,
      `floor (read, hash, 2 Ed25519 a mail) ${rate(taken.floor)}`,
    ],
  });
};
