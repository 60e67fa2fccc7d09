/** The user's own trust database, in the usual place. */

import { openTrustStore, trustFile, type TrustStore } from "../../store/trust-store.ts";

/** Opens it; nothing is written in a dry run. Throws what `openTrustStore` throws. */
export function openUserTrust(dryRun: boolean): TrustStore {
  return openTrustStore({ file: trustFile(process.env), dryRun });
}
