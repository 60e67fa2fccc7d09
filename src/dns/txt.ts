/** TXT records from DNS: asked for by name, with bounds, and by nobody else. */

import { Resolver } from "node:dns/promises";
import { PatchsigError } from "../errors.ts";

/** The TXT records of a name, none if it has none; null if DNS did not answer. */
export type LookUpTxt = (name: string) => Promise<readonly string[] | null>;

const TIMEOUT_MS = 2000;
const TRIES = 2;
/** The name is not there, has no such record, or cannot be one. */
const NO_RECORD: ReadonlySet<unknown> = new Set(["ENOTFOUND", "ENODATA", "EBADNAME"]);

/**
 * @param server the name server to ask, an address with or without a port; null for the system's
 * @throws PatchsigError "usage" if it is no address
 */
export function openTxtLookUp(server: string | null): LookUpTxt {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (server !== null) useServer(resolver, server);
  return async (name) => {
    try {
      const records = await resolver.resolveTxt(name);
      return records.map((chunks) => chunks.join(""));
    } catch (error) {
      return NO_RECORD.has((error as NodeJS.ErrnoException).code) ? [] : null;
    }
  };
}

function useServer(resolver: Resolver, server: string): void {
  try {
    resolver.setServers([server]);
  } catch {
    throw new PatchsigError("usage", `patchsig.dnsServer is "${server}", which is no address`, {
      hint: "as in 192.0.2.53 or [2001:db8::53]:5353",
    });
  }
}
