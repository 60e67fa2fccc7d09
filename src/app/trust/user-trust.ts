/** The user's own trust database, in the usual place. */

import { trustFile } from "../../store/place.ts";
import { openTrustStore, type TrustStore } from "../../store/trust-store.ts";

/** Opens it; nothing is written in a dry run. Throws what `openTrustStore` throws. */
export async function openUserTrust(dryRun: boolean): Promise<TrustStore> {
  return openTrustStore({ file: trustFile(process.env), dryRun });
}

/** Opens it for as long as `work` takes. */
export async function withUserTrust<T>(
  dryRun: boolean,
  work: (trust: TrustStore) => T | Promise<T>,
): Promise<T> {
  const trust = await openUserTrust(dryRun);
  try {
    return await work(trust);
  } finally {
    trust.close();
  }
}
