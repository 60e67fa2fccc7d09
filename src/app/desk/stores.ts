/** What pages are made from. */

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
}
