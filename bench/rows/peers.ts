/** Verifies the same mails with patatt and stock minisign. */

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import type { Bench, Row } from "../bench.ts";
import { takeApart } from "../checks.ts";
import { type SignedMail, writeMbox } from "../corpus.ts";
import { formatPublicKeyText } from "../../src/minisign/public-key.ts";
import { formatSignature } from "../../src/minisign/signature.ts";
import { number } from "../report.ts";
import { inTurn, type Workplace } from "../run.ts";

function isInstalled(command: string, flag: string): boolean {
  return spawnSync(command, [flag], { stdio: "ignore" }).error === undefined;
}

export const patattRow: Row = (bench, report, skip) => {
  if (!isInstalled("patatt", "--version")) return skip("patatt is not installed");
  const small = Math.min(500, bench.settings.count);
  for (const count of new Set([small, bench.settings.full ? 5000 : small])) {
    const taken = race(bench, count);
    report({
      row: "patatt",
      what: `verify of ${number(count)} mails, over patatt validate`,
      value: taken.patatt / taken.patchsig,
      unit: "x",
      goal: { atLeast: count < 5000 ? 15 : 60 },
      raw: [
        `patchsig ${number(taken.patchsig)} s, ${number(count / taken.patchsig)} mails/s`,
        `patatt ${number(taken.patatt)} s, ${number(count / taken.patatt)} mails/s ` +
          `(one call, key from a folder)`,
      ],
    });
  }
};

/**
 * patatt at its fastest: one process for all files, and a raw key in the first folder it searches.
 */
function race(bench: Bench, count: number): { patchsig: number; patatt: number } {
  const place = bench.workplace(`patatt-${count}`);
  const mails = [...bench.stream(count)];
  const mbox = place.path("mbox");
  writeMbox(
    mbox,
    mails.map(({ signed }) => signed),
  );
  mkdirSync(place.path("mails"));
  const files = mails.map(({ plain }, i) => {
    const name = `mails/${i}`;
    writeFileSync(place.path(name), plain);
    return name;
  });
  const user = "[user]\n\tname = Bench\n\temail = bench@example.org\n";
  const config = (text: string): void => writeFileSync(place.path("gitconfig"), user + text);
  config("");
  place.time("patatt", ["genkey", "-n", "bench"]);
  const keys = place.path("data", "patatt", "public");
  config(`[patatt]\n\tsigningkey = ed25519:bench\n\tselector = bench\n\tkeyringsrc = ${keys}\n`);
  place.time("patatt", ["sign", ...files]);
  const database = place.path("trust");
  return inTurn(Math.min(3, bench.settings.rounds), {
    patchsig: () => verifyAfresh(place, database, mbox),
    patatt: () => place.time("patatt", ["validate", ...files]),
  });
}

/** patatt's key lives in `data`, so the trust database goes elsewhere and is new each time. */
let fresh = 0;
function verifyAfresh(place: Workplace, folder: string, mbox: string): number {
  const { XDG_DATA_HOME: kept } = place.env;
  place.env["XDG_DATA_HOME"] = `${folder}-${fresh++}`;
  try {
    return place.patchsig(["verify", mbox]);
  } finally {
    place.env["XDG_DATA_HOME"] = kept;
  }
}

export const minisignRow: Row = (bench, report, skip) => {
  if (!isInstalled("minisign", "-v")) return skip("minisign is not installed");
  const place = bench.workplace("minisign");
  const count = Math.min(500, bench.settings.count);
  const mails: SignedMail[] = [...bench.stream(count)];
  const mbox = place.path("mbox");
  writeMbox(
    mbox,
    mails.map(({ signed }) => signed),
  );
  const calls = mails.map(({ signed }, i) => {
    const { text, block } = takeApart(signed);
    writeFileSync(place.path(`${i}`), text);
    writeFileSync(place.path(`${i}.minisig`), formatSignature(block.signature));
    return ["-V", "-q", "-P", formatPublicKeyText(block.key), "-m", `${i}`];
  });
  const taken = inTurn(bench.settings.rounds, {
    patchsig: () => {
      place.forgetTrust();
      return place.patchsig(["verify", mbox]);
    },
    minisign: () => calls.reduce((sum, args) => sum + place.time("minisign", args), 0),
  });
  report({
    row: "minisign",
    what: `verify of ${number(count)} mails, over minisign -V`,
    value: taken.minisign / taken.patchsig,
    unit: "x",
    raw: [
      `patchsig ${number(taken.patchsig)} s, ${number(count / taken.patchsig)} mails/s`,
      `minisign ${number(taken.minisign)} s, ${number(count / taken.minisign)} files/s ` +
        `(a process a file, text given)`,
    ],
  });
};
