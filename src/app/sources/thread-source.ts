/**
 * A Message-ID as a source: its thread, from where `patchsig.source` says that mails are. A public-inbox
 * with an index is asked for it; one without is searched from its newest mail on; a maildir or mbox is
 * read.
 */

import { PatchsigError } from "../../errors.ts";
import { newestFirst, mailsOfBlobs } from "../../git/inbox-thread.ts";
import type { Epoch } from "../../git/epochs.ts";
import { threadHeader } from "../../mail/thread-header.ts";
import { parseDate } from "../../mail/date.ts";
import { glimpse } from "../../mail/glimpse.ts";
import { DAY } from "../../primitives/time.ts";
import { ThreadFinder } from "../../series/thread-finder.ts";
import { readSource } from "../../source/file.ts";
import {
  isReadFailure,
  type SourceItem,
  type SourceItems,
  type SourceMail,
} from "../../source/item.ts";
import { isDirectory } from "../../source/reading.ts";
import { isUrl, shownUrl } from "../../source/url.ts";
import { indexedThread } from "../../store/inbox-index.ts";
import { gitConfig, placesOf } from "../settings.ts";
import { inboxAt } from "./inbox-source.ts";

/** Mails of a thread. */
const MAX_THREAD = 5_000;
/** Mails of an inbox without an index, before the search for a thread is given up. */
const MAX_SEARCHED = 100_000;
/** The same for the rest of a thread that was found: what it refers to may have been sent elsewhere. */
const MAX_REST = 20_000;

/**
 * The thread of this mail, each place's part oldest first.
 *
 * @param say gets what was not looked at
 * @throws PatchsigError "usage" if no place is configured
 */
export async function* openThread(id: string, say: (line: string) => void): SourceItems {
  const places = placesToSearch(id);
  const parts = new Map<string, ThreadPart>();
  let ids: readonly string[] = [id];
  let oldest: number | null = null;
  // what one place has may lead to more in those before it
  for (let round = 0; round < MAX_ROUNDS; round++)
    for (const place of places) {
      if (parts.get(place)?.asked === ids.length) continue;
      const part: ThreadPart = await partIn(place, ids, oldest, say);
      parts.set(place, part);
      oldest = oldestOf(mailsOf(part), oldest);
      ids = [...new Set([...ids, ...part.ids])];
      part.asked = ids.length;
    }
  const all = [...parts.values()];
  const mails = all.flatMap(mailsOf);
  yield mails;
  if (mails.length > 0) return;
  // a place that cannot be read matters only if the thread may be there
  const failures = all.flatMap(({ items }) => items);
  yield failures.length > 0 ? failures : [{ source: id, error: notFound(id) }];
}

const MAX_ROUNDS = 3;

function mailsOf({ items }: ThreadPart): SourceMail[] {
  return items.filter((item): item is SourceMail => !isReadFailure(item));
}

function placesToSearch(id: string): string[] {
  const url = gitConfig().all("patchsig.source").find(isUrl);
  if (url !== undefined)
    throw new PatchsigError("usage", `patchsig.source: ${shownUrl(url)} cannot be searched`, {
      hint: "name a public-inbox, a maildir or an mbox",
    });
  const places = placesOf("patchsig.source").map(({ name }) => name);
  if (places.length > 0) return [...new Set(places)];
  throw new PatchsigError(
    "usage",
    `${id}: no such file, and patchsig.source names no place for mails`,
    {
      hint: "a mail folder: git config --global --add patchsig.source FOLDER",
    },
  );
}

function notFound(id: string): PatchsigError {
  return new PatchsigError("not-found", `${id} is in no place that patchsig.source names`, {
    hint: "fetch first; git config --get-all patchsig.source lists the places",
  });
}

interface ThreadPart {
  readonly items: readonly SourceItem[];
  /** The Message-IDs of the thread as far as it is known. */
  readonly ids: readonly string[];
  /** How many were known when the place was searched. */
  asked?: number;
}

