/** The user's own trust database, in the usual place. */

import { openTrustStore, trustFile, type TrustStore } from "../../store/trust-store.ts";

/** Opens it; nothing is written in a dry run. Throws what `openTrustStore` throws. */
export function openUserTrust(dryRun: boolean): TrustStore {
  return openTrustStore({ file: trustFile(process.env), dryRun });
}

/** Opens it for as long as `work` takes. */
export async function withUserTrust<T>(
  dryRun: boolean,
  work: (trust: TrustStore) => T | Promise<T>,
): Promise<T> {
  const trust = openUserTrust(dryRun);
  try {
    return await work(trust);
  } finally {
    trust.close();
  }
}
