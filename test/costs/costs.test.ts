/**
 * What a stranger can make a verifier do grows with what the stranger sends, and no faster. Counted
 * is work, not time (worker.js); what is the same at every size falls out of the differences.
 */

import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { openTrustStore } from "../../src/store/trust-store.ts";
import { LONG, some } from "../support/long.ts";
import { newFolder } from "../support/folders.ts";
import { ACCEPTED, MALLORY, mboxOf, SHAPES } from "./shapes.ts";

interface Work {
  /** Blocks of our code that were executed. */
  readonly blocks: number;
  /** Elements and bytes that built-in functions went through, and rows. */
  readonly native: number;
  /** Bytes of the database. */
  readonly stored: number;
  /** Bytes printed. */
  readonly printed: number;
}

const WORKER = join(import.meta.dirname, "worker.js");
/** At double the size the differences double. A square would make four times of them. */
const MOST = 2.7;
/** Differences below are noise: a page of the database, a table that is filled once. */
const NOISE = { blocks: 20_000, native: 60_000, stored: 100_000, printed: 20_000 };

const KINDS = { text: {}, json: { json: true }, dry: { dryRun: true } };
type Kind = keyof typeof KINDS;
type Runs = Partial<Record<Kind, readonly Work[]>>;

/** In every way, or by default in one of them in turn. */
const kindsOf = (name: string): Kind[] => {
  const all = Object.keys(KINDS) as Kind[];
  return LONG ? all : [all[NAMES.indexOf(name) % all.length]!];
};

/** The work at `from`, twice and four times that. */
function measure(names: readonly string[]): Map<string, Runs> {
  const folder = newFolder();
  const measured = new Map<string, Runs>();
  const jobs: { name: string; kind: Kind; home: string; args: object }[] = [];
  for (const name of names)
    for (const factor of [1, 2, 4]) {
      const { from, make, accepted } = SHAPES[name]!;
      const source = join(folder, `${jobs.length}.mbox`);
      writeFileSync(source, mboxOf(make(from * factor)));
      for (const kind of kindsOf(name)) {
        const home = join(folder, `${jobs.length}`);
        mkdirSync(join(home, "patchsig"), { recursive: true, mode: 0o700 });
        if (accepted === true) {
          const trust = openTrustStore({ file: join(home, "patchsig", "trust.db") });
          trust.accept(MALLORY, ACCEPTED, 1);
          trust.close();
        }
        jobs.push({ name, kind, home, args: { source: [source], ...KINDS[kind] } });
      }
    }
  const counts = count(jobs, folder);
  for (const [i, { name, kind }] of jobs.entries()) {
    const runs = measured.get(name) ?? {};
    measured.set(name, { ...runs, [kind]: [...(runs[kind] ?? []), counts[i]!] });
  }
  return measured;
}

function count(jobs: readonly object[], folder: string): Work[] {
  writeFileSync(join(folder, "jobs"), JSON.stringify(jobs));
  const output = join(folder, "counts");
  const fd = openSync(output, "w");
  const run = spawnSync(process.execPath, [WORKER, join(folder, "jobs")], {
    stdio: ["ignore", "ignore", "pipe", fd],
    maxBuffer: 1 << 28,
  });
  closeSync(fd);
  expect(run.status, run.stderr.toString().slice(-2000)).toBe(0);
  return JSON.parse(readFileSync(output, "utf8")) as Work[];
}

const NAMES = some(Object.keys(SHAPES), 3);
let measured: Map<string, Runs>;
beforeAll(() => {
  measured = measure(NAMES);
});

test.each(NAMES)("%s", (name) => {
  const grown: string[] = [];
  for (const [kind, [one, two, four]] of Object.entries(measured.get(name)!)) {
    for (const unit of Object.keys(NOISE) as (keyof Work)[]) {
      const [first, second] = [two![unit] - one![unit], four![unit] - two![unit]];
      if (second > NOISE[unit] && second > MOST * first)
        grown.push(`${kind}: ${unit} ${one![unit]}, ${two![unit]}, ${four![unit]}`);
    }
  }
  expect(grown).toEqual([]);
});
