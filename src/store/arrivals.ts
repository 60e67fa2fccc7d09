/** Signed patches that a dry run has seen come in (src/trust/replay.ts). */

import type { Arrival, Arrived } from "../trust/replay.ts";
import { nameOf } from "./trust-rows.ts";

/** Above every id in the database. */
export const FIRST_UNSTORED = 2 ** 52;

/** One that is not to be remembered: it comes after all that is. */
export function notYet(arrival: Arrival): Arrived {
  return { ...arrival, id: Number.MAX_SAFE_INTEGER };
}

/** What a dry run remembers of arrivals: after all that are stored. */
export class Arrivals {
  readonly #byDigest = new Map<string, Arrived>();
  readonly #byWork = new Map<string, Arrived[]>();

  find(digest: Uint8Array): Arrived | null {
    return this.#byDigest.get(nameOf(digest)) ?? null;
  }

  /** The first of this name. */
  add(arrival: Arrival): Arrived {
    const before = this.#byDigest.get(nameOf(arrival.digest));
    if (before !== undefined) return before;
    const arrived = { ...arrival, id: FIRST_UNSTORED + this.#byDigest.size };
    this.#byDigest.set(nameOf(arrival.digest), arrived);
    const versions = this.#byWork.get(nameOf(arrival.work)) ?? [];
    this.#byWork.set(nameOf(arrival.work), [...versions, arrived]);
    return arrived;
  }

  newer({ work, version, signedAt }: Arrival, id: number): Arrived | null {
    const newer = (this.#byWork.get(nameOf(work)) ?? []).filter(
      (one) => one.version > version && one.signedAt > signedAt && one.id < id,
    );
    return newer.toSorted((a, b) => b.version - a.version)[0] ?? null;
  }
}
