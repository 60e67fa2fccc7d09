/**
 * What a public-inbox no longer holds: after a purge, or when the owner of a feed takes mails back, its history is
 * another one. Those mails leave the index, so that a result which was withdrawn counts no more.
 */

import { type Epoch, placeOf } from "../../git/epochs.ts";
import { gitLines, gitSucceeds } from "../../git/run.ts";
import type { PlacedRow } from "../../store/index-sql.ts";
import type { IndexStore } from "../../store/index-store.ts";
import { isDirectory } from "../../source/reading.ts";
import { followedFolder } from "../feed/followed.ts";
import { inboxAt, inboxCursor } from "../sources/inbox-source.ts";
import { feedName, isFeedSource } from "../sources/sources.ts";

/** @param source as it is indexed */
export async function rewrittenAway(index: IndexStore, source: string): Promise<PlacedRow[]> {
  const folder = folderOfSource(source);
  const gone: PlacedRow[] = [];
  for (const epoch of folder === null ? [] : (inboxAt(folder) ?? [])) {
    const last = index.cursor(inboxCursor(epoch));
    if (last === null || (await isInHistory(epoch, last))) continue;
    const left = new Set(await gitLines(["rev-list", "HEAD", "--"], placeOf(epoch)));
    const before = index.mailsOfRepository(source, epoch.repository);
    gone.push(...before.filter(({ place }) => !left.has(place.slice(place.lastIndexOf(":") + 1))));
  }
  return gone;
}

function folderOfSource(source: string): string | null {
  if (isFeedSource(source)) return followedFolder(feedName(source));
  return isDirectory(source) ? source : null;
}

function isInHistory(epoch: Epoch, commit: string): Promise<boolean> {
  return gitSucceeds(["merge-base", "--is-ancestor", commit, "HEAD"], placeOf(epoch));
}
