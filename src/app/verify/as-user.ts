/** Judging patches as this user does: by their key database, settings and options. */

import type { TrustStore } from "../../store/trust-store.ts";
import type { Policies } from "../../verify/policy.ts";
import { devKeyringsOf } from "../settings.ts";
import { withUserTrust } from "../trust/user-trust.ts";
import { type DkimRun, openUserDkim } from "./dkim.ts";
import { readPolicies } from "./policy.ts";

/** What options say; settings say the rest. */
export interface PolicyWishes {
  readonly require?: string | undefined;
  readonly devKeyring?: readonly string[] | undefined;
  /** DNS may be asked, whatever the settings say. */
  readonly dkim: boolean;
}

export interface UserTerms {
  readonly policies: Policies;
  readonly devKeyrings: readonly string[];
  readonly dkim: DkimRun | null;
  readonly signedOnly: boolean;
}

/**
 * Opens the user's database for as long as `work` takes.
 *
 * @param dryRun nothing is remembered
 * @throws PatchsigError "usage" for settings and options that are wrong, before anything is opened
 */
export function asUser<T>(
  wishes: PolicyWishes,
  dryRun: boolean,
  work: (store: TrustStore, terms: UserTerms) => Promise<T>,
): Promise<T> {
  const policies = readPolicies(wishes.require);
  const devKeyrings = devKeyringsOf(wishes.devKeyring);
  return withUserTrust(dryRun, async (store) => {
    const dkim = await openUserDkim(store, wishes.dkim);
    return work(store, { policies, devKeyrings, dkim, signedOnly: false });
  });
}
