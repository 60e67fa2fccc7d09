/** Pages of some mails, as the tests ask for them. */

import { join } from "node:path";
import type { Hono } from "hono";
import { Desk } from "../../src/web/desk.ts";
import { createApp } from "../../src/web/server.ts";
import { Details } from "../../src/app/desk/details.ts";
import type { DeskStores } from "../../src/app/desk/stores.ts";
import { mailPortionsAt as portionsAt, mailsAt } from "../../src/app/sources/at-places.ts";
import type { DkimRun } from "../../src/app/verify/dkim.ts";
import { NO_PINS } from "../../src/trust/pins.ts";
import { DEFAULT_POLICY } from "../../src/verify/policy.ts";
import { newShelf, type Shelf, writeMbox } from "../app/search/index.ts";
import { newFolder } from "../support/folders.ts";

export function storesOf({ index, trust }: Shelf, dkim: DkimRun | null = null): DeskStores {
  const policies = { general: DEFAULT_POLICY, overrides: [] };
  const terms = { policies, pins: NO_PINS, devKeyrings: [], trailers: [], dkim };
  return { index, trust, terms, repository: null, mailsAt, portionsAt };
}

export function deskOf(shelf: Shelf, dkim: DkimRun | null = null): Desk {
  const stores = storesOf(shelf, dkim);
  return new Desk({
    ...stores,
    details: new Details(stores, false),
    facts: () => Promise.resolve({ applied: new Set(), inBranch: new Map(), mine: new Set() }),
    feeds: () => [],
    letters: () => null,
    still: false,
    state: () => ({ reading: null, unread: 0 }),
  });
}

/** @param hosts the names that it answers to; more may be added later */
export async function pagesOf(
  mails: readonly Buffer[],
  hosts: ReadonlySet<string>,
): Promise<{ readonly app: Hono; readonly shelf: Shelf }> {
  const shelf = newShelf(newFolder());
  await shelf.update([writeMbox(join(shelf.folder, "mbox"), mails)]);
  return { app: createApp(deskOf(shelf), { hosts, write: false }), shelf };
}
