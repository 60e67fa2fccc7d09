/** Which commits some others reach, by git's own walk between the two. */

import { NO_GRAPH, type NamedCommit } from "./commit-walk.ts";
import { hasCommit, type Repository } from "./repository.ts";
import { git } from "./run.ts";

/** Bytes of `git rev-list`'s output: enough for some ten million commits. */
const MAX_LIST = 1 << 29;

/**
 * Of a commit, only its name and its parents count, which its name stands for. Asked in git's order, children first, it
 * costs one walk from the first commits to the tips: what a reached commit has for parents is reached, too.
 */
export class Reached {
  readonly #cwd: string;
  readonly #tips: readonly string[];
  readonly #reached: Set<string>;
  /** What git said that the tips do not reach. */
  readonly #beyond = new Set<string>();

  /** @param tips full names of commits that are here: they reach themselves, and all their ancestors */
  constructor({ cwd }: Repository, tips: readonly string[]) {
    this.#cwd = cwd;
    this.#tips = tips;
    this.#reached = new Set(tips);
  }

  /**
   * Those of the commits that the tips reach. One call at a time.
   *
   * @param commits with the parents that are in them, not in a commit-graph
   *
   * @throws PatchsigError "git-failed" if git cannot read the history between
   */
  async of(commits: readonly NamedCommit[]): Promise<ReadonlySet<string>> {
    const unknown = this.#tips.length === 0 ? [] : commits.filter((one) => !this.#isKnown(one));
    if (unknown.length > 0) await this.#ask(unknown.map(({ name }) => name));
    return new Set(commits.filter((one) => this.#isReached(one)).map(({ name }) => name));
  }

  #isKnown(commit: NamedCommit): boolean {
    return this.#isReached(commit) || this.#beyond.has(commit.name);
  }

  #isReached({ name, parents }: NamedCommit): boolean {
    if (!this.#reached.has(name)) return false;
    for (const parent of parents) this.#reached.add(parent);
    return true;
  }

  /** git lists what the tips do not reach, and where that ends, marked with "-". */
  async #ask(names: readonly string[]): Promise<void> {
    const args = [...NO_GRAPH, "rev-list", "--boundary", "--stdin"];
    const input = [...names, ...this.#tips.map((tip) => `^${tip}`)].join("\n");
    const list = await git(args, { cwd: this.#cwd, input: `${input}\n`, maxBytes: MAX_LIST });
    for (const line of list.toString("latin1").split("\n"))
      if (line.startsWith("-")) this.#reached.add(line.slice(1));
      else if (line !== "") this.#beyond.add(line);
    for (const name of names) if (!this.#beyond.has(name)) this.#reached.add(name);
  }
}

/** Those of the names that are full names of commits here. */
export async function commitsHere(
  repository: Repository,
  names: readonly string[],
): Promise<string[]> {
  const here: string[] = [];
  for (const name of names) if (await hasCommit(repository, name)) here.push(name);
  return here;
}
