/** What the trust commands share. */

import { PatchsigError } from "../../errors.ts";
import { openTrustStore, trustFile, type TrustStore } from "../../store/trust-store.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import { required } from "../../options/kinds.ts";

export const IDENTITY = required("a mail address");

export function databaseFile(): string {
  return trustFile(process.env);
}

/** Opens the database for as long as `work` takes. */
export async function withTrust<T>(
  dryRun: boolean,
  work: (trust: TrustStore) => T | Promise<T>,
): Promise<T> {
  const trust = openTrustStore({ file: databaseFile(), dryRun });
  try {
    return await work(trust);
  } finally {
    trust.close();
  }
}

export function identityOf(address: string): string {
  const identity = normaliseIdentity(address);
  if (identity !== null) return identity;
  throw new PatchsigError("usage", `${address} is not a mail address that can have a key`, {
    hint: "give the bare address, as in alice@example.org",
  });
}
