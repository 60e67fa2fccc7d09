/** Which threads of the index are to be judged again: verdicts depend on keys and settings, and those change. */

import { createHash } from "node:crypto";
import type { IndexStore } from "../../store/index-store.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import type { TrustEvent } from "../../trust/record.ts";
import type { UpdateIndexOptions } from "./update.ts";

/** Whatever verdicts depend on besides the mails. */
type VerdictTerms = Pick<UpdateIndexOptions, "policies" | "pins" | "devKeyrings" | "trailers">;

/** @returns also what notes that they were judged by what is known and wanted now */
export function toJudgeAgain(
  index: IndexStore,
  trust: TrustStore,
  options: VerdictTerms,
): { readonly threads: readonly number[]; readonly done: () => void } {
  const { policies, pins, devKeyrings, trailers } = options;
  const terms = digest([policies, devKeyrings, trailers]);
  // not what indexing itself remembers
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

/** The last event that is more than a key which was seen (once more); null if there is none. */
function lastDecision(trust: TrustStore): TrustEvent | null {
  for (const event of trust.log())
    if (event.to !== "first-use" && event.to !== "known") return event;
  return null;
}

/** With what is signed, or what is not and is from somebody who signs, or did when it was judged. */
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
