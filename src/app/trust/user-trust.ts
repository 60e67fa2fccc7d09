/** The user's own trust database, in the usual place. */

import { openTrust, trustFile, type TrustStore } from "../../store/trust-store.ts";

/** Opens it; nothing is written in a dry run. Throws what `openTrust` throws. */
export function openUserTrust(dryRun: boolean): TrustStore {
  return openTrust({ file: trustFile(process.env), dryRun });
}
