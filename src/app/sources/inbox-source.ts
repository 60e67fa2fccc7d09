/** A public-inbox as a source: its mails as items, with cursors if they are wanted. */

import { PatchsigError } from "../../errors.ts";
import { type Epoch, epochsOf } from "../../git/epochs.ts";
import { countCommits, type InboxEntry, epochRanges, readInbox } from "../../git/public-inbox.ts";
import { holdsMails } from "../../source/file.ts";
import type { OnRead, SourceItem, SourceItems } from "../../source/item.ts";
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

async function* inboxPieces(
  source: string,
  epochs: readonly Epoch[],
  { since, cursorOf, inPart }: SourceOptions,
  onRead: OnRead | undefined,
): SourceItems {
  const wanted = {
    since,
    ...(cursorOf === undefined ? {} : { after: (epoch: Epoch) => cursorOf(inboxCursor(epoch)) }),
  };
  // behind what is lost an epoch is to be read again
  const broken = new Set<Epoch>();
  const pieceOf = (mail: InboxEntry): SourceItem => {
    const { place, epoch } = mail;
    if ("error" in mail) {
      broken.add(epoch);
      return { source: place, error: mail.error };
    }
    const { bytes, size, commit } = mail;
    if (cursorOf === undefined || broken.has(epoch)) return { source: place, bytes, size };
    return { source: place, bytes, size, cursor: { name: inboxCursor(epoch), value: commit } };
  };
  let total = 0;
  let done = 0;
  try {
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
      yield mails.map(pieceOf);
    }
  } catch (error) {
    if (!(error instanceof PatchsigError)) throw error;
    yield [{ source, error }];
  }
}
