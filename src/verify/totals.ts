/** What a run comes to: counts over all patches, and over each signer's. */

import type { PatchResult, SummaryResult } from "./result.ts";

export interface Count {
  readonly patches: number;
  readonly pass: number;
  readonly warn: number;
  readonly fail: number;
}

export interface Totals {
  add(result: PatchResult): void;
  /** Over all patches. */
  readonly all: Count;
  /** Patches with a good signature. */
  readonly signed: number;
  /** By the addresses that were signed for, who has most first; null is all that are not signed. */
  bySigner(): readonly (readonly [signer: string | null, Count])[];
}

/** Addresses of one run; those that come when they are more are counted as one, named "". */
const MAX_SIGNERS = 10_000;

export function createTotals(): Totals {
  const nothing = { patches: 0, pass: 0, warn: 0, fail: 0 };
  const all = { ...nothing };
  const signers = new Map<string | null, typeof nothing>();
  let signed = 0;

  function countOf(signer: string | null): typeof nothing {
    const name = signers.has(signer) || signers.size < MAX_SIGNERS ? signer : "";
    const found = signers.get(name) ?? { ...nothing };
    signers.set(name, found);
    return found;
  }

  return {
    add({ signature, signer, verdict }) {
      if (signature === "good") signed++;
      for (const count of [all, countOf(signature === "none" ? null : signer)]) {
        count.patches++;
        count[verdict]++;
      }
    },
    all,
    get signed() {
      return signed;
    },
    bySigner: () => [...signers].sort(([, a], [, b]) => b.patches - a.patches),
  };
}

/** As a JSON record. */
export function summaryOf(
  { all }: Totals,
  { messages, unread, passedOver }: Pick<SummaryResult, "messages" | "unread" | "passedOver">,
): SummaryResult {
  return { type: "summary", messages, ...all, unread, passedOver };
}
