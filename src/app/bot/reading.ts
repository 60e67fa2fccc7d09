/** Mails for the bot, in batches that are taken in together. */

import { isMaildir } from "../../source/maildir.ts";
import { isReadFailure, type SourceMail, type ReadFailure } from "../../source/item.ts";
import { openSource, type SourceOptions } from "../sources/sources.ts";

/** Mails of a batch, and their bytes. */
const BATCH_MAILS = 64;
const BATCH_BYTES = 4 << 20;

/**
 * The last batch of a source may be empty.
 *
 * @param onUnread gets what could not be read, with its source
 */
export async function* batches(
  sources: readonly string[],
  options: SourceOptions,
  onUnread: (unread: ReadFailure, source: string) => void,
): AsyncGenerator<readonly SourceMail[]> {
  for (const source of sources) {
    let batch: SourceMail[] = [];
    let size = 0;
    for await (const items of openSource(source, options)) {
      for (const item of items) {
        if (isReadFailure(item)) {
          onUnread(item, source);
          continue;
        }
        batch.push(item);
        size += item.bytes?.length ?? 0;
        if (batch.length < BATCH_MAILS && size < BATCH_BYTES) continue;
        yield batch;
        [batch, size] = [[], 0];
      }
    }
    yield batch;
  }
}

/** A file of a maildir that is no mail is nobody's "stop": nothing is missed without it. */
export function mayHideAnAnswer({ error }: ReadFailure, source: string): boolean {
  return error.code !== "not-a-mail" || !isMaildir(source);
}
