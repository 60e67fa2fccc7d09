/** Groups the mails of a source into the portions that the index stores, one a transaction. */

import {
  isReadFailure,
  type ReadFailure,
  type SourceItem,
  type SourceMail,
} from "../../source/item.ts";

/** Most mails of a portion, and bytes after which it ends. */
export const PORTION_MAILS = 500;
const PORTION_BYTES = 8 << 20;

export interface NewPortion {
  readonly mails: SourceMail[];
  readonly failures: readonly ReadFailure[];
  /** The cursors after these mails, by name; null to forget one. */
  readonly cursors: ReadonlyMap<string, string | null>;
}

/** @param most mails of a portion */
export async function* portionsOf(
  items: AsyncIterable<readonly SourceItem[]>,
  most: number,
): AsyncGenerator<NewPortion> {
  let [mails, failures, size]: [SourceMail[], ReadFailure[], number] = [[], [], 0];
  let cursors = new Map<string, string | null>();
  for await (const some of items)
    for (const item of some) {
      if (item.cursor !== undefined) cursors.set(item.cursor.name, item.cursor.value);
      if (isReadFailure(item)) {
        failures.push(item);
        if (item.lost !== undefined) cursors.set(item.lost.name, item.lost.value);
      } else {
        mails.push(item);
        size += item.bytes?.length ?? 0;
        if (item.found !== undefined) cursors.set(item.found, null);
      }
      if (mails.length < most && size < PORTION_BYTES) continue;
      yield { mails, failures, cursors };
      [mails, failures, size] = [[], [], 0];
      cursors = new Map();
    }
  yield { mails, failures, cursors };
}
