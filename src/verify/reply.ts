/** What a mail says of other patches. */

import { dropCr } from "../mail/line-ends.ts";
import { replyText } from "../mail/reply-text.ts";
import { replyOf } from "../trailers/reply.ts";
import type { Checked } from "./result.ts";

/**
 * The mail with the trailers in it that are about other patches. Those of a patch or a cover letter are
 * its own.
 *
 * @param names as `trailerNames` makes them
 */
export function withReply(
  raw: Buffer,
  checked: Checked,
  names: ReadonlyMap<string, string>,
): Checked {
  const { kind, view, isAnswer } = checked;
  if (view === null || (kind !== "other" && !isAnswer)) return checked;
  const text = replyText(dropCr(raw));
  const reply = text === null ? null : replyOf(checked, view, text, names);
  return reply === null ? checked : { ...checked, reply: { ...reply, hasDiff: isAnswer } };
}
