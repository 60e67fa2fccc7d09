/** Arrivals of signed patches in a dry run (src/trust/replay.ts). */

import type { Arrival, Arrived } from "../trust/replay.ts";
import { digestKey } from "./trust-rows.ts";

/** Above every id in the database. */
export const FIRST_UNSTORED = 2 ** 52;

/** An arrival that is not remembered comes after all others. */
export function notYet(arrival: Arrival): Arrived {
  return { ...arrival, id: Number.MAX_SAFE_INTEGER };
}

/**
 * How many signed texts of one signer under one title are kept, here and in the database: the newest. Each
 * new one is compared with all of them.
 */
export const MAX_OF_A_WORK = 64;

/** What a dry run remembers of arrivals: after all that are stored. */
export class Arrivals {
  readonly #byDigest = new Map<string, Arrived>();
  /** By work: the same, oldest first, with their digests. */
  readonly #byWork = new Map<string, { readonly name: string; readonly arrived: Arrived }[]>();
  #next = FIRST_UNSTORED;

  find(digest: Uint8Array): Arrived | null {
    return this.#byDigest.get(digestKey(digest)) ?? null;
  }

  /** The first of this name. */
  add(arrival: Arrival): Arrived {
    const name = digestKey(arrival.digest);
    const before = this.#byDigest.get(name);
    if (before !== undefined) return before;
    const arrived = { ...arrival, id: this.#next++ };
    this.#byDigest.set(name, arrived);
    const work = digestKey(arrival.work);
    const versions = this.#byWork.get(work) ?? [];
    versions.push({ name, arrived });
    this.#byWork.set(work, versions);
    if (versions.length > MAX_OF_A_WORK) this.#byDigest.delete(versions.shift()!.name);
    return arrived;
  }

  newer({ work, version, signedAt }: Arrival, id: number): Arrived | null {
    let newest: Arrived | null = null;
    for (const { arrived } of this.#byWork.get(digestKey(work)) ?? []) {
      if (arrived.version <= version || arrived.signedAt <= signedAt || arrived.id >= id) continue;
      if (newest === null || arrived.version > newest.version) newest = arrived;
    }
    return newest;
  }
}
