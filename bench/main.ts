/**
 * npm run bench: takes the measurements of docs/performance.md, on mails made from a repository's
 * history, with throw-away keys, in a temporary folder.
 *
 *     --repo DIR     the repository (default: a synthetic one, always the same)
 *     --count N      mails for comparing rows (default: 5000)
 *     --inbox DIR    a bare repository of a list's mails: for the rows index and follow
 *     --rounds N     rounds of repeated measurements (default: 3)
 *     --full         the sizes of the goals: takes minutes rather than seconds
 *     --only ROW     one row, or several separated by commas; or just: npm run bench -- ROW
 *     --json         one record per line
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Bench, type Row } from "./bench.ts";
import { type Figure, formatFigure, formatJson, HEADING, machine, number } from "./report.ts";
import { blocksRow } from "./rows/blocks.ts";
import { guessRow } from "./rows/guess.ts";
import { dailyRow } from "./rows/daily.ts";
import { growthRow, keysRow } from "./rows/growth.ts";
import { followRow, updateRow } from "./rows/feeds.ts";
import { indexRow, testedRow } from "./rows/index.ts";
import { hookRow } from "./rows/hook.ts";
import { memoryRow } from "./rows/memory.ts";
import { minisignRow, patattRow } from "./rows/peers.ts";
import { recordRow } from "./rows/record.ts";
import { resultsRow } from "./rows/results.ts";
import { signRow } from "./rows/sign.ts";
import { inboxRow, threadsRow } from "./rows/sources.ts";
import { startRow } from "./rows/start.ts";
import { verifyRow } from "./rows/verify.ts";
import { webRow } from "./rows/web.ts";
import { makeRepository } from "./synthetic.ts";

const ROWS: Readonly<Record<string, Row>> = {
  verify: verifyRow,
  start: startRow,
  patatt: patattRow,
  minisign: minisignRow,
  sign: signRow,
  memory: memoryRow,
  growth: growthRow,
  keys: keysRow,
  blocks: blocksRow,
  threads: threadsRow,
  inbox: inboxRow,
  hook: hookRow,
  daily: dailyRow,
  guess: guessRow,
  record: recordRow,
  results: resultsRow,
  index: indexRow,
  tested: testedRow,
  web: webRow,
  update: updateRow,
  follow: followRow,
};

/** Number of commits in the synthetic repository; with `--full`, as many as the row record checks. */
const COMMITS = 2000;
const ALL_COMMITS = 10_000;

const say = (text: string): boolean => process.stdout.write(text);

function positive(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} wants a number`);
  return value;
}

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      repo: { type: "string" },
      count: { type: "string", default: "5000" },
      rounds: { type: "string", default: "3" },
      inbox: { type: "string" },
      only: { type: "string" },
      full: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const named = [...positionals, ...(values.only?.split(",") ?? [])];
  const only = named.length === 0 ? Object.keys(ROWS) : named;
  const unknown = only.find((name) => !Object.hasOwn(ROWS, name));
  if (unknown !== undefined)
    throw new Error(`no row ${unknown}: there are ${Object.keys(ROWS).join(", ")}`);
  return {
    ...values,
    only,
    count: positive(values.count, "count"),
    rounds: positive(values.rounds, "rounds"),
  };
}

async function main(): Promise<void> {
  const { repo, count, rounds, only, full, json, inbox: list } = options();
  const inbox = list === undefined ? null : resolve(list);
  const folder = mkdtempSync(join(tmpdir(), "patchsig-bench-"));
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  process.on("exit", clean);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

  const repository =
    repo === undefined ? makeRepository(folder, full ? ALL_COMMITS : COMMITS) : resolve(repo);
  const source = repo === undefined ? "a synthetic repository" : basename(repository);
  const bench = new Bench({ repository, count, full, inbox, rounds }, folder);
  const bytes = bench.mails.reduce((sum, { signed }) => sum + signed.length, 0);
  const corpus = `${number(bench.mails.length)} mails, ${number(bytes / 1e6)} MB, of ${source}`;
  const sizes = { mails: bench.mails.length, bytes, source, rounds };
  if (json) say(`${JSON.stringify({ type: "run", machine: machine(), ...sizes })}\n`);
  else say(`${machine()}\n${corpus}; medians of ${rounds}\n\n${HEADING}\n\n`);

  const report = (figure: Figure): void => {
    say(json ? formatJson(figure) : `${formatFigure(figure)}\n`);
  };
  for (const name of only) {
    const skip = (why: string): void => {
      say(json ? `${JSON.stringify({ type: "skipped", row: name, why })}\n` : `${why}\n\n`);
    };
    await ROWS[name]!(bench, report, skip);
  }
}

await main();
