/** Which commits a tip reaches: against git's own merge-base, whatever is in the way of its parents. */

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { walkCommits } from "../../src/git/commit-walk.ts";
import { commitsHere, Reached } from "../../src/git/reached.ts";
import { openRepository } from "../../src/git/repository.ts";
import { newFolder } from "../support/folders.ts";
import { lieInGraph } from "../support/commit-graph.ts";
import { startsOf } from "../support/git-starts.ts";
import { commit, git, newRepository } from "../support/repo.ts";

/** The names that are found to be reached, asked some at a time in the order in which git lists them, or as named. */
async function reachedFrom(
  tips: readonly string[],
  words: readonly string[],
  { cwd, named = false, size = 4 }: { cwd: string; named?: boolean; size?: number },
): Promise<string[]> {
  const repository = await openRepository(cwd);
  const reached = new Reached(repository, tips);
  const found: string[] = [];
  const walk = { named, most: null, noGraph: true };
  for await (const batch of walkCommits(repository, words, walk))
    for (let at = 0; at < batch.length; at += size)
      found.push(...(await reached.of(batch.slice(at, at + size))));
  return found;
}

/** Each commit: which of those before it are its parents, and how its clock is wrong. */
const history = fc.array(
  fc.record({
    parents: fc.uniqueArray(fc.nat(6), { maxLength: 3 }),
    skew: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { arbitrary: fc.integer(), weight: 1 },
    ),
  }),
  { minLength: 2, maxLength: 40 },
);

type Plan = readonly { readonly parents: readonly number[]; readonly skew: number }[];

const parentsOf = (plan: Plan, i: number): number[] =>
  plan[i]!.parents.flatMap((back) => (i - 1 - back >= 0 ? [i - 1 - back] : []));

/** Its names, in the order of the plan. */
function build(cwd: string, plan: Plan): string[] {
  const stream = plan.map(({ skew }, i) => {
    const lines = parentsOf(plan, i).map((p, k) => `${k === 0 ? "from" : "merge"} :${p + 1}\n`);
    const time = 1_700_000_000 + 60 * i + (skew % 1_000_000);
    const head = `reset refs/heads/c${i}\ncommit refs/heads/c${i}\nmark :${i + 1}\n`;
    return `${head}committer A <a@x.org> ${time} +0000\ndata 3\nc${i % 10}\n${lines.join("")}\n`;
  });
  const marks = join(cwd, "marks");
  git(cwd, ["fast-import", "--quiet", "--force", `--export-marks=${marks}`], stream.join(""));
  const names = readFileSync(marks, "utf8").trim().split("\n");
  const byMark = new Map(names.map((line) => line.split(" ") as [string, string]));
  return plan.map((_, i) => byMark.get(`:${i + 1}`)!);
}

test("in any history, with any clocks, in any order", async () => {
  const cwd = newRepository(join(newFolder(), "r"));
  await fc.assert(
    fc.asyncProperty(history, fc.nat(), fc.nat(), fc.boolean(), async (plan, a, b, named) => {
      const names = build(cwd, plan);
      const tips = [names[a % names.length]!, names[b % names.length]!];
      const want = new Set(
        git(cwd, ["rev-list", ...tips])
          .toString()
          .trim()
          .split("\n"),
      );
      const words = named ? names : [...new Set(names)].slice(-3);
      const all = named
        ? names
        : git(cwd, ["rev-list", ...words])
            .toString()
            .trim()
            .split("\n");
      const found = await reachedFrom(tips, words, { cwd, named });
      expect(found.toSorted()).toEqual([...new Set(all)].filter((n) => want.has(n)).toSorted());
    }),
    { numRuns: 25 },
  );
}, 60_000);

const LINE = Array.from({ length: 10 }, () => ({ parents: [0], skew: 0 }));

