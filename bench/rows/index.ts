/** The index of mails: how fast it is made, how fast it is searched, and what `tested` asks of it. */

import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { formatPublicKeyText } from "../../src/minisign/public-key.ts";
import type { Bench, Row } from "../bench.ts";
import { keyOf, type SignedMail } from "../corpus.ts";
import { writeInbox } from "../inbox.ts";
import { WebServer } from "../pages.ts";
import { megabytes, number } from "../report.ts";
import { median, type Workplace } from "../run.ts";
import { resultMailOf } from "./results.ts";

const TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const CI = "ci@example.org";

/** Patchwork 3.1.3 on SQLite, measured with 1,000 mails of the same kind. */
const PATCHWORK = "Patchwork: 86 mails a second of processor time";

export const indexRow: Row = async (bench, report) => {
  const place = bench.workplace("index");
  const count = bench.settings.full ? 100_000 : 10_000;
  const source = bench.settings.inbox ?? place.path("inbox");
  if (bench.settings.inbox === null) writeInbox(source, mailsOf(bench, count, "plain"));
  const { seconds, peak, processor } = place.costOf(indexing(source));
  const mails = bench.settings.inbox === null ? count : countIn(place, source);
  report({
    row: "index",
    what: `an index of ${number(mails)} mails`,
    value: mails / seconds,
    unit: "/s",
    goal: { atLeast: 1500 },
    raw: [`${number(seconds)} s`, `${number(processor)} s of processor time`, PATCHWORK],
  });
  if (bench.settings.inbox === null) {
    const other = bench.workplace("index-signed");
    writeInbox(other.path("inbox"), mailsOf(bench, count, "signed"));
    const signed = other.costOf(indexing(other.path("inbox")));
    report({
      row: "index",
      what: `the same, all signed`,
      value: count / signed.seconds,
      unit: "/s",
      raw: [`${number(signed.seconds)} s`, `${number(signed.processor)} s of processor time`],
    });
  }
  report({
    row: "index",
    what: "its peak memory",
    value: megabytes(peak),
    unit: "MB",
    goal: { atMost: 150 },
    raw: [],
  });
  const pages = await WebServer.start(place, source);
  await pages.settled();
  const search = await pages.time("/search?q=s%3APATCH", 20);
  pages.stop();
  report({
    row: "index",
    what: `a page of search, ${number(mails)} mails`,
    value: search,
    unit: "s",
    goal: { atMost: 0.05 },
    raw: [],
  });
};

export const testedRow: Row = (bench, report) => {
  const place = bench.workplace("tested");
  const count = bench.settings.full ? 100_000 : 10_000;
  const key = keyOf(CI);
  const file = place.path("results.mbox");
  const fd = openSync(file, "w");
  for (let i = 0; i < count; i++) {
    const mail = resultMailOf(key, i, i === 0 ? TREE : undefined);
    writeSync(
      fd,
      `From mboxrd@z Thu Jan  1 00:00:00 1970\n${mail.toString("latin1")}\n`,
      null,
      "latin1",
    );
  }
  closeSync(fd);
  place.time("git", ["init", "-q", place.folder]);
  const commit = [
    "-c",
    "user.name=a",
    "-c",
    "user.email=a@x",
    "commit",
    "-q",
    "--allow-empty",
    "-m",
    "x",
  ];
  place.time("git", commit);
  const accept = ["trust", "accept", "--result-only", CI, formatPublicKeyText(key.publicKey)];
  place.patchsig(accept);
  place.patchsig(["search", "--source", file, "-n", "1", "kind:result"]);
  rmSync(file);
  const ask = ["tested", "HEAD", "--test", "kselftest.net", "--env", "arch=x86_64"];
  const times = Array.from({ length: 4 * bench.settings.rounds }, () => place.patchsig(ask));
  report({
    row: "tested",
    what: `tested among ${number(count)} results`,
    value: median(times),
    unit: "s",
    goal: { atMost: 0.15 },
    raw: ["with the start"],
  });
};

const indexing = (source: string): string[] => ["search", "--source", source, "-n", "1", "PATCH"];

function* mailsOf(bench: Bench, count: number, form: keyof SignedMail): Generator<Buffer> {
  for (const mail of bench.stream(count)) yield mail[form];
}

function countIn(place: Workplace, repository: string): number {
  const file = place.path("count");
  const fd = openSync(file, "w");
  place.time("git", ["-C", repository, "rev-list", "--count", "HEAD"], [0], fd);
  closeSync(fd);
  return Number(place.read(file));
}
