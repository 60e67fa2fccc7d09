/** Patches as replies see them. */

import type { ReviewDigests } from "../review/text.ts";
import type { ThreadMail } from "../series/item.ts";

/** A patch or cover letter that may have replies. */
export interface ThreadPatch extends ThreadMail {
  /** 0 for a cover letter. */
  readonly index: number;
  /** The author's identity; "" if there is none. */
  readonly author: string;
  /** Null for a mail that was refused. */
  readonly digests: ReviewDigests | null;
  /** The trailers in its message, as `trailerKey` makes them. */
  readonly trailers: readonly string[];
}

/** True for copies of one patch: the same number, diff and message. */
export function isSamePatch(one: ThreadPatch, two: ThreadPatch): boolean {
  const [a, b] = [one.digests, two.digests];
  return one.index === two.index && a?.diff === b?.diff && a?.message === b?.message;
}
