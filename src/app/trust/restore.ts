/** Backs up the user's trust database, wherever it is, and replaces it by a copy. */

import { PatchsigError } from "../../errors.ts";
import { backUp, restore } from "../../store/backup.ts";
import { trustFile } from "../../store/place.ts";
import { openTrustStore, type TrustStore } from "../../store/trust-store.ts";
import type { KeyRecord } from "../../trust/record.ts";
import { openUserTrust, teamDatabase } from "./user-trust.ts";

/** Writes a consistent copy, even while others write. Throws what `backUp` and `backUpTeam` throw. */
export async function backUpDatabase(target: string): Promise<void> {
  const url = teamDatabase();
  if (url === null) return backUp(trustFile(process.env), target);
  const { backUpTeam } = await import("../../store/postgres/copy.ts");
  return backUpTeam({ url }, target);
}

export interface Restored {
  /** What the old database has become; null if there was none. */
  readonly kept: string | null;
  /** Keys that are revoked in that one, and not in the copy. */
  readonly comeBack: readonly KeyRecord[];
}

/**
 * @param stamp ends the name of the database that is kept
 * @throws PatchsigError that of store/backup.ts, and of `connectPostgres`
 */
export async function restoreDatabase(copy: string, stamp: string): Promise<Restored> {
  const kept = await replaceBy(copy, stamp);
  return { kept, comeBack: kept === null ? [] : await comeBack(kept) };
}

async function replaceBy(copy: string, stamp: string): Promise<string | null> {
  const file = trustFile(process.env);
  const url = teamDatabase();
  if (url === null) return restore(file, copy, stamp);
  const { restoreTeam } = await import("../../store/postgres/copy.ts");
  const kept = `${file}.before-${stamp}`;
  return restoreTeam({ url }, copy, kept) ? kept : null;
}

/** Keys that are revoked in the old database but not in the present one. */
async function comeBack(before: string): Promise<KeyRecord[]> {
  try {
    const still = new Set(revokedIn(await openUserTrust(true)).map(({ publicKey }) => publicKey));
    const old = openTrustStore({ file: before, dryRun: true });
    return revokedIn(old).filter(({ publicKey }) => !still.has(publicKey));
  } catch (error) {
    // damaged, which may be why it was replaced
    if (error instanceof PatchsigError) return [];
    throw error;
  }
}

/** And closes it. */
function revokedIn(trust: TrustStore): KeyRecord[] {
  try {
    return [...trust.list()].filter(({ state }) => state === "revoked");
  } finally {
    trust.close();
  }
}
