/** Checks the bases of series in a repository. One for a whole run, so that git is started only once. */

import { baseFacts, fetchCommand } from "../../git/base-facts.ts";
import { Objects } from "../../git/objects.ts";
import { commitDiff, commitsByPatchId, gitPatchIds, patchIds } from "../../git/patch-ids.ts";
import { isObjectName, type Repository } from "../../git/repository.ts";
import { diffsByOwnId, treesOf, tryDiffs } from "../../git/trial.ts";
import { dependencyName, judgeBase, type Need, stateOf, type Trial } from "../../base/check.ts";
import type { Finding } from "../../findings.ts";
import { neededBefore, seriesFor } from "../../base/needs.ts";
import type { BaseCheck } from "../../base/result.ts";
import { shortName } from "../../primitives/object-name.ts";
import type { SeriesBase } from "./series-base.ts";

export interface Checkup {
  readonly check: BaseCheck;
  readonly findings: readonly Finding[];
  readonly prerequisites: readonly Need[];
  readonly dependencies: readonly Need[];
}

export class BaseChecker {
  readonly #repository: Repository;
  readonly #objects: Objects;

  constructor(repository: Repository) {
    this.#repository = repository;
    this.#objects = new Objects(repository);
  }

  close(): void {
    this.#objects.close();
  }

  /** @param all the given series, with this one: its prerequisites are searched there too */
  async check(series: SeriesBase, all: readonly SeriesBase[]): Promise<Checkup> {
    const { claim } = series;
    const commit = stateOf(claim) === null ? claim.base.commit : null;
    const facts = commit === null ? null : await baseFacts(this.#repository, this.#objects, commit);
    const dependencies = series.dependencies.map((dependency) => ({
      id: dependencyName(dependency),
      found: seriesFor(dependency, all) !== undefined,
    }));
    const here = commit !== null && facts?.type === "commit";
    const needed = here ? await this.#prerequisites(series, commit, all) : [];
    const prerequisites = here
      ? needed.map(({ id, diff }) => ({ id, found: diff !== null }))
      : claim.lines.prerequisites.map((id) => ({ id, found: false }));
    const trial = here
      ? await this.tryOn(series, commit, { before: needed.flatMap((n) => n.diff ?? []), all })
      : { kind: "untried" as const, why: "the base is not here" };
    const needs = here ? [...prerequisites, ...dependencies] : dependencies;
    const hint = facts?.type === null || facts?.place.public === false;
    const fetch = hint ? await fetchCommand(this.#repository, claim.base.tree) : "";
    return { ...judgeBase(claim, facts, trial, needs, fetch), prerequisites, dependencies };
  }

  /**
   * The tree that a series makes of a commit, after its prerequisites and what it depends on.
   *
   * @param commit by its full name; null if none is known
   * @param all the given series, with this one
   * @returns or why there is none
   */
  async treeOn(
    series: SeriesBase,
    commit: string | null,
    all: readonly SeriesBase[],
  ): Promise<{ readonly tree: string } | { readonly tree: null; readonly why: string }> {
    const none = (why: string): { tree: null; why: string } => ({ tree: null, why });
    if (commit === null) return none("no base is known");
    const why = whyUntried(series);
    if (why !== null) return none(why);
    const [info] = isObjectName(this.#repository, commit) ? await this.#objects.look([commit]) : [];
    if (info?.type !== "commit") return none(`the base ${shortName(commit)} is not here`);
    const needed = await this.#prerequisites(series, commit, all);
    if (needed.some(({ diff }) => diff === null)) return none("a prerequisite is not here");
    const before = needed.flatMap(({ diff }) => diff ?? []);
    const own = diffsOf(series);
    const others = neededBefore(series, all).flatMap(diffsOf);
    for (const first of others.length === 0 ? [before] : [before, [...others, ...before]]) {
      const diffs = [...first, ...own];
      const trees = await treesOf(this.#repository, commit, diffs);
      if (trees.length === diffs.length) return { tree: trees.at(-1)! };
    }
    return none(`it does not apply on ${shortName(commit)}`);
  }

  /** Whether a series applies on a commit after these diffs; if not, after its dependencies. */
  async tryOn(
    series: SeriesBase,
    commit: string,
    {
      before = [],
      all = [],
    }: { readonly before?: readonly Buffer[]; readonly all?: readonly SeriesBase[] } = {},
  ): Promise<Trial> {
    const why = whyUntried(series);
    if (why !== null) return { kind: "untried", why };
    const own = diffsOf(series);
    const first = await tryDiffs(this.#repository, commit, [...before, ...own]);
    if (first.ok) return { kind: "applies" };
    const others = neededBefore(series, all).flatMap(diffsOf);
    const then =
      others.length === 0
        ? first
        : await tryDiffs(this.#repository, commit, [...others, ...before, ...own]);
    if (then.ok) return { kind: "applies" };
    const patch = series.patches[first.at - before.length];
    return { kind: "conflicts", patch: patch?.number.index ?? 0, files: first.files };
  }

  async #prerequisites(
    series: SeriesBase,
    commit: string,
    all: readonly SeriesBase[],
  ): Promise<{ id: string; diff: Buffer | null }[]> {
    const ids = series.claim.lines.prerequisites;
    if (ids.length === 0) return [];
    const found = await this.#mailsById(
      commit,
      all.filter((other) => other !== series),
    );
    // an empty patch is never missing
    for (const id of ids) if (/^0+$/.test(id)) found.set(id, Buffer.alloc(0));
    const missing = (): string[] => ids.filter((id) => !found.has(id));
    for (const [id, name] of await commitsByPatchId(this.#repository, commit, missing()))
      found.set(id, await commitDiff(this.#repository, name));
    const others = all.filter((other) => other !== series).flatMap(diffsOf);
    const remade = await diffsByOwnId(this.#repository, commit, others, missing());
    for (const [id, diff] of remade) found.set(id, diff);
    return ids.map((id) => ({ id, diff: found.get(id) ?? null }));
  }

  /** The diffs of these series by the patch-ids of git and other tools. */
  async #mailsById(commit: string, all: readonly SeriesBase[]): Promise<Map<string, Buffer>> {
    const diffs = all.flatMap(({ patches }) => patches.flatMap(({ diff }) => diff ?? []));
    const texts = diffs.map(({ canonical }) => canonical);
    const trees = diffs.map(() => commit);
    const found = new Map<string, Buffer>();
    for (const ids of [
      await patchIds(this.#repository, texts),
      await gitPatchIds(this.#repository, diffs, trees),
    ])
      for (const [i, id] of ids.entries()) if (id !== null) found.set(id, texts[i]!);
    return found;
  }
}

function diffsOf({ patches }: SeriesBase): Buffer[] {
  return patches.flatMap(({ diff }) => diff?.canonical ?? []);
}

/** Why trying the patches that are here would prove nothing. */
function whyUntried({ outline, patches }: SeriesBase): string | null {
  if (patches.length === 0) return "there is no patch";
  if (patches.some(({ diff }) => diff === null)) return "a patch was refused";
  const numbers = patches.map(({ number }) => number.index);
  if (new Set(numbers).size < numbers.length) return "a number occurs more than once";
  return outline.complete ? null : "patches are missing";
}
