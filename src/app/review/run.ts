/** `review`, `ack`: signs what was chosen, and writes the replies. */

import { reviewBody } from "../../review/reply-mail.ts";
import type { ReviewTrailerName } from "../../review/text.ts";
import { now } from "../now.ts";
import type { OpenSigner } from "../sign/signer.ts";
import { reviewerPerson } from "./read.ts";
import {
  answeredMails,
  type Reviewed,
  reviewedWords,
  reviewReplies,
  type ReviewReply,
  signedReviewOf,
} from "./replies.ts";
import { checkOutput, writeReplies } from "./write.ts";

export interface ReviewSigning {
  readonly trailers: readonly ReviewTrailerName[];
  /** Only what is to be inserted into a reply. */
  readonly body: boolean;
  /** A file or folder; undefined for standard output. */
  readonly output?: string | undefined;
  /** Opens the key: a password may be asked for. */
  readonly open: () => Promise<OpenSigner>;
  /** Writes to standard output. */
  readonly print: (bytes: Buffer) => void;
}

/**
 * @returns what was signed, in words, and the files that were written
 * @throws PatchsigError "usage" if the replies cannot go there; as a key cannot be opened, or a file written
 */
export async function giveReview(
  chosen: Reviewed,
  { trailers, body, output, open, print }: ReviewSigning,
): Promise<{ readonly said: string; readonly files: readonly string[] }> {
  const person = reviewerPerson();
  const answered = answeredMails(chosen);
  if (!body) checkOutput(answered.length, output);
  const signer = await open();
  try {
    const reviewer = { ...person, signer };
    const replies = body
      ? [{ index: 0, mail: await bodyOf(chosen, trailers, reviewer) }]
      : await reviewReplies(chosen, answered, trailers, reviewer, now());
    const written = writeReplies(replies, output, print);
    const said = `${reviewedWords(trailers, chosen)}, as ${person.by}`;
    // a body is no mail that could be sent
    return { said, files: body ? [] : written };
  } finally {
    signer.wipe();
  }
}

async function bodyOf(
  chosen: Reviewed,
  trailers: readonly ReviewTrailerName[],
  reviewer: Parameters<typeof signedReviewOf>[2],
): Promise<ReviewReply["mail"]> {
  return Buffer.from(reviewBody(await signedReviewOf(chosen, trailers, reviewer, now())));
}
