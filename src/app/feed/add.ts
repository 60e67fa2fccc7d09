/** Adds mails to a feed: each once, and none that is not public. */

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
  /** Where it is from, for messages. */
  readonly source: string;
  /** Whoever calls has made and signed it as a record for everybody: it needs no public list. */
  readonly record?: boolean;
}

/** Message-IDs, in the order of the mails. */
export interface AddedToFeed {
  readonly added: readonly string[];
  /** What was there, byte for byte. */
  readonly already: readonly string[];
}

/** What is sent to public lists, by `patchsig.publicLists`. */
export function publicLists(): string[] {
  return gitConfig()
    .all("patchsig.publicLists")
    .flatMap((value) => value.split(/[\s,]+/))
    .filter((list) => list !== "");
}

/**
 * Adds mails to the feed in this folder, in their order, under the lock that public-inbox takes: all, or
 * none. They can be read as soon as this returns; servers have them with `publishFeed`.
 *
 * @param say gets a line if it has to wait for another program
 * @throws PatchsigError "not-found" if there is no feed; "refused" if a mail is private or cannot stand in
 *   one; "exists" if its Message-ID is there with other bytes; nothing is written then
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
  /** Two mails with one Message-ID are both stored, as public-inbox does; else it is an error. */
  readonly both: boolean;
  readonly say: (line: string) => void;
}

/** `addToFeed`, without asking whether the mails are public: for what others have published. */
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

/** Runs `work` under the inbox's lock. */
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
    hint: "git config --add patchsig.publicLists LIST@HOST names lists that everybody can read",
  });
}

/**
 * The mail of a result that the user has signed, made to be public; not one that quotes it. A review is a reply, and
 * may quote what is private.
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
      throw new PatchsigError("exists", `the feed has ${messageId} with another content`, {
        hint: "a Message-ID names one mail for good: a new one needs its own",
      });
  }
  return { added: [...added.values()].flat(), already };
}

/** Is one of these blobs this mail, as it would be stored? */
async function hasMail(
  epochs: readonly Epoch[],
  blobs: readonly string[],
  bytes: Buffer,
): Promise<boolean> {
  if (blobs.includes(blobName(bytes, blobs[0]!.length === 64))) return true;
  // public-inbox keeps a mailbox's empty lines
  const found = await mailsOfBlobs(epochs, blobs);
  return found.some((mail) => {
    const stored = mail.bytes === null ? null : feedMail(mail.bytes, 0);
    return stored !== null && !("why" in stored) && stored.bytes.equals(bytes);
  });
}