/** @param oldest of the thread's mails, seconds since the epoch; null if none is known */
async function partIn(
  place: string,
  ids: readonly string[],
  oldest: number | null,
  say: (line: string) => void,
): Promise<ThreadPart> {
  try {
    const epochs = isDirectory(place) ? inboxAt(place) : null;
    if (epochs === null) return await inFiles(place, ids);
    return (await byIndex(place, epochs, ids)) ?? (await bySearch(place, epochs, ids, oldest, say));
  } catch (error) {
    if (!(error instanceof PatchsigError)) throw error;
    return { items: [{ source: place, error }], ids };
  }
}

/** Null without an index. */
async function byIndex(
  folder: string,
  epochs: readonly Epoch[],
  ids: readonly string[],
): Promise<ThreadPart | null> {
  const all = new Map<string, string>();
  for (const id of ids.slice(0, MAX_ASKED)) {
    const mails = indexedThread(folder, id, MAX_THREAD);
    if (mails === null) return null;
    for (const { blob, messageId } of mails) all.set(blob, messageId);
    if (all.size >= MAX_THREAD) break;
  }
  const blobs = await mailsOfBlobs(epochs, [...all.keys()]);
  const items = blobs.map(({ place, bytes, size }) => ({ source: place, bytes, size }));
  const more = items.flatMap(({ bytes }) => namesIn(bytes));
  return { items, ids: [...new Set([...ids, ...more])] };
}

/** Message-IDs to ask an index for: those of a thread mostly lead to the same one. */
const MAX_ASKED = 100;

function namesIn(bytes: Buffer | null): string[] {
  if (bytes === null) return [];
  const { messageId, references } = threadHeader(bytes);
  return [messageId, ...references].filter((id) => id !== "");
}

async function bySearch(
  folder: string,
  epochs: readonly Epoch[],
  ids: readonly string[],
  oldest: number | null,
  say: (line: string) => void,
): Promise<ThreadPart> {
  const finder = new ThreadFinder<{ at: number; place: string; blob: string }>(ids, MAX_THREAD);
  let searched = 0;
  let rest = 0;
  // another list has the thread already: its mails came here at about the same time
  const since = oldest === null ? null : oldest - 7 * DAY;
  for await (const { place, blob, bytes } of newestFirst(epochs, since)) {
    if (bytes !== null) finder.add(threadHeader(bytes), { at: searched, place, blob });
    searched++;
    if (finder.isFound) rest++;
    if (searched >= MAX_SEARCHED || rest >= MAX_REST || finder.isWhole) break;
  }
  if (!finder.isWhole && (searched >= MAX_SEARCHED || rest >= MAX_REST))
    say(`searched only the newest ${searched} mails of ${folder}; public-inbox-index helps`);
  const entries = finder.entries().sort((a, b) => b.at - a.at);
  const places = new Map(entries.map(({ blob, place }) => [blob, place]));
  const blobs = await mailsOfBlobs(epochs, [...places.keys()]);
  const items = blobs.map(({ blob, bytes, size }) => ({ source: places.get(blob)!, bytes, size }));
  return { items, ids: finder.ids };
}

/** In two passes, so that only the thread is kept. */
async function inFiles(path: string, ids: readonly string[]): Promise<ThreadPart> {
  const finder = new ThreadFinder<string>(ids, MAX_THREAD);
  const failures: SourceItem[] = [];
  for await (const some of readSource(path))
    for (const item of some)
      if (isReadFailure(item)) failures.push(item);
      else if (item.bytes !== null) finder.add(threadHeader(item.bytes), item.source);
  const wanted = new Set(finder.entries());
  if (wanted.size === 0) return { items: failures.slice(0, 1), ids };
  const mails: SourceItem[] = [];
  for await (const some of readSource(path))
    mails.push(...some.filter(({ source }) => wanted.has(source)));
  return { items: mails, ids: finder.ids };
}

function oldestOf(mails: readonly SourceMail[], before: number | null): number | null {
  const dates = mails.flatMap(({ bytes }) => {
    const date = bytes === null ? null : parseDate(glimpse(bytes, "date"));
    return date === null ? [] : [date];
  });
  const all = before === null ? dates : [...dates, before];
  return all.length === 0 ? null : all.reduce((a, b) => Math.min(a, b));
}
