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
}

export async function* portionsOf(
  items: AsyncIterable<readonly SourceItem[]>,
  most: number,
): AsyncGenerator<NewPortion> {
  let [mails, failures, size]: [SourceMail[], ReadFailure[], number] = [[], [], 0];
  for await (const some of items)
    for (const item of some) {
      if (isReadFailure(item)) failures.push(item);
      else {
        mails.push(item);
        size += item.bytes?.length ?? 0;
      }
      if (mails.length < most && size < PORTION_BYTES) continue;
      yield { mails, failures };
      [mails, failures, size] = [[], [], 0];
    }
  yield { mails, failures };
}
