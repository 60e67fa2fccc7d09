/** Which mails have signed records: these are kept when other mails are dropped. */

import { descriptionsIn } from "../../feed/description.ts";
import { dropCr } from "../../mail/line-ends.ts";
import { replyText } from "../../mail/reply-text.ts";
import type { Verifier } from "../../minisign/ed25519.ts";
import { resultsIn } from "../../result/mail.ts";
import { type ReviewReading, reviewsIn } from "../../review/review.ts";

/** Whether a mail has a test result, review or feed description with a good signature, by whatever key. */
export function isRecord(mail: Buffer, verifier: Verifier): boolean {
  return [resultsIn, reviewsInMail, descriptionsIn].some((readIn) =>
    readIn(mail, verifier).some(({ ok }) => ok),
  );
}

/** The signed reviews in a mail; [] if the mail has a patch, since reviews are read in replies only. */
export function reviewsInMail(mail: Buffer, verifier: Verifier): ReviewReading[] {
  const text = replyText(dropCr(mail));
  // most mails have none
  if (text === null || !text.includes("patchsig-review-v")) return [];
  if (/^(?:diff --git |--- .+\n\+\+\+ )/m.test(text.toString("latin1"))) return [];
  return reviewsIn(text, verifier);
}
