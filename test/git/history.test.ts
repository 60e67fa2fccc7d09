/** The walk against what was put into each commit. */

import { cpSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CommitList } from "../../src/git/commit-list.ts";
import { walkHistory, type Step } from "../../src/git/history.ts";
import { Objects } from "../../src/git/objects.ts";
import { openRepository } from "../../src/git/repository.ts";
import { Guesser } from "../../src/base/guess.ts";
import type { Preimage } from "../../src/base/preimages.ts";
import { newFolder } from "../cli/support.ts";
import { git, newRepository } from "../support/repo.ts";

const EMPTY = newRepository(join(newFolder(), "r"));
const empty = openRepository(EMPTY);
const PATHS = ["a", "dir/b", "caf\u00e9"];

type Plan = readonly {
  readonly parents: readonly number[];
  readonly files: readonly { readonly path: number; readonly text: number }[];
  readonly skew: number;
}[];

/** A commit: its parents among those before it, what it writes where, and how its clock is wrong. */
const commits = fc.array(
  fc.record({
    parents: fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 3 }),
    files: fc.array(fc.record({ path: fc.nat(2), text: fc.nat(2) }), { maxLength: 2 }),
    skew: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(900) }),
  }),
  { minLength: 2, maxLength: 30 },
);

/** The names of its commits, in the order of the plan. */
function build(plan: Plan): { repository: string; names: string[] } {
  const repository = join(newFolder(), "r");
  cpSync(EMPTY, repository, { recursive: true });
  const stream = plan.map(({ files, skew }, i) => {
    const from = parentsOf(plan, i);
    return [
      `commit refs/heads/c${i}\nmark :${i + 1}\n`,
      `committer A <a@x.org> ${1_700_000_000 + 60 * i - skew} +0000\ndata 0\n`,
      ...from.map((p, k) => `${k === 0 ? "from" : "merge"} :${p + 1}\n`),
      ...files.map(({ path, text }) => `M 100644 inline ${PATHS[path]}\ndata 2\n${text}\n`),
      "\n",
    ].join("");
  });
  const marks = join(repository, "marks");
  git(repository, ["fast-import", "--quiet", `--export-marks=${marks}`], stream.join(""));
  const names: string[] = [];
  for (const line of readFileSync(marks, "utf8").trim().split("\n")) {
    const [mark = "", name = ""] = line.split(" ");
    names[Number(mark.slice(1)) - 1] = name;
  }
  return { repository, names };
}

function parentsOf(plan: Plan, i: number): number[] {
  const parents = plan[i]!.parents.map((p) => i - 1 - p);
  return [...new Set(parents.filter((p) => p >= 0))];
}

/** In the order in which a guess looks at them. */
async function walk(
  repository: string,
  tips: readonly string[],
  wanted: readonly Preimage[],
  sent: number,
): Promise<Step[]> {
  const opened = { ...(await empty), cwd: repository, toplevel: repository };
  const objects = new Objects(opened);
  const list = new CommitList(opened, tips);
  const steps: Step[] = [];
  try {
    for (const takes of [(time: number) => time <= sent, (time: number) => time > sent])
      for await (const step of walkHistory(list, objects, wanted, takes)) steps.push(step);
  } finally {
    list.close();
    objects.close();
  }
  return steps;
}

/** How many each commit holds, by the plan: a commit has its first parent's files, and its own. */
function truthOf(plan: Plan, names: readonly string[], texts: readonly number[]) {
  const trees: (number | undefined)[][] = [];
  for (const [i, { files }] of plan.entries()) {
    const [first] = parentsOf(plan, i);
    const tree = first === undefined ? [] : [...trees[first]!];
    for (const { path, text } of files) tree[path] = text;
    trees.push(tree);
  }
  const held = trees.map((tree) => texts.filter((text, path) => tree[path] === text).length);
  return new Map(held.map((n, i) => [names[i]!, n]));
}

const blobs = [0, 1, 2].map((text) =>
  git("/", ["hash-object", "--stdin"], `${text}\n`).toString().trim(),
);
const wantedOf = (texts: readonly number[]): Preimage[] =>
  texts.map((text, i) => ({
    path: Buffer.from(PATHS[i]!).toString("latin1"),
    blob: blobs[text]!.slice(0, 7),
  }));

describe("random histories, with merges, roots and wrong clocks", () => {
  const texts = fc.array(fc.nat(2), { minLength: 1, maxLength: 3 });

  test("each commit is found by its files, and a unique one is the only one", async () => {
    await fc.assert(
      fc.asyncProperty(
        commits,
        texts,
        fc.integer({ min: -5, max: 35 }),
        async (plan, texts, at) => {
          const { repository, names } = build(plan);
          const wanted = wantedOf(texts);
          const truth = truthOf(plan, names, texts);
          const sent = 1_700_000_000 + 60 * at;
          const steps = await walk(repository, names, wanted, sent);
          expect(new Map(steps.map(({ commit, matched }) => [commit, matched]))).toEqual(truth);
          expect(steps).toHaveLength(truth.size);

          const guesser = new Guesser(wanted.length, sent, null);
          let seen = 0;
          for (const step of steps) {
            seen++;
            guesser.take(step);
            if (guesser.isSettled(step.open) && !guesser.isAlone) break;
          }
          const guess = guesser.result(seen === steps.length);
          const full = [...truth.values()].filter((n) => n === wanted.length).length;
          const best = Math.max(...truth.values());
          expect(guess.matched).toBe(best);
          expect(guess.unique).toBe(full === 1);
          expect(guess.count).toBeLessThanOrEqual(
            [...truth.values()].filter((n) => n === best).length,
          );
          for (const { commit } of guess.candidates) expect(truth.get(commit)).toBe(best);
          expect(guess.candidates.length > 0).toBe(best > 0);
        },
      ),
      { numRuns: 25 },
    );
  });
});
