/** Counts how many of the wanted blobs each commit holds, in one running git. */

import type { CommitMatch } from "../base/guess.ts";
import type { Preimage } from "../base/preimages.ts";
import type { ListedCommit, CommitList } from "./commit-list.ts";
import type { ObjectInfo, Objects } from "./objects.ts";

export interface Step extends CommitMatch {
  /** A commit still to come is known to hold all blobs. */
  readonly open: boolean;
}

/**
 * Commits of a list, in its order; asks git no further than the caller reads.
 *
 * @param wanted at least one; a blob may be abbreviated
 * @param takes which commits to look at, by committer date; the others cost little
 */
export async function* walkHistory(
  list: CommitList,
  objects: Objects,
  wanted: readonly Preimage[],
  takes: (time: number) => boolean = () => true,
): AsyncGenerator<Step> {
  const counter = new BlobCounter(objects, wanted);
  const known = new Map<string, number>();
  let full = 0;
  for await (const slice of inSlices(list, takes)) {
    // parents too: the search goes on while one still to come holds all
    const near = new Set(slice.flatMap(({ commit, parents }) => [commit, ...parents]));
    const fresh = [...near].filter((commit) => !known.has(commit));
    const counts = await counter.count(fresh);
    for (const [i, commit] of fresh.entries()) {
      known.set(commit, counts[i]!);
      if (counts[i] === wanted.length) full++;
    }
    for (const { commit, time, parents } of slice) {
      const matched = known.get(commit)!;
      if (matched === wanted.length) full--;
      yield { commit, time, parents, matched, open: full > 0 };
    }
  }
}

/** Small ones first: an answer is often near the top. */
async function* inSlices(
  list: CommitList,
  takes: (time: number) => boolean,
): AsyncGenerator<readonly ListedCommit[]> {
  let size = 32;
  let slice: ListedCommit[] = [];
  for (let place = 0; ; place++) {
    const one = await list.at(place);
    if (one !== undefined && takes(one.time)) slice.push(one);
    if (slice.length < size && one !== undefined) continue;
    if (slice.length > 0) yield slice;
    if (one === undefined) return;
    slice = [];
    size = Math.min(size * 2, 1024);
  }
}

/** A wanted blob, and the folders on the way to it. */
interface WantedBlob {
  readonly steps: readonly string[];
  readonly blob: string;
}

class BlobCounter {
  readonly #objects: Objects;
  readonly #targets: readonly WantedBlob[];
  /** Entries of folders by name: most commits share most of their folders. */
  readonly #inFolders = new Map<string, ObjectInfo | null>();

  constructor(objects: Objects, wanted: readonly Preimage[]) {
    this.#objects = objects;
    this.#targets = wanted.map(({ path, blob }) => ({ steps: path.split("/"), blob }));
  }

  /** How many of the blobs each of these commits holds. */
  async count(commits: readonly string[]): Promise<number[]> {
    let places = commits.flatMap((commit, of) =>
      this.#targets.map((target) => ({ of, target, object: commit })),
    );
    const counts = commits.map(() => 0);
    for (let depth = 0; places.length > 0; depth++) {
      const name = ({ object, target }: (typeof places)[number]): string =>
        `${object}:${target.steps[depth]}`;
      const found = await this.#look(places.map(name), depth > 0);
      places = places.flatMap((place) => {
        const info = found.get(name(place)) ?? null;
        const isLast = depth + 1 === place.target.steps.length;
        if (!isLast) return info?.type === "tree" ? { ...place, object: info.name } : [];
        if (info?.type === "blob" && info.name.startsWith(place.target.blob)) counts[place.of]!++;
        return [];
      });
    }
    return counts;
  }

  async #look(
    names: readonly string[],
    keep: boolean,
  ): Promise<ReadonlyMap<string, ObjectInfo | null>> {
    const found = keep ? this.#inFolders : new Map<string, ObjectInfo | null>();
    const asked = [...new Set(names)].filter((name) => !found.has(name));
    const objects = await this.#objects.look(asked);
    for (const [i, name] of asked.entries()) found.set(name, objects[i] ?? null);
    return found;
  }
}