describe("a line of ten commits", () => {
  let cwd: string;
  let names: string[];
  beforeEach(() => {
    cwd = newRepository(join(newFolder(), "r"));
    names = build(cwd, LINE);
    git(cwd, ["update-ref", "refs/heads/main", names[9]!]);
  });

  const below = (i: number): string[] => names.slice(0, i + 1).toReversed();

  test("git is asked once for a whole walk, and not at all without tips", async () => {
    const counted = async (tips: string[], size: number): Promise<number> => {
      const starts = await startsOf(() => reachedFrom(tips, ["main"], { cwd, size }));
      return starts.filter((word) => word === "rev-list").length;
    };
    for (const size of [1, 3, 10]) expect(await counted([names[4]!], size)).toBe(2);
    expect(await counted([], 3)).toBe(1);
  });

  test("grafts, replace refs and refs that are named like commits change nothing", async () => {
    // each says that the last one is an ancestor of the fifth
    mkdirSync(join(cwd, ".git/info"), { recursive: true });
    writeFileSync(join(cwd, ".git/info/grafts"), `${names[4]} ${names[9]}\n`);
    expect(await reachedFrom([names[4]!], ["main"], { cwd })).toEqual(below(4));
    rmSync(join(cwd, ".git/info/grafts"));
    git(cwd, ["replace", "-f", names[4]!, names[9]!]);
    expect(await reachedFrom([names[4]!], [names[9]!], { cwd })).toEqual(below(4));
    git(cwd, ["update-ref", `refs/heads/${names[4]}`, names[9]!]);
    git(cwd, ["update-ref", `refs/tags/${names[4]}`, names[9]!]);
    expect(await reachedFrom([names[4]!], [names[9]!], { cwd })).toEqual(below(4));
  });

  test("a commit-graph that lies is not believed", async () => {
    // the third, c2, is on a branch of its own
    const plan = Array.from({ length: 8 }, (_, i) => ({ parents: [i === 3 ? 1 : 0], skew: 0 }));
    const c = build(cwd, plan);
    lieInGraph(cwd, c[4]!, c[2]!);
    expect(git(cwd, ["rev-list", `${c[5]}..${c[2]}`]).toString()).toBe("");
    for (const size of [1, 4])
      expect(await reachedFrom([c[5]!], [c[5]!, c[2]!], { cwd, size })).toEqual(
        [5, 4, 3, 1, 0].map((i) => c[i]),
      );
  });

  test("a shallow clone: less is reached, never more", async () => {
    const clone = join(newFolder(), "clone");
    git(cwd, ["clone", "-q", "--depth=5", `file://${cwd}`, clone]);
    expect(await reachedFrom([names[7]!], ["HEAD"], { cwd: clone })).toEqual(
      names.slice(5, 8).toReversed(),
    );
    const repository = await openRepository(clone);
    expect(await commitsHere(repository, [names[2]!, names[6]!])).toEqual([names[6]]);
    writeFileSync(join(cwd, ".git/shallow"), `${names[3]}\n`);
    expect(await reachedFrom([names[4]!], ["main"], { cwd })).toEqual(below(4).slice(0, 2));
  });

  test("the name of an annotated tag is its commit's, a file's is none", async () => {
    git(cwd, ["tag", "-a", "-m", "v1", "v1", names[2]!]);
    const tag = git(cwd, ["rev-parse", "v1"]).toString().trim();
    const blob = git(cwd, ["hash-object", "-w", "--stdin"], "x").toString().trim();
    const repository = await openRepository(cwd);
    expect(await commitsHere(repository, [tag, blob, "main", names[2]!.slice(0, 12)])).toEqual([
      tag,
    ]);
    expect(await reachedFrom([tag], ["main"], { cwd })).toEqual(below(2));
  });

  test("a history that git cannot read is an error, not an answer", async () => {
    const packs = join(cwd, ".git/objects/pack");
    for (const pack of readdirSync(packs).filter((name) => name.endsWith(".pack"))) {
      const bytes = readFileSync(join(packs, pack));
      for (const name of readdirSync(packs)) rmSync(join(packs, name));
      git(cwd, ["unpack-objects", "-q"], bytes);
    }
    rmSync(join(cwd, ".git/objects", names[5]!.slice(0, 2), names[5]!.slice(2)));
    const reached = new Reached(await openRepository(cwd), [names[2]!]);
    await expect(reached.of([{ name: names[9]!, parents: [names[8]!] }])).rejects.toThrow(
      /git rev-list: .*Could not read/i,
    );
  });
});

test("a fork that joined later is reached; one that did not is not", async () => {
  const cwd = newRepository(join(newFolder(), "r"));
  const start = commit(cwd, "start", { a: "a\n" });
  git(cwd, ["checkout", "-q", "-b", "side"]);
  const side = commit(cwd, "side", { b: "b\n" });
  git(cwd, ["checkout", "-q", "main"]);
  const since = commit(cwd, "main", { a: "A\n" });
  git(cwd, ["merge", "-q", "--no-ff", "-m", "join", "side"]);
  expect(await reachedFrom([since], ["HEAD"], { cwd, size: 1 })).toEqual([since, start]);
  const joined = git(cwd, ["rev-parse", "HEAD"]).toString().trim();
  expect(await reachedFrom([joined], [side], { cwd })).toEqual([side, start]);
});
