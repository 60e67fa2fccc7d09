/**
 * npm run mutate -- ROOM [FILE…] [--near]: changes one place of src/ROOM at a time, in a copy, and looks
 * whether a test fails (docs/testing.md). FILE is a part of a path, for the places of few files. With --near, the tests that start
 * the program are not asked.
 *
 * All mutants are compiled into one copy, each behind a switch: the tests are loaded once, and each is run
 * once for every mutant that it reaches (mutate-runner.ts). A mutant that a test reaches only while
 * it is loaded, such as a changed constant, gets a process of its own.
 *
 * Exit status 0 if all were killed, 1 if some survived, 2 if the tests fail as it is.
 */

import { spawn } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Mutant, switched } from "./mutants.ts";
import type { Plan } from "./mutate-runner.ts";

const ROOT = process.cwd();

interface Room {
  /** Those that are quick, in groups: what the first group leaves, the next one is asked. */
  readonly near: readonly (readonly string[])[];
  /** Those that start the program, or git often: they are asked of what survives the others. */
  readonly slow: readonly string[];
}

const named = (folder: string, names: readonly string[]): string[] =>
  names.map((name) => `test/${folder}/${name}.test.ts`);

/** They check whole mails, and so reach most of what verification does. */
const WHOLE_MAILS = [
  ...named("verify", ["attacks", "refused", "transport", "wrapped"]),
  "test/vectors.test.ts",
];

/**
 * By room: the tests that are to notice. Rooms of the core, and what judges: what
 * writes files, or starts programs, is not let loose with its conditions negated.
 */
const ROOMS: Readonly<Record<string, Room>> = {
  "app/apply/choose.ts": { near: [["test/app/apply"]], slow: ["test/cli/am.test.ts"] },
  "app/verify": {
    near: [["test/app/verify"], ["test/trust/attacks.test.ts"]],
    slow: ["test/cli/verify.test.ts", "test/cli/series.test.ts"],
  },
  dkim: { near: [["test/dkim", "test/app/verify/dkim.test.ts"]], slow: [] },
  minisign: { near: [["test/minisign"], ["test/vectors.test.ts"]], slow: [] },
  patch: {
    near: [["test/patch"], ["test/git/patch-ids.test.ts"], WHOLE_MAILS],
    slow: ["test/verify", "test/cli/sign.test.ts"],
  },
  report: { near: [["test/report"]], slow: ["test/cli/verify.test.ts", "test/cli/base"] },
  series: { near: [["test/series"]], slow: ["test/cli/series.test.ts", "test/cli/am.test.ts"] },
  trust: {
    near: [
      named("trust", [
        "arrivals",
        "decide",
        "identity",
        "keyring",
        "lookalike",
        "memory",
        "pins",
        "ruling",
      ]),
      named("trust", ["statement", "table"]),
    ],
    slow: ["test/trust", "test/store/trust-store.test.ts", "test/cli/own-keyring.test.ts"],
  },
  verify: {
    near: [
      [
        ...named("verify", [
          "added-trailers",
          "author",
          "base-disagrees",
          "carrier",
          "check",
          "commit",
          "duties",
          "judge",
        ]),
        ...named("verify", ["numbers", "outline", "plain-am-effects", "policy", "series-mails"]),
        ...named("verify", ["statements", "totals", "whitespace"]),
        "test/app/verify",
        "test/report",
        "test/devsig",
        "test/dkim",
      ],
      WHOLE_MAILS,
    ],
    slow: ["test/verify", "test/trust", "test/cli/series.test.ts", "test/cli/verify.test.ts"],
  },
};

/** Milliseconds of the processor: tests that take longer are asked in a process of their own only. */
const LONGEST_TEST = 500;
/** Of a file in a later group, so many tests at most are asked of a mutant. */
const MOST_TESTS = 25;
/** A process of its own takes no longer than this (milliseconds), or its mutant never ends. */
const LONGEST = 600_000;
/** A process that says nothing for so long (milliseconds) hangs in the mutant that it tries. */
const SILENCE = 60_000;

/** How vitest runs in the copy: one file after the other, in one process. */
const CONFIG = `export default {
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/environment.ts"],
    runner: "./scripts/mutate-runner.ts",
    isolate: false,
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
};`;

/** Everything but what git and npm keep, with the mutants switched off; packages are shared. */
function copyOf(root: string, sources: ReadonlyMap<string, string>): string {
  const copy = mkdtempSync(join(tmpdir(), "patchsig-mutate-"));
  for (const name of readdirSync(root))
    if (![".git", "node_modules"].includes(name))
      cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
  writeFileSync(join(copy, "vitest.config.ts"), CONFIG);
  for (const [file, source] of sources) writeFileSync(join(copy, file), source);
  return copy;
}

