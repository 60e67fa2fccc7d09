/** What the trust commands share. */

import { teamDatabase } from "../../app/trust/user-trust.ts";
import { PatchsigError } from "../../errors.ts";
import { trustFile } from "../../store/place.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import { required } from "../../options/kinds.ts";

export const IDENTITY = required("a mail address");

/** The database's file, or its URL if a team shares it. */
export function databasePlace(): string {
  return teamDatabase() ?? trustFile(process.env);
}

export function identityOf(address: string): string {
  const identity = normaliseIdentity(address);
  if (identity !== null) return identity;
  throw new PatchsigError("usage", `${address} is not a mail address that can have a key`, {
    hint: "give the bare address, as in alice@example.org",
  });
}
