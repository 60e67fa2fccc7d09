/** Finds the threads of the index whose verdicts may have changed, because keys or settings have. */

import { createHash } from "node:crypto";
import type { IndexStore } from "../../store/index-store.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import type { TrustEvent } from "../../trust/record.ts";
import type { UpdateIndexOptions } from "./update.ts";

/** What verdicts depend on, besides the mails. */
type VerdictTerms = Pick<UpdateIndexOptions, "policies" | "pins" | "devKeyrings" | "trailers">;

/**
 * Compares keys and settings with those by which the index was judged.
 *
 * @returns the threads to judge again, and `done`: to be called when they have been, so that the next run compares
 *   with the keys and settings of now
 */
export function toJudgeAgain(
  index: IndexStore,
  trust: TrustStore,
  options: VerdictTerms,
): { readonly threads: readonly number[]; readonly done: () => void } {
  const { policies, pins, devKeyrings, trailers } = options;
  const terms = digest([policies, devKeyrings, trailers]);
  // not the sightings, which indexing itself adds
  const keys = digest([lastDecision(trust), [...pins.keys], [...pins.revoked]]);
  const isSame = index.fact("terms") === terms;
  const threads = !isSame
    ? index.patchThreads()
    : index.fact("keys") === keys
      ? []
      : threadsOfSigners(index, trust, options);
  return {
    threads,
    done() {
      index.setFact("terms", terms);
      index.setFact("keys", keys);
    },
  };
}

function digest(of: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(of)).digest("hex");
}

/** The last event other than the sighting of a key, such as a revocation; null if there is none. */
function lastDecision(trust: TrustStore): TrustEvent | null {
  for (const event of trust.log())
    if (event.to !== "first-use" && event.to !== "known") return event;
  return null;
}

/** Threads whose verdicts depend on keys: with signed mails, or unsigned ones of somebody who signs, or once did. */
function threadsOfSigners(
  index: IndexStore,
  trust: TrustStore,
  { pins }: Pick<VerdictTerms, "pins">,
): number[] {
  const signs = new Map<string, boolean>();
  const threads = new Set<number>();
  for (const { thread, person, isJudged } of index.signers()) {
    const [, address = person] = /<([^<>]*)>\s*$/.exec(person) ?? [];
    const identity = normaliseIdentity(address) ?? "";
    const has =
      signs.get(identity) ?? (pins.keys.has(identity) || trust.lookup(identity).length > 0);
    signs.set(identity, has);
    if (has || isJudged === 1) threads.add(thread);
  }
  return [...threads];
}
