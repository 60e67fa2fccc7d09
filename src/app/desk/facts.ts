/** What the index does not know of works: which are in the branch already, and which the user cares about. */

import { PatchsigError } from "../../errors.ts";
import type { Repository } from "../../git/repository.ts";
import type { IndexStore } from "../../store/index-store.ts";
import { worksWith } from "../../store/index-works.ts";
import type { Reporter } from "../reporter.ts";
import { findMails, readQuery } from "../search/find.ts";
import { AppliedFinder, type InBranch } from "./applied.ts";
import type { DeskFacts } from "./sections.ts";
import type { DeskWork } from "./works.ts";

/** Most mails that one of the user's queries finds. */
const MAX_FOUND = 2_000;

/** Finds these facts, and keeps them until the index or the branch changes. */
export class DeskFactReader {
  readonly #index: IndexStore;
  readonly #finder: AppliedFinder | null;
  readonly #queries: readonly string[];
  readonly #directory: string | undefined;
  #mine: Promise<ReadonlySet<number>> | null = null;

  /** @param queries `patchsig.mine`: the series that they find are in the user's paths */
  constructor(index: IndexStore, repository: Repository | null, queries: readonly string[]) {
    this.#index = index;
    this.#finder = repository === null ? null : new AppliedFinder(index, repository);
    this.#queries = queries;
    this.#directory = repository?.cwd;
  }

  /** To be called when the index has changed: the queries are run again. */
  forget(): void {
    this.#mine = null;
  }

  /** To be called from time to time: also looks whether the branch has moved. */
  async refresh(): Promise<void> {
    this.forget();
    await this.#finder?.refresh();
  }

  async read(
    works: readonly DeskWork[],
  ): Promise<Pick<DeskFacts, "applied" | "inBranch" | "mine">> {
    const inBranch = (await this.#finder?.of(works)) ?? new Map<number, InBranch>();
    const applied = [...inBranch].filter(([, { total, applied: there }]) => there === total);
    this.#mine ??= this.#find();
    return {
      inBranch,
      applied: new Set(applied.map(([work]) => work)),
      mine: await this.#mine,
    };
  }

  async #find(): Promise<ReadonlySet<number>> {
    const found = new Set<number>();
    // one by one: joined, they could exceed the limit of a query
    for (const query of this.#queries) for (const { id } of await this.#mails(query)) found.add(id);
    return new Set(worksWith(this.#index, [...found]));
  }

  /** None for a query about a section of MAINTAINERS that HEAD does not have, or no longer. */
  async #mails(query: string): Promise<readonly { readonly id: number }[]> {
    const terms = { most: MAX_FOUND, directory: this.#directory };
    try {
      return (await findMails(this.#index, query, terms)).mails;
    } catch (error) {
      if (error instanceof PatchsigError && error.code === "not-found") return [];
      throw error;
    }
  }
}

/**
 * Reads each query once. A section of MAINTAINERS that is not here is only said: `patchsig.mine` may be meant for
 * another repository.
 *
 * @param directory a folder in the repository that has MAINTAINERS
 * @throws PatchsigError "usage" for the first query that cannot be read
 */
export async function checkQueries(
  queries: readonly string[],
  directory: string | undefined,
  { say }: Pick<Reporter, "say">,
): Promise<void> {
  for (const query of queries)
    try {
      await readQuery(query, directory);
    } catch (error) {
      if (!(error instanceof PatchsigError)) throw error;
      const { code, message, hint = "git config --show-origin --get-all patchsig.mine" } = error;
      if (code !== "not-found")
        throw new PatchsigError("usage", `patchsig.mine: ${message}`, { hint });
      say(`note: patchsig.mine: ${query} finds nothing: ${message}`);
    }
}
