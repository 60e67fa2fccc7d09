/** What pages are made from. */

import type { Reporter } from "../reporter.ts";
import { indexOptions, openUserIndex } from "../search/user-index.ts";
import { repositoryOrNone } from "../settings.ts";
import { openUserTrust } from "../trust/user-trust.ts";
import type { Repository } from "../../git/repository.ts";
import type { IndexStore } from "../../store/index-store.ts";
import type { TrustStore } from "../../store/trust-store.ts";
import type { PortionTerms } from "../search/judge.ts";
import type { PlaceReader } from "../sources/at-places.ts";

export interface DeskStores {
  readonly index: IndexStore;
  /** Only read: looking at a page must store nothing. */
  readonly trust: TrustStore;
  readonly terms: PortionTerms;
  /** The repository that has the bases of series; null if there is none. */
  readonly repository: Repository | null;
  readonly mailsAt: PlaceReader["mailsAt"];
  readonly portionsAt: PlaceReader["portionsAt"];
}

/** Whose pages: what another process needs to open the same. */
export interface DeskPlace {
  /** As for `openUserIndex`. */
  readonly only: readonly string[] | null;
  readonly sources: readonly string[];
  /** A folder in the repository; there may be none. */
  readonly directory: string;
}

/** Opens the user's own. @throws PatchsigError if the index, the keys or the repository cannot be opened */
export async function openDeskStores(
  { only, sources, directory }: DeskPlace,
  reporter: Reporter,
): Promise<Omit<DeskStores, "mailsAt" | "portionsAt">> {
  const index = openUserIndex(only);
  const trust = await openUserTrust(false);
  const repository = await repositoryOrNone(directory);
  const { policies, pins, devKeyrings, trailers, dkim } = await indexOptions(
    sources,
    trust,
    reporter,
  );
  // looking at a page sends no DNS query
  const still = dkim === null ? null : { ...dkim, fetchKeys: async () => {} };
  return {
    index,
    trust,
    repository,
    terms: { policies, pins, devKeyrings, trailers, dkim: still },
  };
}
