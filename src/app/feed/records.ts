/** Which mails have signed records: what is worth keeping when all else is dropped. */

import { descriptionsIn } from "../../feed/description.ts";
import { dropCr } from "../../mail/line-ends.ts";
import { replyText } from "../../mail/reply-text.ts";
import type { Verifier } from "../../minisign/ed25519.ts";
import { resultsIn } from "../../result/mail.ts";
import { type ReviewReading, reviewsIn } from "../../review/review.ts";

/** Is there a good test result, review or description of a feed in it? By whatever key. */
export function isRecord(mail: Buffer, verifier: Verifier): boolean {
  return [resultsIn, reviewsInMail, descriptionsIn].some((readIn) =>
    readIn(mail, verifier).some(({ ok }) => ok),
  );
}

/** Signed reviews; none of a mail with a patch of its own, where such a text is not read. */
export function reviewsInMail(mail: Buffer, verifier: Verifier): ReviewReading[] {
  const text = replyText(dropCr(mail));
  // most mails have none
  if (text === null || !text.includes("patchsig-review-v")) return [];
  if (/^(?:diff --git |--- .+\n\+\+\+ )/m.test(text.toString("latin1"))) return [];
  return reviewsIn(text, verifier);
}
