/** The building blocks alone, in this process, after a warm-up. */

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { readMail } from "../../src/mail/mailinfo.ts";
import { messages } from "../../src/mail/mbox.ts";
import { createVerifier, publicPoint, signBytes } from "../../src/minisign/ed25519.ts";
import { readDiff } from "../../src/diff/diff.ts";
import { checkMail } from "../../src/verify/check.ts";
import type { MailView } from "../../src/types.ts";
import type { Figure } from "../report.ts";
import type { Row } from "../bench.ts";
import { writeMbox } from "../corpus.ts";
import { megabytes, number } from "../report.ts";
import { median } from "../run.ts";

/** Seconds that `work` takes: the median of several runs, after two warm-up runs. */
function seconds(rounds: number, work: () => void): number {
  const taken: number[] = [];
  for (let round = -2; round < rounds; round++) {
    const began = performance.now();
    work();
    if (round >= 0) taken.push((performance.now() - began) / 1000);
  }
  return median(taken);
}

export const blocksRow: Row = (bench, report) => {
  const place = bench.workplace("blocks");
  writeMbox(
    place.path("mbox"),
    bench.mails.map(({ signed }) => signed),
  );
  const mbox = readFileSync(place.path("mbox"));
  const mails = messages(mbox).flatMap(({ bytes }) => bytes ?? []);
  const views = mails.flatMap((mail): MailView[] => {
    const read = readMail(mail);
    return read.ok ? [read.value] : [];
  });
  const { privateKey } = generateKeyPairSync("ed25519");
  const point = publicPoint(privateKey);
  const message = randomBytes(64);
  const signature = signBytes(privateKey, message);
  const verifier = createVerifier();
  const yes = { verifyStrict: () => true };
  const times = mails.length;
  const repeated = (work: () => void) => (): void => {
    for (let i = 0; i < times; i++) work();
  };

  const size = megabytes(mbox.length);
  const table: [string, number, Figure["unit"], () => void][] = [
    ["cutting an mbox into mails", size, "MB/s", () => messages(mbox)],
    ["reading a mail as git does", times, "/s", () => mails.forEach((mail) => readMail(mail))],
    ["reading its diff", times, "/s", () => views.forEach((view) => readDiff(view.patch))],
    [
      "checking a mail, all but Ed25519",
      times,
      "/s",
      () => mails.forEach((mail) => checkMail(mail, yes)),
    ],
    [
      "Ed25519, strict: verify",
      times,
      "/s",
      repeated(() => verifier.verifyStrict(point, message, signature)),
    ],
    ["Ed25519: sign", times, "/s", repeated(() => signBytes(privateKey, message))],
  ];
  for (const [what, amount, unit, work] of table) {
    const taken = seconds(bench.settings.rounds, work);
    const raw = unit === "/s" ? [`${number((1e6 * taken) / amount)} µs each`] : [];
    report({ row: "blocks", what, value: amount / taken, unit, raw });
  }
};
