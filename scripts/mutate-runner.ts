/**
 * How vitest runs a test for `npm run mutate`: once as it is, which shows the mutants that it reaches, then
 * once for each of them. Without a plan in the environment, it runs as always.
 */

import { appendFileSync, readFileSync } from "node:fs";
import { type RunnerTestCase, type RunnerTestSuite, TestRunner } from "vitest";

/** What the switched sources share with this file: see PRELUDE in mutate.ts. */
interface Switch {
  /** The mutant that is switched on; -1 for none. */
  active: number;
  /** By number: 1 for a mutant whose place was run. */
  readonly reached: Uint8Array;
  /** How often any place was run, and how often it may be. */
  calls: number;
  limit: number;
  /** Each sets a constant of a module anew. */
  readonly constants: (() => void)[];
}

/** What `mutate.ts` asks of a run. */
export interface Plan {
  /** The mutants that no test has killed. */
  readonly alive: readonly number[];
  /**
   * Mutants that a switch does not show to be reached, being in constants; with the first and the last of
   * those around it: a test that reaches one of them is run.
   */
  readonly constants: Readonly<Record<number, readonly [number, number]>>;
  /** Milliseconds of the processor: tests that take longer try none. */
  readonly longest: number;
  /** A mutant is tried by so many tests of a file at most, spread over it; null for all of them. */
  readonly most: number | null;
  /** The file that gets a line for all that comes of a mutant. */
  readonly log: string;
}

/** A test that waits for something that never comes is a test that fails. */
const LONGEST = 30_000;
/** A mutant may do so many times the work of the test as it is, and this much more. */
const FACTOR = 50;
const MORE = 200_000;

/** So many tests of a file that reach a mutant try it in any case. */
const FIRST = 5;

const path = process.env["PATCHSIG_MUTATE_PLAN"];
const plan = path === undefined ? null : (JSON.parse(readFileSync(path, "utf8")) as Plan);
const shared = globalThis as unknown as {
  $mutants?: Switch;
  $alive?: Set<number>;
  $tries?: Map<string, number>;
};
// one set for all files of tests: this module is loaded for each
const tries = (shared.$tries ??= new Map<string, number>());
const alive = (shared.$alive ??= new Set(plan?.alive));

export default class MutantRunner extends TestRunner {
  async runTask(test: RunnerTestCase): Promise<void> {
    const run = TestRunner.getTestFn(test);
    const mutants = shared.$mutants;
    if (plan === null || mutants === undefined) return run();
    const outside = takeReached(mutants);
    say(
      "outside",
      outside.filter((mutant) => !(mutant in plan.constants)),
    );
    mutants.calls = 0;
    const before = process.cpuUsage();
    try {
      await run();
    } catch (error) {
      appendFileSync(plan.log, "broken\n");
      throw error;
    }
    const { user, system } = process.cpuUsage(before);
    const took = (user + system) / 1000;
    const most = mutants.calls * FACTOR + MORE;
    const reached = takeReached(mutants);
    const rest = took > plan.longest ? [] : reached.filter((mutant) => isChosen(test, mutant));
    let isSound = rest.length === 0 || (await passes(run));
    while (isSound && rest.length > 0) {
      const mutant = rest.shift()!;
      say("try", [mutant]);
      const lives = await survives(mutants, mutant, most, run);
      // a test counts only if it still passes without the mutant
      isSound = lives || (await passes(run));
      if (!lives && isSound) alive.delete(mutant);
      say(
        !isSound || (lives && mutants.reached[mutant] === 0) ? "again" : lives ? "lived" : "killed",
        [mutant],
      );
    }
    say("again", rest);
    takeReached(mutants);
  }
}

/** Whether the test is one of the few of its file that try the mutant: the first ones, and some spread over it. */
function isChosen(test: RunnerTestCase, mutant: number): boolean {
  const name = `${test.file.id} ${mutant}`;
  const before = tries.get(name) ?? 0;
  tries.set(name, before + 1);
  const tests = testsIn(test.file);
  const step = Math.ceil(tests.length / (plan!.most ?? Infinity)) || 1;
  return before < FIRST || tests.indexOf(test) % step === mutant % step;
}

function testsIn(suite: RunnerTestSuite): RunnerTestCase[] {
  return suite.tasks.flatMap((task) => (task.type === "suite" ? testsIn(task) : [task]));
}

async function survives(
  mutants: Switch,
  mutant: number,
  limit: number,
  run: () => unknown,
): Promise<boolean> {
  const setConstants = (): void => mutants.constants.forEach((set) => set());
  mutants.active = mutant;
  setConstants();
  mutants.reached[mutant] = mutant in plan!.constants ? 1 : 0;
  Object.assign(mutants, { calls: 0, limit });
  const passed = await passes(run);
  const isEndless = mutants.calls > limit;
  Object.assign(mutants, { active: -1, limit: Infinity });
  setConstants();
  return passed && !isEndless;
}

async function passes(run: () => unknown): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      run(),
      new Promise((_, reject) => {
        timer = setTimeout(reject, LONGEST);
      }),
    ]);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

/** The mutants alive whose places were run since the last call. */
function takeReached({ reached }: Switch): number[] {
  const found = [...alive].filter((mutant) => {
    const [from, to] = plan!.constants[mutant] ?? [mutant, mutant];
    return reached.subarray(from, to + 1).includes(1);
  });
  reached.fill(0);
  return found;
}

function say(what: string, mutants: readonly number[]): void {
  if (mutants.length > 0) appendFileSync(plan!.log, `${what} ${mutants.join(" ")}\n`);
}
