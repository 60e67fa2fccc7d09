/** The index of mails: how fast it is made, the pages that it makes, and what `tested` asks of it. */

import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { formatPublicKeyText } from "../../src/minisign/public-key.ts";
import type { Bench, Row } from "../bench.ts";
import { keyOf } from "../corpus.ts";
import { writeInbox } from "../inbox.ts";
import { megabytes, number } from "../report.ts";
import { median, type Workplace } from "../run.ts";
import { resultMailOf } from "./results.ts";

const TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const CI = "ci@example.org";

/** Patchwork 3.1.3 on SQLite, measured with 1,000 mails of the same kind. */
const PATCHWORK =
  "Patchwork: 86 mails a second of processor time; its list page takes 61 to 230 ms";

export const indexRow: Row = async (bench, report) => {
  const place = bench.workplace("index");
  const count = bench.settings.full ? 100_000 : 10_000;
  const source = bench.settings.inbox ?? place.path("inbox");
  if (bench.settings.inbox === null) writeInbox(source, signedOf(bench, count));
  const began = performance.now();
  const peak = place.peakOf(["search", "--source", source, "-n", "1", "PATCH"]);
  const seconds = (performance.now() - began) / 1000;
  const mails = bench.settings.inbox === null ? count : countIn(place, source);
  report({
    row: "index",
    what: `an index of ${number(mails)} mails`,
    value: mails / seconds,
    unit: "/s",
    goal: { atLeast: 1500 },
    raw: [`${number(seconds)} s`, PATCHWORK],
  });
  report({
    row: "index",
    what: "its peak memory",
    value: megabytes(peak),
    unit: "MB",
    goal: { atMost: 150 },
    raw: [],
  });
  for (const [page, name] of [
    ["/", "the morning page"],
    ["/list", "the list's months"],
    ["/search?q=s%3APATCH", "a page of search"],
  ] as const) {
    const { times } = await pageTimes(place, source, page, 20);
    const value = median(times);
    report({
      row: "index",
      what: `${name}, ${number(mails)} mails`,
      value,
      unit: "s",
      goal: { atMost: 0.05 },
      raw: [],
    });
  }
  const small = bench.workplace("index-first");
  const few = small.path("inbox");
  writeInbox(few, signedOf(bench, 1_000));
  const { first } = await pageTimes(small, few, "/", 0);
  report({
    row: "index",
    what: "the first page after the start, 1,000 new mails",
    value: first,
    unit: "s",
    goal: { atMost: 2 },
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

function* signedOf(bench: Bench, count: number): Generator<Buffer> {
  for (const { signed } of bench.stream(count)) yield signed;
}

function countIn(place: Workplace, repository: string): number {
  const file = place.path("count");
  const fd = openSync(file, "w");
  place.time("git", ["-C", repository, "rev-list", "--count", "HEAD"], [0], fd);
  closeSync(fd);
  return Number(place.read(file));
}

/** Seconds: until the first page came after the start, and of later ones. */
async function pageTimes(
  place: Workplace,
  source: string,
  page: string,
  rounds: number,
): Promise<{ readonly first: number; readonly times: readonly number[] }> {
  const began = performance.now();
  const program = place.start(["web", "--port", "0", source]);
  try {
    const [address = ""] = await new Promise<string[]>((resolve) => {
      createInterface({ input: program.stdout! }).once("line", (line) => resolve([line]));
    });
    const get = async (): Promise<void> => {
      const answer = await fetch(new URL(page, address));
      if (!answer.ok) throw new Error(`${page}: ${answer.status}`);
      await answer.text();
    };
    await get();
    const first = (performance.now() - began) / 1000;
    const times: number[] = [];
    // what is new is looked for first
    if (rounds > 0) await new Promise((resolve) => setTimeout(resolve, 3000));
    for (let i = 0; i < rounds; i++) {
      const start = performance.now();
      await get();
      times.push((performance.now() - start) / 1000);
    }
    return { first, times };
  } finally {
    program.kill();
  }
}
