/** Totals of a run: counts over all patches, and by signer. */

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
  /** By signer's address, the most patches first; null for all unsigned ones. */
  bySigner(): readonly (readonly [signer: string | null, Count])[];
}

/** Most addresses of one run; any more are counted together as "". */
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
