/** What is known of works from elsewhere: which are in the branch already, and which the user cares about. */

import { PatchsigError } from "../../errors.ts";
import type { Repository } from "../../git/repository.ts";
import type { IndexStore } from "../../store/index-store.ts";
import { findMails } from "../search/find.ts";
import { AppliedFinder, type InBranch } from "./applied.ts";
import type { DeskFacts } from "./sections.ts";
import type { DeskWork } from "./works.ts";

/** Mails that the user's queries find. */
const MAX_FOUND = 2_000;

export class DeskFactReader {
  readonly #index: IndexStore;
  readonly #finder: AppliedFinder | null;
  readonly #queries: readonly string[];

  /** @param queries whose series are in the user's paths */
  constructor(index: IndexStore, repository: Repository | null, queries: readonly string[]) {
    this.#index = index;
    this.#finder = repository === null ? null : new AppliedFinder(index, repository);
    this.#queries = queries;
  }

  /** To be called now and then: looks whether the branch has moved. */
  async refresh(): Promise<void> {
    await this.#finder?.refresh();
  }

  async read(
    works: readonly DeskWork[],
  ): Promise<Pick<DeskFacts, "applied" | "inBranch" | "mine">> {
    const inBranch = (await this.#finder?.of(works)) ?? new Map<number, InBranch>();
    const applied = [...inBranch].filter(([, { total, applied: there }]) => there === total);
    return {
      inBranch,
      applied: new Set(applied.map(([work]) => work)),
      mine: await this.#mine(),
    };
  }

  async #mine(): Promise<ReadonlySet<number>> {
    const works = new Set<number>();
    for (const query of this.#queries) {
      const { mails } = await findMails(this.#index, query, null, MAX_FOUND);
      for (const work of this.#index.worksWith(mails.map(({ id }) => id))) works.add(work);
    }
    return works;
  }
}

/** @throws PatchsigError "usage" for the first that is no query */
export async function checkQueries(index: IndexStore, queries: readonly string[]): Promise<void> {
  for (const query of queries)
    try {
      await findMails(index, query, null, 1);
    } catch (error) {
      if (!(error instanceof PatchsigError)) throw error;
      throw new PatchsigError("usage", `patchsig.mine: ${error.message}`);
    }
}
