/** Keeps a followed feed within `--max`: drops the oldest mails, but none with a signed record. */

import { join } from "node:path";
import { epochsOf } from "../../git/epochs.ts";
import { evictMails } from "../../git/feed-evict.ts";
import { folderSize } from "../../git/feed-write.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { isRecord } from "./records.ts";

/** Shares of `--max`: at FULL, mails are dropped until EMPTIED, so that there is room for a while. */
const FULL = 9 / 10;
const EMPTIED = 3 / 4;

/**
 * Drops mails if a feed is nearly full. The caller holds the feed's lock.
 *
 * @param max bytes that the feed may have
 * @param isShort true if a fetch has just run out of room: then more is dropped
 * @returns how many mails were dropped
 */
export async function makeRoom(folder: string, max: number, isShort: boolean): Promise<number> {
  const size = (): number => folderSize(join(folder, "git"));
  const target = (isShort ? 1 / 2 : EMPTIED) * max;
  if (size() <= (isShort ? target : FULL * max)) return 0;
  const verifier = createVerifier(1);
  let dropped = 0;
  for (const epoch of epochsOf(folder) ?? []) {
    const bytes = size() - target;
    if (bytes <= 0) break;
    dropped += await evictMails(epoch, { bytes }, (mail) => isRecord(mail, verifier));
  }
  return dropped;
}
