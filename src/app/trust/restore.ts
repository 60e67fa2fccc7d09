/** Replaces the trust database by a copy. */

import { PatchsigError } from "../../errors.ts";
import { restore } from "../../store/backup.ts";
import { openTrustStore } from "../../store/trust-store.ts";
import type { KeyRecord } from "../../trust/record.ts";

export interface Restored {
  /** Where the old database is now; null if there was none. */
  readonly kept: string | null;
  /** Keys that are revoked in that one, and not in the copy. */
  readonly comeBack: readonly KeyRecord[];
}

/**
 * @param stamp ends the name of the database that is kept
 * @throws PatchsigError: that of store/backup.ts
 */
export function restoreDatabase(file: string, copy: string, stamp: string): Restored {
  const kept = restore(file, copy, stamp);
  return { kept, comeBack: kept === null ? [] : comeBack(kept, file) };
}

/** Keys that are revoked in one database but not in the other. */
function comeBack(before: string, now: string): KeyRecord[] {
  try {
    const still = new Set(revokedIn(now).map(({ publicKey }) => publicKey));
    return revokedIn(before).filter(({ publicKey }) => !still.has(publicKey));
  } catch (error) {
    // damaged, which may be why it was replaced
    if (error instanceof PatchsigError) return [];
    throw error;
  }
}

function revokedIn(file: string): KeyRecord[] {
  const trust = openTrustStore({ file, dryRun: true });
  try {
    return [...trust.list()].filter(({ state }) => state === "revoked");
  } finally {
    trust.close();
  }
}
