/** Adds the mails of files, mailboxes or standard input to a feed, in portions. */

import { PatchsigError } from "../../errors.ts";
import { isReadFailure } from "../../source/item.ts";
import { openSources } from "../sources/sources.ts";
import { type AddedToFeed, addToFeed, type MailForFeed } from "./add.ts";

/** Bytes of mails to add at a time. */
const PORTION = 16 << 20;

/**
 * Adds mails to the feed in a folder. Each portion is added whole or not at all.
 *
 * @param sources as for `openSources`: files, folders, `-`
 * @param say as for `addToFeed`
 * @throws PatchsigError as `addToFeed`, and for the first mail that cannot be read
 */
export async function addSources(
  folder: string,
  sources: readonly string[],
  say: (line: string) => void,
): Promise<AddedToFeed> {
  const added: string[] = [];
  const already: string[] = [];
  let portion: MailForFeed[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    const done = await addToFeed(folder, portion, say);
    added.push(...done.added);
    already.push(...done.already);
    [portion, size] = [[], 0];
  };
  for await (const items of openSources(sources, {}))
    for (const item of items) {
      if (isReadFailure(item)) throw item.error;
      if (item.bytes === null) throw tooLarge(item.source);
      portion.push({ bytes: item.bytes, source: item.source });
      size += item.bytes.length;
      if (size >= PORTION) await flush();
    }
  await flush();
  return { added, already };
}

function tooLarge(source: string): PatchsigError {
  return new PatchsigError("too-large", `${source} is larger than patchsig reads`);
}
