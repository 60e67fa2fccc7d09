/** Brings a feed's index of Message-IDs up to date with git: other programs, such as public-inbox, write there too. */

import { threadHeader } from "../../mail/thread-header.ts";
import { MAX_MESSAGE_BYTES } from "../../mail/limits.ts";
import { eachBlob } from "../../git/blobs.ts";
import { type Epoch, placeOf } from "../../git/epochs.ts";
import { epochNumber, headOf } from "../../git/feed-write.ts";
import { changes, type InboxChange } from "../../git/inbox-log.ts";
import { gitSucceeds } from "../../git/run.ts";
import type { FeedIds, IndexedChange } from "../../store/feed-ids.ts";

/** Commits that are indexed in one transaction. */
const AT_A_TIME = 256;

/** The caller holds the feed's lock. */
export async function catchUp(epochs: readonly Epoch[], ids: FeedIds): Promise<void> {
  for (const epoch of epochs) {
    const last = ids.headOf(epochNumber(epoch));
    if (last !== null && !(await isBefore(epoch, last))) {
      // the history was rewritten, as by public-inbox-purge
      ids.clear();
      return catchUp(epochs, ids);
    }
  }
  for (const epoch of epochs) await catchUpEpoch(epoch, ids);
}

async function isBefore(epoch: Epoch, commit: string): Promise<boolean> {
  const head = await headOf(epoch);
  if (head === commit) return true;
  return gitSucceeds(["merge-base", "--is-ancestor", commit, head ?? commit], placeOf(epoch));
}

async function catchUpEpoch(epoch: Epoch, ids: FeedIds): Promise<void> {
  const head = await headOf(epoch);
  const last = ids.headOf(epochNumber(epoch));
  if (head === null || head === last) return;
  const range = ["--reverse", last === null ? head : `${last}..${head}`];
  let some: InboxChange[] = [];
  for await (const more of changes(epoch, range)) {
    some.push(...more);
    for (; some.length > AT_A_TIME; some = some.slice(AT_A_TIME))
      await take(epoch, some.slice(0, AT_A_TIME), null, ids);
  }
  await take(epoch, some, head, ids);
}

/** @param head the epoch's newest commit if these are the last changes; null if more follow */
async function take(
  epoch: Epoch,
  some: readonly InboxChange[],
  head: string | null,
  ids: FeedIds,
): Promise<void> {
  const blobs = some.flatMap(({ blob }) => (blob === "" ? [] : [blob]));
  const added: IndexedChange[] = [];
  for await (const [blob, bytes] of eachBlob(blobs, placeOf(epoch), MAX_MESSAGE_BYTES)) {
    const { messageId } = threadHeader(bytes);
    if (messageId !== "") added.push({ messageId, blob });
  }
  const deleted = some.flatMap(({ ends, key }) => (ends ? [key] : []));
  ids.move(epochNumber(epoch), head ?? some.at(-1)!.commit, added, deleted);
}
