/** Asks a repository about the bases of series. One for a whole run: git is started once, not per series. */

import { baseFacts, fetchCommand } from "../git/base-facts.ts";
import { Objects } from "../git/objects.ts";
import { commitDiff, commitsByPatchId, patchIds } from "../git/patch-ids.ts";
import type { Repository } from "../git/repository.ts";
import { tryDiffs } from "../git/trial.ts";
import { dependencyName, judgeBase, type Need, stateOf, type Trial } from "../verify/base-check.ts";
import type { Finding } from "../types.ts";
import { neededBefore, seriesFor } from "../verify/needs.ts";
import type { BaseCheck } from "../verify/result.ts";
import type { Subject } from "./base-subject.ts";

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

  /** @param all the series at hand, this one among them: what it needs is looked for there too */
  async check(subject: Subject, all: readonly Subject[]): Promise<Checkup> {
    const { claim } = subject;
    const commit = stateOf(claim) === null ? claim.base.commit : null;
    const facts = commit === null ? null : await baseFacts(this.#repository, this.#objects, commit);
    const dependencies = subject.dependencies.map((dependency) => ({
      id: dependencyName(dependency),
      found: seriesFor(dependency, all) !== undefined,
    }));
    const here = commit !== null && facts?.type === "commit";
    const needed = here ? await this.#prerequisites(subject, commit, all) : [];
    const prerequisites = here
      ? needed.map(({ id, diff }) => ({ id, found: diff !== null }))
      : claim.lines.prerequisites.map((id) => ({ id, found: false }));
    const trial = here
      ? await this.tryOn(subject, commit, { before: needed.flatMap((n) => n.diff ?? []), all })
      : { kind: "untried" as const, why: "the base is not here" };
    const needs = here ? [...prerequisites, ...dependencies] : dependencies;
    const hint = facts?.type === null || facts?.place.public === false;
    const fetch = hint ? await fetchCommand(this.#repository, claim.base.tree) : "";
    return { ...judgeBase(claim, facts, trial, needs, fetch), prerequisites, dependencies };
  }

  /** Whether a series applies on a commit that is here, after these diffs; if not, after what it depends on. */
  async tryOn(
    subject: Subject,
    commit: string,
    {
      before = [],
      all = [],
    }: { readonly before?: readonly Buffer[]; readonly all?: readonly Subject[] } = {},
  ): Promise<Trial> {
    const why = whyUntried(subject);
    if (why !== null) return { kind: "untried", why };
    const own = diffsOf(subject);
    const first = await tryDiffs(this.#repository, commit, [...before, ...own]);
    if (first.ok) return { kind: "applies" };
    const others = neededBefore(subject, all).flatMap(diffsOf);
    const then =
      others.length === 0
        ? first
        : await tryDiffs(this.#repository, commit, [...others, ...before, ...own]);
    if (then.ok) return { kind: "applies" };
    const patch = subject.patches[first.at - before.length];
    return { kind: "conflicts", patch: patch?.number.index ?? 0, files: first.files };
  }

  async #prerequisites(
    subject: Subject,
    commit: string,
    all: readonly Subject[],
  ): Promise<{ id: string; diff: Buffer | null }[]> {
    const ids = subject.claim.lines.prerequisites;
    if (ids.length === 0) return [];
    const diffs = all.filter((other) => other !== subject).flatMap(diffsOf);
    const atHand = await patchIds(this.#repository, diffs);
    const mails = new Map(atHand.map((id, i) => [id, diffs[i]!]));
    const rest = ids.filter((id) => !mails.has(id));
    const commits = await commitsByPatchId(this.#repository, commit, rest);
    const found: { id: string; diff: Buffer | null }[] = [];
    for (const id of ids) {
      const name = commits.get(id);
      const diff = name === undefined ? null : await commitDiff(this.#repository, name);
      found.push({ id, diff: mails.get(id) ?? diff });
    }
    return found;
  }
}

function diffsOf({ patches }: Subject): Buffer[] {
  return patches.flatMap(({ diff }) => diff?.canonical ?? []);
}

/** Why it would say nothing to apply what is here. */
function whyUntried({ result, patches }: Subject): string | null {
  if (patches.length === 0) return "there is no patch";
  if (patches.some(({ diff }) => diff === null)) return "a patch was refused";
  const numbers = patches.map(({ number }) => number.index);
  if (new Set(numbers).size < numbers.length) return "a number occurs more than once";
  return result.complete ? null : "patches are missing";
}