/** Runs a tool in the copy. False if it fails, or if it `hangs`, asked each second, which ends it. */
function run(
  copy: string,
  [tool, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
  hangs: () => boolean = () => false,
): Promise<boolean> {
  const child = spawn(join(copy, "node_modules/.bin", tool), args, {
    cwd: copy,
    // whatever is negated, the user's own keys are elsewhere
    env: { ...process.env, HOME: copy, XDG_DATA_HOME: copy, XDG_CONFIG_HOME: copy, ...env },
    stdio: "ignore",
    detached: true,
  });
  const timer = setInterval(() => {
    if (hangs()) process.kill(-child.pid!, "SIGKILL");
  }, 1000);
  return new Promise((resolve) => {
    child.on("close", (status) => {
      clearInterval(timer);
      resolve(status === 0);
    });
  });
}

/** What is known of the mutants, by number. */
interface Known {
  readonly mutants: readonly Mutant[];
  readonly alive: Set<number>;
  /** A test ran with the mutant switched on. */
  readonly tried: Set<number>;
}

/**
 * Runs the tests once, each for every mutant that it reaches; again if one hangs, without that. False if a test fails
 * as it is.
 *
 * @param again gets what ran while something was loaded, or in a test that cannot be run twice: another process must ask
 */
async function tryTogether(
  copy: string,
  tests: readonly string[],
  known: Known,
  again: Set<number>,
  most: number,
): Promise<boolean> {
  const { alive, mutants } = known;
  const log = join(copy, "mutants.log");
  const path = join(copy, "mutants.json");
  const lines = (): string[][] =>
    readFileSync(log, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => line.split(" "));
  const isTrying = (): boolean => lines().at(-1)![0] === "try";
  for (;;) {
    const plan: Plan = {
      alive: [...alive],
      constants: usesOf(mutants),
      longest: LONGEST_TEST,
      most,
      log,
    };
    writeFileSync(path, JSON.stringify(plan));
    writeFileSync(log, "");
    const hangs = (): boolean => Date.now() - statSync(log).mtimeMs > SILENCE && isTrying();
    const ended = await run(
      copy,
      ["vitest", "run", ...tests],
      { PATCHSIG_MUTATE_PLAN: path },
      hangs,
    );
    if (!ended && lines().some(([what]) => what === "" || what === "broken")) return false;
    for (const [what = "", ...numbers] of lines())
      for (const number of numbers.map(Number)) {
        if (what === "killed") alive.delete(number);
        if (what === "lived") known.tried.add(number);
        if (what === "again" || what === "outside") again.add(number);
      }
    if (!isTrying()) return true;
    alive.delete(Number(lines().at(-1)![1]));
  }
}

/**
 * By the number of a mutant in a constant: the mutants, from and to, whose places show that it may be used:
 * those of its file, or all if there are none.
 */
function usesOf(mutants: readonly Mutant[]): Plan["constants"] {
  const uses = [...mutants.entries()].flatMap(([number, { file, isConstant }]) => {
    if (!isConstant) return [];
    const isHere = (other: Mutant): boolean => other.file === file;
    if (mutants.every((other) => !isHere(other) || other.isConstant))
      return [[number, [0, mutants.length - 1]]] as const;
    return [[number, [mutants.findIndex(isHere), mutants.findLastIndex(isHere)]]] as const;
  });
  return Object.fromEntries(uses);
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

function sourcesOf(room: string, parts: readonly string[]): string[] {
  const path = join("src", room);
  const names = path.endsWith(".ts")
    ? [path]
    : readdirSync(join(ROOT, path), { recursive: true, encoding: "utf8" }).map((name) =>
        join(path, name),
      );
  return names
    .filter((name) => name.endsWith(".ts") && parts.some((part) => name.includes(part)))
    .sort();
}

async function tryAll(copy: string, { near, slow }: Room, known: Known): Promise<boolean> {
  const { mutants, alive } = known;
  const isGood = (tests: readonly string[], mutant?: number): Promise<boolean> => {
    const env = mutant === undefined ? {} : { PATCHSIG_MUTANT: `${mutant}` };
    const until = Date.now() + LONGEST;
    return run(copy, ["vitest", "run", ...tests, "--bail", "1"], env, () => Date.now() > until);
  };
  /** Asks these tests, a process each, of what is alive until the user interrupts that. */
  const askAlone = async (tests: readonly string[], which: (one: number) => boolean) => {
    for (const mutant of [...alive].filter(which))
      if (!interrupted && !(await isGood(tests, mutant))) alive.delete(mutant);
  };
  const again = near.map(() => new Set<number>());
  for (const [i, tests] of near.entries()) {
    const most = i === 0 ? Infinity : MOST_TESTS;
    if (!(await tryTogether(copy, tests, known, again[i]!, most))) return false;
  }
  // a test that reads a constant need not reach anything around it
  for (const [i, tests] of near.entries())
    await askAlone(tests, (one) => again[i]!.has(one) || mutants[one]!.isConstant);
  if (slow.length === 0 || interrupted) return true;
  if (!(await run(copy, ["rolldown", "-c"])) || !(await isGood(slow))) return false;
  await askAlone(slow, () => true);
  return true;
}

/** By Ctrl-C: what is known so far is printed, and no more is asked. */
let interrupted = false;
process.once("SIGINT", () => {
  interrupted = true;
});

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { near: { type: "boolean", default: false } },
  });
  const [name = "", ...parts] = positionals;
  const room = ROOMS[name];
  if (room === undefined) {
    say(`usage: npm run mutate -- ROOM [FILE…] [--near]; of ${Object.keys(ROOMS).join(", ")}`);
    return 2;
  }
  const mutants: Mutant[] = [];
  const sources = new Map(
    sourcesOf(name, parts.length === 0 ? [""] : parts).map((file) => [
      file,
      switched(file, readFileSync(join(ROOT, file), "utf8"), mutants),
    ]),
  );
  const alive = new Set(mutants.keys());
  const known = { mutants, alive, tried: new Set<number>() };
  const copy = copyOf(ROOT, sources);
  try {
    if (!(await tryAll(copy, values.near ? { ...room, slow: [] } : room, known))) {
      say("the tests fail as it is");
      return 2;
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
  for (const number of alive)
    say(`${known.tried.has(number) ? "SURVIVED   " : "NOT REACHED"} ${mutants[number]!.name}`);
  const unreached = [...alive].filter((number) => !known.tried.has(number)).length;
  say(
    `${name}: ${mutants.length} places, ${mutants.length - alive.size} killed, ${alive.size - unreached} survived, ${unreached} not reached`,
  );
  if (interrupted) say("interrupted: some were not asked of every test");
  return alive.size === 0 ? 0 : 1;
}

process.exitCode = await main();
