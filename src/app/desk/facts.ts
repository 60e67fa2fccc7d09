/** What is known of works from elsewhere: which are in the branch already, and which the user cares about. */

import { PatchsigError } from "../../errors.ts";
import { readBlobs } from "../../git/blobs.ts";
import { readNotes } from "../../git/notes.ts";
import type { Repository } from "../../git/repository.ts";
import { parseRecords } from "../../record/parse.ts";
import type { IndexStore } from "../../store/index-store.ts";
import { findMails } from "../search/find.ts";
import type { DeskFacts } from "./sections.ts";
import type { DeskWork } from "./works.ts";

const MAX_NOTE = 1 << 20;
/** Mails that the user's queries find. */
const MAX_FOUND = 2_000;

/** Remembers what it read: notes and the index are asked again only when they have changed. */
export class DeskFactReader {
  readonly #index: IndexStore;
  readonly #repository: Repository | null;
  readonly #queries: readonly string[];
  /** Message-IDs by the blob of their note. */
  readonly #byNote = new Map<string, readonly string[]>();

  /** @param queries whose series are in the user's paths */
  constructor(index: IndexStore, repository: Repository | null, queries: readonly string[]) {
    this.#index = index;
    this.#repository = repository;
    this.#queries = queries;
  }

  async read(works: readonly DeskWork[]): Promise<Pick<DeskFacts, "applied" | "mine">> {
    const messageIds = await this.#applied();
    const applied = works.filter(({ versions }) =>
      versions.some((one) => one.messageIds.some((id) => messageIds.has(id))),
    );
    return { applied: new Set(applied.map(({ work }) => work)), mine: await this.#mine() };
  }

  /** Of mails that `am` made commits of. */
  async #applied(): Promise<ReadonlySet<string>> {
    if (this.#repository === null) return new Set();
    const notes = [...(await readNotes(this.#repository)).values()];
    const unknown = notes.filter((blob) => !this.#byNote.has(blob));
    const { cwd } = this.#repository;
    for (const [blob, bytes] of await readBlobs(unknown, { cwd }, MAX_NOTE))
      this.#byNote.set(
        blob,
        parseRecords(bytes).records.map(({ messageId }) => messageId),
      );
    return new Set(notes.flatMap((blob) => this.#byNote.get(blob) ?? []));
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
