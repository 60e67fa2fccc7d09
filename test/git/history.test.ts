/** The walk against what git ls-tree says of each commit. */

import * as fc from "fast-check";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CommitList } from "../../src/git/commit-list.ts";
import { walkHistory, type Step } from "../../src/git/history.ts";
import { Objects } from "../../src/git/objects.ts";
import { openRepository } from "../../src/git/repository.ts";
import { Guesser } from "../../src/verify/base-guess.ts";
import type { Preimage } from "../../src/verify/preimages.ts";
import { newFolder } from "../cli/support.ts";
import { git, newRepository } from "../support/repo.ts";

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

function build(plan: Plan): string {
  const repository = newRepository(join(newFolder(), "r"));
  const stream = plan.map(({ parents, files, skew }, i) => {
    const from = [...new Set(parents.map((p) => i - 1 - p).filter((p) => p >= 0))];
    return [
      `commit refs/heads/c${i}\nmark :${i + 1}\n`,
      `committer A <a@x.org> ${1_700_000_000 + 60 * i - skew} +0000\ndata 0\n`,
      ...from.map((p, k) => `${k === 0 ? "from" : "merge"} :${p + 1}\n`),
      ...files.map(({ path, text }) => `M 100644 inline ${PATHS[path]}\ndata 2\n${text}\n`),
      "\n",
    ].join("");
  });
  git(repository, ["fast-import", "--quiet"], stream.join(""));
  return repository;
}
/** In the order in which a guess looks at them. */
async function walk(
  repository: string,
  wanted: readonly Preimage[],
  sent: number,
): Promise<Step[]> {
  const opened = await openRepository(repository);
  const objects = new Objects(opened);
  const tips = git(repository, ["for-each-ref", "--format=%(objectname)"]).toString().trim();
  const list = new CommitList(opened, tips.split("\n"));
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

/** How many each commit holds, by one git ls-tree a commit. */
function bruteForce(repository: string, wanted: readonly Preimage[]): Map<string, number> {
  const all = git(repository, ["rev-list", "--all"]).toString().trim().split("\n");
  return new Map(
    all.map((commit) => {
      const tree = git(repository, ["ls-tree", "-r", "-z", commit]).toString("latin1");
      const entries = tree.split("\0").map((entry) => entry.slice(7).split("\t"));
      const held = wanted.filter(({ path, blob }) =>
        entries.some(([object, name]) => name === path && object!.slice(5).startsWith(blob)),
      );
      return [commit, held.length];
    }),
  );
}

const blobs = [0, 1, 2].map((text) =>
  git("/", ["hash-object", "--stdin"], `${text}\n`).toString().trim(),
);
const wantedOf = (texts: readonly number[]): Preimage[] =>
  texts.map((text, i) => ({
    path: Buffer.from(PATHS[i]!).toString("latin1"),
    blob: blobs[text]!.slice(0, 7),
  }));

describe("of random histories, with merges, roots and wrong clocks", () => {
  const texts = fc.array(fc.nat(2), { minLength: 1, maxLength: 3 });

  test("each commit holds what git says, and a unique one is the only one", async () => {
    await fc.assert(
      fc.asyncProperty(
        commits,
        texts,
        fc.integer({ min: -5, max: 35 }),
        async (plan, texts, at) => {
          const repository = build(plan);
          const wanted = wantedOf(texts);
          const truth = bruteForce(repository, wanted);
          const sent = 1_700_000_000 + 60 * at;
          const steps = await walk(repository, wanted, sent);
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
