/** Adds mails to a feed: each once, and only mails that are public. */

import { join, resolve } from "node:path";
import { PatchsigError } from "../../errors.ts";
import { type FeedMail, feedMail, headerOf } from "../../feed/commit.ts";
import { whyPrivate } from "../../feed/public.ts";
import { createVerifier } from "../../minisign/ed25519.ts";
import { type Epoch, epochsOf } from "../../git/epochs.ts";
import { addCommits, blobName, requireInbox, writableEpoch } from "../../git/feed-write.ts";
import { mailsOfBlobs } from "../../git/inbox-thread.ts";
import { resultMessageId, resultsIn } from "../../result/mail.ts";
import { FeedIds } from "../../store/feed-ids.ts";
import { lockFile } from "../../store/flock.ts";
import { now } from "../now.ts";
import { gitConfig } from "../settings.ts";
import { isKnownAsOwn } from "../sign/own-key.ts";
import { catchUp } from "./catch-up.ts";
import { feedCommitter } from "./owner.ts";

/** A mail on its way into a feed. */
export interface MailForFeed {
  readonly bytes: Buffer;
  /** Where it comes from, for messages. */
  readonly source: string;
  /** The caller has made and signed it as a public record: it need not have gone to a public list. */
  readonly record?: boolean;
}

/** Message-IDs of the mails, in their order. */
export interface AddedToFeed {
  readonly added: readonly string[];
  /** Mails that the feed had already, byte for byte. */
  readonly already: readonly string[];
}

/** The addresses of public lists, from `patchsig.publicLists`. */
export function publicLists(): string[] {
  return gitConfig()
    .all("patchsig.publicLists")
    .flatMap((value) => value.split(/[\s,]+/))
    .filter((list) => list !== "");
}

/**
 * Adds mails to the feed in a folder, in this order, under public-inbox's lock: all of them or none. Local readers have
 * them when this returns; those of a web server, after `publishFeed`.
 *
 * @param say gets a line if another program holds the lock
 * @throws PatchsigError "not-found" if there is no feed; "refused" if a mail is private, or a feed cannot hold it;
 *   "exists" if the feed has another mail with its Message-ID. Then nothing was written
 */
export async function addToFeed(
  folder: string,
  mails: readonly MailForFeed[],
  say: (line: string) => void = () => {},
): Promise<AddedToFeed> {
  const feed = resolve(folder);
  requireInbox(feed);
  const wanted: FeedMail[] = [];
  for (const mail of mails) wanted.push(await publicMail(mail));
  return storeMails(feed, wanted, { both: false, say });
}

interface StoreTerms {
  /** Store two mails with the same Message-ID, as public-inbox does; if false, that is an error. */
  readonly both: boolean;
  readonly say: (line: string) => void;
}

/** Adds mails as `addToFeed` does, but does not ask whether they are public: for mails that others have published. */
export async function storeMails(
  feed: string,
  mails: readonly FeedMail[],
  { both, say }: StoreTerms,
): Promise<AddedToFeed> {
  return withFeed(feed, say, async (lock) => {
    const epochs = epochsOf(feed)!;
    const ids = new FeedIds(feed);
    try {
      await catchUp(epochs, ids);
      const { added, already } = await newAmong(mails, ids, epochs, both);
      if (added.length > 0) {
        const epoch = await writableEpoch(feed);
        await addCommits(epoch, added, feedCommitter(feed), lock);
        await catchUp(epochsOf(feed)!, ids);
      }
      return { added: added.map(({ messageId }) => messageId), already };
    } finally {
      ids.close();
    }
  });
}

/** Runs `work` under the feed's lock, which public-inbox takes too. `work` gets the lock file's descriptor. */
export async function withFeed<T>(
  feed: string,
  say: (line: string) => void,
  work: (lock: number) => Promise<T>,
): Promise<T> {
  const lock = await lockFile(join(feed, "inbox.lock"), () =>
    say(`waiting for another program that writes to ${feed}`),
  );
  try {
    return await work(lock.fd);
  } finally {
    lock.release();
  }
}

/** @throws PatchsigError "refused" */
async function publicMail({ bytes, source, record }: MailForFeed): Promise<FeedMail> {
  const read = feedMail(bytes, now());
  if ("why" in read) throw refusal(source, read.why);
  const why = record === true ? null : whyPrivate(bytes, publicLists());
  if (why !== null && !isOwnRecord(bytes)) throw refusal(source, why);
  return read;
}

function refusal(source: string, why: string): PatchsigError {
  return new PatchsigError("refused", `${source} is not added: ${why}`, {
    hint: "lists that all can read: git config --add patchsig.publicLists LIST@HOST",
  });
}

/**
 * True for the mail of a test result that the user signed, which is made to be public; not for a mail that merely
 * contains one. Reviews do not count: a review is a reply, and may quote what is private.
 */
function isOwnRecord(bytes: Buffer): boolean {
  const header = headerOf(bytes);
  if (header === null || header.first("bcc") !== "") return false;
  const name = header.first("message-id");
  return resultsIn(bytes, createVerifier(1)).some(
    (one) =>
      one.ok && resultMessageId(one.signed.said) === name && isKnownAsOwn(one.signed.publicKey),
  );
}

async function newAmong(
  mails: readonly FeedMail[],
  ids: FeedIds,
  epochs: readonly Epoch[],
  both: boolean,
): Promise<{ added: FeedMail[]; already: string[] }> {
  const added = new Map<string, FeedMail[]>();
  const already: string[] = [];
  for (const mail of mails) {
    const { messageId, bytes } = mail;
    const before = added.get(messageId) ?? [];
    const there = ids.blobsOf(messageId);
    const isKnown =
      before.some((one) => one.bytes.equals(bytes)) ||
      (there.length > 0 && (await hasMail(epochs, there, bytes)));
    if (isKnown) already.push(messageId);
    else if (both || before.length + there.length === 0) added.set(messageId, [...before, mail]);
    else
      throw new PatchsigError("exists", `the feed has ${messageId} with other content`, {
        hint: "a Message-ID names one mail for good: a changed mail needs a new one",
      });
  }
  return { added: [...added.values()].flat(), already };
}

/** Whether one of these blobs is this mail, as it would be stored. */
async function hasMail(
  epochs: readonly Epoch[],
  blobs: readonly string[],
  bytes: Buffer,
): Promise<boolean> {
  if (blobs.includes(blobName(bytes, blobs[0]!.length === 64))) return true;
  // public-inbox keeps empty lines at the end, which we would not
  const found = await mailsOfBlobs(epochs, blobs);
  return found.some((mail) => {
    const stored = mail.bytes === null ? null : feedMail(mail.bytes, 0);
    return stored !== null && !("why" in stored) && stored.bytes.equals(bytes);
  });
}
