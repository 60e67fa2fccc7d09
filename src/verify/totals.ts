/** Totals of a run: counts over all patches, and by signer. */

import type { Verdict } from "../types.ts";
import { isOnlyUnsigned, type PatchResult, type SummaryResult } from "./result.ts";

/** Each patch counts once: as unsigned, if that is all there is to say of it, else by its verdict. */
export interface Count extends Readonly<Record<Verdict | "unsigned", number>> {
  readonly patches: number;
}

export interface Totals {
  add(result: PatchResult): void;
  /** Over all patches. */
  readonly all: Count;
  /** How many patches have which verdict, the unsigned ones included. */
  readonly verdicts: Readonly<Record<Verdict, number>>;
  /** Patches with a good signature. */
  readonly signed: number;
  /** By signer's address, the most patches first; null for all unsigned ones. */
  bySigner(): readonly (readonly [signer: string | null, Count])[];
}

/** Most addresses of one run; any more are counted together as "". */
const MAX_SIGNERS = 10_000;

export function createTotals(): Totals {
  const none = { pass: 0, warn: 0, fail: 0 };
  const nothing = { patches: 0, ...none, unsigned: 0 };
  const all = { ...nothing };
  const verdicts = { ...none };
  const signers = new Map<string | null, typeof nothing>();
  let signed = 0;

  function countOf(signer: string | null): typeof nothing {
    const name = signers.has(signer) || signers.size < MAX_SIGNERS ? signer : "";
    const found = signers.get(name) ?? { ...nothing };
    signers.set(name, found);
    return found;
  }

  return {
    add(result) {
      const { signature, signer, verdict } = result;
      const as = isOnlyUnsigned(result) ? "unsigned" : verdict;
      if (signature === "good") signed++;
      verdicts[verdict]++;
      for (const count of [all, countOf(signature === "none" ? null : signer)]) {
        count.patches++;
        count[as]++;
      }
    },
    all,
    verdicts,
    get signed() {
      return signed;
    },
    bySigner: () => [...signers].sort(([, a], [, b]) => b.patches - a.patches),
  };
}

/** As a JSON record. */
export function summaryOf(
  { all, verdicts }: Totals,
  { messages, unread, passedOver }: Pick<SummaryResult, "messages" | "unread" | "passedOver">,
): SummaryResult {
  const { patches, unsigned } = all;
  return { type: "summary", messages, patches, ...verdicts, unsigned, unread, passedOver };
}
