/** The same mails from a public-inbox and from an mbox, and with more than one thread. */

import { availableParallelism } from "node:os";
import type { Row } from "../bench.ts";
import { writeMbox } from "../corpus.ts";
import { writeInbox } from "../inbox.ts";
import { number } from "../report.ts";
import { inTurn, type Workplace } from "../run.ts";

/** Threads pay with many mails: starting and warming them costs as much as some thousand. */
const MANY = 20_000;

function fresh(place: Workplace, args: readonly string[]): number {
  place.forgetTrust();
  return place.patchsig(["verify", ...args]);
}

export const threadsRow: Row = (bench, report, skip) => {
  if (availableParallelism() < 2) return skip("threads: this machine has one processor");
  const place = bench.workplace("threads");
  const mbox = place.path("mbox");
  const count = bench.settings.full ? 50_000 : Math.max(MANY, bench.settings.count);
  writeMbox(mbox, signedOf(bench.stream(count)));
  const taken = inTurn(bench.settings.rounds, {
    one: () => fresh(place, ["-j1", mbox]),
    two: () => fresh(place, ["-j2", mbox]),
  });
  const rate = (seconds: number): string =>
    `${number(seconds)} s, ${number(count / seconds)} mails/s`;
  report({
    row: "threads",
    what: `verify of ${number(count)} mails on one thread, over two`,
    value: taken.one / taken.two,
    unit: "x",
    goal: { atLeast: 1.8 },
    raw: [`one ${rate(taken.one)}; two ${rate(taken.two)}`],
  });
};

export const inboxRow: Row = (bench, report) => {
  const place = bench.workplace("inbox");
  const mbox = place.path("mbox");
  const count = bench.settings.count;
  writeMbox(mbox, signedOf(bench.stream(count)));
  writeInbox(place.path("inbox"), signedOf(bench.stream(count)));
  const taken = inTurn(bench.settings.rounds, {
    mbox: () => fresh(place, ["-j1", mbox]),
    inbox: () => fresh(place, ["-j1", place.path("inbox")]),
  });
  report({
    row: "inbox",
    what: `verify of ${number(count)} mails in a public-inbox, over the same as an mbox`,
    value: taken.inbox / taken.mbox,
    unit: "x",
    raw: [`public-inbox ${number(taken.inbox)} s; mbox ${number(taken.mbox)} s`],
  });
};

function* signedOf(mails: Iterable<{ readonly signed: Buffer }>): Generator<Buffer> {
  for (const { signed } of mails) yield signed;
}
