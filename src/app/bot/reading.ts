/** Mails for the bot, in batches that are taken in together. */

import { isMaildir } from "../../source/maildir.ts";
import { isUnread, type SourceMail, type Unread } from "../../source/piece.ts";
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
  onUnread: (unread: Unread, source: string) => void,
): AsyncGenerator<readonly SourceMail[]> {
  for (const source of sources) {
    let batch: SourceMail[] = [];
    let size = 0;
    for await (const pieces of openSource(source, options)) {
      for (const piece of pieces) {
        if (isUnread(piece)) {
          onUnread(piece, source);
          continue;
        }
        batch.push(piece);
        size += piece.bytes?.length ?? 0;
        if (batch.length < BATCH_MAILS && size < BATCH_BYTES) continue;
        yield batch;
        [batch, size] = [[], 0];
      }
    }
    yield batch;
  }
}

/** A file of a maildir that is no mail is nobody's "stop": nothing is missed without it. */
export function mayHideAnAnswer({ error }: Unread, source: string): boolean {
  return error.code !== "not-a-mail" || !isMaildir(source);
}
