/** A public-inbox as a source: its mails as items, with cursors if they are wanted. */

import { PatchsigError } from "../../errors.ts";
import { type Epoch, epochsOf } from "../../git/epochs.ts";
import {
  type InboxBlob,
  type InboxEntry,
  type LostMail,
  placeIn,
  readAgain,
} from "../../git/inbox-mails.ts";
import { countCommits, epochRanges, readInbox } from "../../git/public-inbox.ts";
import { holdsMails } from "../../source/file.ts";
import type { CursorOf, OnRead, ReadFailure, SourceItem, SourceItems } from "../../source/item.ts";
import type { SourceOptions } from "./sources.ts";

/** The epochs of a public-inbox; null if the folder is none, but holds mails or something else. */
export function inboxAt(folder: string): Epoch[] | null {
  return holdsMails(folder) ? null : epochsOf(folder);
}

/** Null if the folder is no public-inbox. */
export function openInbox(
  folder: string,
  options: SourceOptions,
  onRead: OnRead | undefined,
): SourceItems | null {
  const epochs = inboxAt(folder);
  return epochs === null ? null : inboxPieces(folder, epochs, options, onRead);
}

/** The name of an epoch's cursor. */
export function inboxCursor(epoch: Epoch): string {
  return `public-inbox ${epoch.name}`;
}

/** How the names begin of what is kept of mails of an epoch that could not be read; their commits follow. */
export function lostBelow(epoch: Epoch): string {
  return `${inboxCursor(epoch)}:`;
}

/** Mails of an epoch that cannot be read and are kept, one by one. With more, those behind them are read each time. */
const MOST_LOST = 1_000;

async function* inboxPieces(
  source: string,
  epochs: readonly Epoch[],
  { since, cursorOf, cursorsBelow, inPart }: SourceOptions,
  onRead: OnRead | undefined,
): SourceItems {
  const wanted = {
    since,
    ...(cursorOf === undefined ? {} : { after: (epoch: Epoch) => cursorOf(inboxCursor(epoch)) }),
  };
  const lost = new LostMails(cursorOf, cursorsBelow);
  let total = 0;
  let done = 0;
  try {
    for (const epoch of epochs) yield* lost.again(epoch);
    const ranges = await epochRanges(epochs, wanted);
    // when it is known, for who watches
    if (onRead !== undefined)
      void countCommits(epochs, ranges).then(
        (n) => (total = n),
        () => {},
      );
    for await (const mails of readInbox(epochs, ranges, inPart ?? false)) {
      done += mails.length;
      onRead?.(done, total);
      yield mails.map((mail) => lost.itemOf(mail));
    }
  } catch (error) {
    if (!(error instanceof PatchsigError)) throw error;
    yield [{ source, error }];
  }
}

/** Which mails of an inbox could not be read, and so how far it is read. */
class LostMails {
  readonly #cursorOf: CursorOf | undefined;
  readonly #cursorsBelow: SourceOptions["cursorsBelow"];
  /** How many mails of each epoch are kept as lost. */
  readonly #counts = new Map<Epoch, number>();
  /** Epochs that are to be read again behind what is lost. */
  readonly #broken = new Set<Epoch>();

  constructor(cursorOf: CursorOf | undefined, cursorsBelow: SourceOptions["cursorsBelow"]) {
    this.#cursorOf = cursorOf;
    this.#cursorsBelow = cursorsBelow;
  }

  itemOf(mail: InboxEntry): SourceItem {
    const { place, epoch } = mail;
    if ("error" in mail) return this.#failureOf(mail);
    const { bytes, size, commit } = mail;
    if (this.#cursorOf === undefined || this.#broken.has(epoch))
      return { source: place, bytes, size };
    return { source: place, bytes, size, cursor: { name: inboxCursor(epoch), value: commit } };
  }

  #failureOf({ place, epoch, error, change }: LostMail): ReadFailure {
    const count = this.#counts.get(epoch) ?? 0;
    if (change === null || this.#cursorsBelow === undefined || count >= MOST_LOST)
      this.#broken.add(epoch);
    if (change === null || this.#broken.has(epoch)) return { source: place, error };
    this.#counts.set(epoch, count + 1);
    const name = inboxCursor(epoch);
    return {
      source: place,
      error,
      cursor: { name, value: change.commit },
      lost: { name: `${lostBelow(epoch)}${change.commit}`, value: change.blob },
    };
  }

  /** Those that were lost before, once more. */
  async *again(epoch: Epoch): SourceItems {
    // never read, or to be read anew
    if (this.#cursorsBelow === undefined || this.#cursorOf?.(inboxCursor(epoch)) === null) return;
    const left = new Map<string, InboxBlob>();
    for (const name of this.#cursorsBelow(lostBelow(epoch))) {
      const commit = name.slice(name.lastIndexOf(":") + 1);
      left.set(commit, { commit, blob: this.#cursorOf!(name)! });
    }
    if (left.size === 0) return;
    for await (const mails of readAgain(epoch, [...left.values()]))
      yield mails.map(({ place, bytes, size, commit }) => {
        left.delete(commit);
        return { source: place, bytes, size, found: `${lostBelow(epoch)}${commit}` };
      });
    this.#counts.set(epoch, left.size);
    yield [...left.keys()].map((commit) => stillLost(epoch, commit));
  }
}

function stillLost(epoch: Epoch, commit: string): ReadFailure {
  const place = placeIn(epoch, commit);
  const error = new PatchsigError("unreadable", `${place}: the mail still cannot be read`);
  return { source: place, error, known: true };
}
