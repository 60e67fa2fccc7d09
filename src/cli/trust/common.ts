/** What the trust commands share. */

import { PatchsigError } from "../../errors.ts";
import { openTrustStore, trustFile, type TrustStore } from "../../store/trust-store.ts";
import { formatRecord } from "../../report/json.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import { out } from "../../terminal/terminal.ts";

export const JSON_OPTION = {
  type: "boolean",
  default: false,
  describe: "one JSON record a line",
} as const;
export const IDENTITY = { type: "string", demandOption: true, describe: "a mail address" } as const;

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

export function record(type: string, values: object): void {
  out(formatRecord({ type, ...values }));
}
