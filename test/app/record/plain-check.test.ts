/** Commits checked one after another: each as if it were alone, though git is asked for few of their files. */

import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import {
  PlainChecks,
  type PlainChange,
  plainChanges,
} from "../../../src/app/record/plain-check.ts";
import { Blobs } from "../../../src/git/blobs.ts";
import { CommitChanges, type FileChange } from "../../../src/git/commit-changes.ts";
import { openRepository } from "../../../src/git/repository.ts";
import { newFolder } from "../../support/folders.ts";
import { commit, git, newRepository } from "../../support/repo.ts";

const lines = (text: string): string => `${text.split(" ").join("\n")}\n`;
const LONG_FILE = Buffer.alloc(2 << 20, `${"x".repeat(63)}\n`).toString();
/** Each a commit; null for a file that is deleted. */
const STEPS: readonly Record<string, string | null>[] = [
  { song: lines("a b c d e f"), long: LONG_FILE },
  { song: lines("a b C d e f") },
  { song: lines("a b C d e F g"), tune: lines("la la") },
  { song: lines("0 a b C d e F g"), long: `${LONG_FILE}end\n` },
  { tune: null, song: lines("0 a b c d e F g") },
  { tune: lines("la la") },
  { song: lines("0 a b C d e F g") },
  { song: lines("0 a d e F g"), tune: lines("la la la") },
];

interface Step {
  readonly diff: Buffer;
  readonly changes: readonly FileChange[];
}

/** The commits after the first. */
async function history(): Promise<{ tree: string; steps: Step[] }> {
  const tree = newRepository(join(newFolder(), "tree"));
  const names = STEPS.map((files, i) => commit(tree, `step ${i}`, files));
  const asked = new CommitChanges(await openRepository(tree));
  asked.ask(names.map((name, i) => ({ name, parent: names[i - 1] ?? null })));
  const steps: Step[] = [];
  for (const name of names) {
    const diff = git(tree, ["show", "--format=", "--no-renames", name]);
    steps.push({ diff, changes: await asked.take() });
  }
  asked.close();
  return { tree, steps: steps.slice(1) };
}

const plainOf = (steps: readonly Step[]): PlainChange[][] =>
  steps.map(({ diff, changes }) => plainChanges(diff, changes)!);

/** All announced at once, or each before it is checked; with how many files git was asked for. */
async function checked(cwd: string, all: readonly PlainChange[][], isAtOnce: boolean) {
  const ask = vi.spyOn(Blobs.prototype, "ask").mockClear();
  const checks = new PlainChecks({ cwd }, "sha1", 64 << 20);
  const made: boolean[] = [];
  if (isAtOnce) checks.announce(all.flat());
  for (const changes of all) {
    if (!isAtOnce) checks.announce(changes);
    made.push(await checks.areMade(changes));
  }
  checks.close();
  return { made, asked: ask.mock.calls.flatMap(([names]) => names).length };
}

afterEach(() => void vi.restoreAllMocks());

test("git is asked once for what a chain of changes goes through, whatever comes first", async () => {
  const { tree, steps } = await history();
  for (const [order, asked] of [
    // the song, and the file that is too long to be kept; the tune begins as a new file
    [steps, 2],
    [steps.toReversed(), 3],
  ] as const)
    for (const isAtOnce of [true, false]) {
      const found = await checked(tree, plainOf(order), isAtOnce);
      expect(found).toEqual({ made: order.map(() => true), asked });
    }
});

test("a commit that is not its diff fails alone, and what comes after it is read", async () => {
  const { tree, steps } = await history();
  const wrong = (step: Step): Step => {
    const diff = step.diff.toString().replace(/^([-+])(?![-+])(.*)$/m, "$1$2?");
    return { ...step, diff: Buffer.from(diff) };
  };
  for (const at of steps.keys()) {
    const said = steps.map((step, i) => (i === at ? wrong(step) : step));
    for (const [order, expected] of [
      [said, steps.map((_, i) => i !== at)],
      [said.toReversed(), steps.map((_, i) => i !== at).toReversed()],
    ] as const)
      for (const isAtOnce of [true, false])
        expect((await checked(tree, plainOf(order), isAtOnce)).made).toEqual(expected);
  }
});
