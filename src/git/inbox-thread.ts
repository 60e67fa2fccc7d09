/** Single mails of a public-inbox: by the names of their blobs, or searched from the newest one on. */

import { MAX_MESSAGE_BYTES } from "../mail/limits.ts";
import { Blobs } from "./blobs.ts";
import { type Epoch, placeOf } from "./epochs.ts";
import { changes, type InboxChange } from "./inbox-log.ts";
import { refuseWaiting } from "./waiting.ts";

/** A mail that was found. */
export interface FoundBlob {
  /** `REPOSITORY:COMMIT`, or `REPOSITORY:BLOB` if only that is known. */
  readonly place: string;
  readonly blob: string;
  /** Null if it is over the size limit. */
  readonly bytes: Buffer | null;
  readonly size: number;
}

/** Mails to ask git for at a time. */
const AT_A_TIME = 64;

/** The mails of these blobs that are in the inbox, in the order of the names. */
export async function mailsOfBlobs(
  epochs: readonly Epoch[],
  names: readonly string[],
): Promise<FoundBlob[]> {
  const found = new Map<string, FoundBlob>();
  // a thread is most likely in the newest one
  for (const epoch of epochs.toReversed()) {
    const left = names.filter((name) => !found.has(name));
    if (left.length === 0) break;
    const wanted = left.map((blob) => ({ blob, place: `${epoch.repository}:${blob}` }));
    const blobs = new Blobs(placeOf(epoch), MAX_MESSAGE_BYTES);
    try {
      for await (const mail of take(blobs, wanted)) found.set(mail.blob, mail);
    } finally {
      blobs.close();
    }
  }
  return names.flatMap((name) => found.get(name) ?? []);
}

interface BlobPlace {
  readonly blob: string;
  readonly place: string;
}

/** Mails that are missing, or were purged and are empty, are left out. */
async function* take(blobs: Blobs, wanted: readonly BlobPlace[]): AsyncGenerator<FoundBlob> {
  for (let at = 0; at < wanted.length; at += AT_A_TIME) {
    const some = wanted.slice(at, at + AT_A_TIME);
    blobs.ask(some.map(({ blob }) => blob));
    for (const one of some) {
      const taken = await blobs.take();
      if (taken !== null && taken.size > 0) yield { ...one, ...taken };
    }
  }
}

/**
 * The mails of an inbox, the newest first, as long as they are taken. Mails that were deleted later are
 * left out.
 *
 * @param since seconds since the epoch: commits before it are not looked at
 */
export async function* newestFirst(
  epochs: readonly Epoch[],
  since: number | null,
): AsyncGenerator<FoundBlob> {
  const dead = new Map<string, number>();
  const range = since === null ? ["HEAD"] : [`--since=@${since}`, "HEAD"];
  for (const epoch of epochs.toReversed()) {
    refuseWaiting(epoch.repository);
    const blobs = new Blobs(placeOf(epoch), MAX_MESSAGE_BYTES);
    try {
      for await (const some of changes(epoch, range))
        yield* take(blobs, liveAmong(some, epoch, dead));
    } finally {
      blobs.close();
    }
  }
}

/** Those that no later change ended. @param dead how many of each key are, updated */
function liveAmong(
  some: readonly InboxChange[],
  { repository }: Epoch,
  dead: Map<string, number>,
): BlobPlace[] {
  return some.flatMap(({ key, ends, blob, commit }) => {
    const times = dead.get(key) ?? 0;
    const isDead = blob !== "" && times > 0;
    // in v1, a file that is changed in place ends the mail before it
    const left = times + (ends ? 1 : 0) - (isDead ? 1 : 0);
    if (left > 0) dead.set(key, left);
    else dead.delete(key);
    return blob === "" || isDead ? [] : [{ blob, place: `${repository}:${commit}` }];
  });
}
