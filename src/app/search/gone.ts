/**
 * Finds the mails that a source no longer has, and that leave the index: those that a public-inbox deleted, or lost
 * when its history was rewritten; those whose files are gone from a maildir; those of an mbox that a mail program has
 * written anew.
 */

import { realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { PatchsigError } from "../../errors.ts";
import { eachBlob } from "../../git/blobs.ts";
import { type Epoch, placeOf } from "../../git/epochs.ts";
import { endedBlobs } from "../../git/inbox-log.ts";
import { emptyPlaces, livePlaces } from "../../git/public-inbox.ts";
import { gitSucceeds, gitText } from "../../git/run.ts";
import { MAX_MESSAGE_BYTES } from "../../mail/limits.ts";
import { nameOfMail } from "../../mail/message-id.ts";
import { threadHeader } from "../../mail/thread-header.ts";
import { isRewrittenMbox, mboxCursor } from "../../source/file.ts";
import { hasBothFolders, maildirPrefix, mailsIn } from "../../source/maildir.ts";
import { isDirectory } from "../../source/reading.ts";
import type { PlacedRow } from "../../store/index-sql.ts";
import type { IndexStore } from "../../store/index-store.ts";
import { followedFeed, followedFolder, isFollowed } from "../feed/followed.ts";
import { mailPortionsAt } from "../sources/at-places.ts";
import { inboxAt, inboxCursor, lostBelow } from "../sources/inbox-source.ts";
import { feedName, isFeedSource } from "../sources/sources.ts";

/** What a source no longer has, and what the index has to do about it. */
export interface Gone {
  readonly mails: readonly PlacedRow[];
  /** The history of a public-inbox was rewritten since it was read. */
  readonly rewritten: boolean;
  /** Results that had been withdrawn, and are there again. */
  readonly back: readonly PlacedRow[];
  /** Names of cursors to forget. */
  readonly cursors: readonly string[];
  /** A feed may have older mails than before: it is read from the beginning. */
  readonly refilled: boolean;
}

const NOTHING: Gone = { mails: [], rewritten: false, back: [], cursors: [], refilled: false };

/**
 * The fact by which the index notices that a followed feed dropped mails here, or got older ones: the state of its
 * contents, to be stored once the feed has been read. Null for other sources.
 */
export function contentsOf(
  source: string,
): { readonly name: string; readonly value: string } | null {
  if (!isFeedSource(source) || isUnfollowed(source)) return null;
  return { name: `contents ${source}`, value: String(followedFeed(feedName(source)).contents) };
}

/**
 * A source that cannot be read has lost nothing: what is wrong is said when its new mails are read.
 *
 * @param source its name in the index
 */
export async function goneFrom(index: IndexStore, source: string): Promise<Gone> {
  try {
    const folder = isFeedSource(source) ? followedFolder(feedName(source)) : source;
    if (isUnfollowed(source))
      return {
        ...NOTHING,
        mails: index.mailsOfSource(source),
        cursors: index.cursorsBelow(cursorPrefix(dirname(folder), basename(folder))),
      };
    if (!isDirectory(folder)) return goneFromMbox(index, source);
    const epochs = inboxAt(folder);
    if (epochs !== null)
      return await withDropped(
        index,
        source,
        epochs,
        await goneFromInbox(index, source, folder, epochs),
      );
    return hasBothFolders(folder) ? goneFromMaildir(index, folder) : NOTHING;
  } catch (error) {
    if (error instanceof PatchsigError && error.code !== "git-missing") return NOTHING;
    throw error;
  }
}

/** True for a feed that is not followed any more. */
export function isUnfollowed(source: string): boolean {
  return isFeedSource(source) && !isFollowed(feedName(source));
}

/** How the cursors of a public-inbox begin. Only the folder above has to exist: the inbox itself may be gone. */
function cursorPrefix(above: string, name: string): string {
  return `public-inbox ${join(realpathSync(above), name, "git")}/`;
}

/** Places in an mbox are offsets: once it is written anew, all its mails leave, and come in again. */
function goneFromMbox(index: IndexStore, file: string): Gone {
  if (!isRewrittenMbox(file, (name) => index.cursor(name))) return NOTHING;
  return { ...NOTHING, mails: index.mailsOfSource(file), cursors: [mboxCursor(file)] };
}

function goneFromMaildir(index: IndexStore, maildir: string): Gone {
  const lost = (rows: readonly PlacedRow[]): PlacedRow[] => {
    const files = mailsIn(maildir);
    return rows.filter(({ place }) => uniqueNames(place).every((name) => !files.has(name)));
  };
  const before = lost(index.mailsOfSource(maildir));
  // looks twice: a mail program may have renamed a file while the folder was read
  const mails = before.length === 0 ? before : lost(before);
  const prefix = maildirPrefix(maildir);
  const names = mails.flatMap(({ place }) => uniqueNames(place));
  // without its cursor, a mail that is put back counts as new
  return { ...NOTHING, mails, cursors: names.map((name) => `${prefix}${name}`) };
}

/** Names that the file of a place may have: what looks like an offset at the end may be a part of the name. */
function uniqueNames(place: string): string[] {
  const [name = ""] = basename(place).split(":2,", 1);
  return [...new Set([name, name.replace(/:\d+$/, "")])];
}

/** Adds the mails of a feed that were dropped here to save space (src/app/feed/room.ts). */
async function withDropped(
  index: IndexStore,
  source: string,
  epochs: readonly Epoch[],
  gone: Gone,
): Promise<Gone> {
  const contents = contentsOf(source);
  const before = contents === null ? null : index.fact(contents.name);
  if (contents === null || before === null || before === contents.value) return gone;
  const known = new Set(gone.mails.map(({ id }) => id));
  const others = index
    .mailsOfSource(source)
    .filter(({ id, withdrawn }) => withdrawn === 0 && !known.has(id));
  const places = others.map(({ place }) => place);
  const empty = await emptyPlaces(epochs, places);
  const dropped = others.filter(({ place }) => empty.has(place));
  return { ...gone, mails: [...gone.mails, ...dropped], refilled: true };
}

async function goneFromInbox(
  index: IndexStore,
  source: string,
  folder: string,
  epochs: readonly Epoch[],
): Promise<Gone> {
  const ended = new Map<Epoch, ReadonlySet<string>>();
  /** Cursors of mails that could not be read, and need not be tried again. */
  const forgotten: string[] = [];
  let rewritten = false;
  for (const epoch of epochs) {
    const last = index.cursor(inboxCursor(epoch));
    if (last === null) continue;
    const head = await gitText(["rev-parse", "--verify", "HEAD^{commit}"], placeOf(epoch));
    if (head === last) continue;
    const goesOn = await isBefore(epoch, last, head);
    const blobs = goesOn ? await endedBlobs(epoch, [`${last}..${head}`]) : null;
    if (blobs === null) rewritten = true;
    else ended.set(epoch, blobs);
    const lost = index.cursorsBelow(lostBelow(epoch));
    // if the history was rewritten, all mails are read anew
    forgotten.push(...lost.filter((name) => blobs?.has(index.cursor(name)!) ?? true));
  }
  const known = new Set(epochs.map(inboxCursor));
  const removed = index
    .cursorsBelow(cursorPrefix(folder, "."))
    .filter((name) => !known.has(name.replace(/:[0-9a-f]+$/, "")));
  if (!rewritten && removed.length === 0)
    return { ...NOTHING, mails: await mailsEnded(index, source, ended), cursors: forgotten };
  const live = await livePlaces(epochs);
  const all = index.mailsOfSource(source);
  return {
    ...NOTHING,
    mails: all.filter(({ place, withdrawn }) => withdrawn === 0 && !live.has(place)),
    back: all.filter(({ place, withdrawn }) => withdrawn === 1 && live.has(place)),
    rewritten,
    cursors: [...removed, ...forgotten],
  };
}

function isBefore(epoch: Epoch, commit: string, head: string): Promise<boolean> {
  return gitSucceeds(["merge-base", "--is-ancestor", commit, head], placeOf(epoch));
}

/** The mails that a public-inbox deleted: all mails of the source with the same bytes as the deleted blobs. */
async function mailsEnded(
  index: IndexStore,
  source: string,
  ended: ReadonlyMap<Epoch, ReadonlySet<string>>,
): Promise<PlacedRow[]> {
  const found: PlacedRow[] = [];
  for (const [epoch, blobs] of ended) {
    const deleted = eachBlob([...blobs], placeOf(epoch), MAX_MESSAGE_BYTES);
    for await (const [, bytes] of deleted) {
      const named = index.mailsCalled(nameOfMail(threadHeader(bytes).messageId, bytes));
      const here = new Map(
        named.filter((row) => row.source === source).map((row) => [row.place, row]),
      );
      for await (const some of mailPortionsAt([...here.values()]))
        for (const mail of some)
          if (mail.bytes?.equals(bytes) === true)
            found.push({ ...here.get(mail.source)!, withdrawn: 0 });
    }
  }
  return found;
}
