/** `review`, `ack`: signs what was chosen, and writes the replies. */

import { count } from "../../primitives/words.ts";
import { reviewBody, withDate } from "../../review/reply-mail.ts";
import type { ReviewTrailerName } from "../../review/text.ts";
import { requireInbox } from "../../git/feed-write.ts";
import { resolve } from "node:path";
import { addToFeed } from "../feed/add.ts";
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
  /** The folder of a feed that gets the replies, too. */
  readonly toFeed?: string | undefined;
  readonly say: (line: string) => void;
  /** Opens the key: a password may be asked for. */
  readonly open: () => Promise<OpenSigner>;
  /** Writes to standard output. */
  readonly print: (bytes: Buffer) => void;
}

/**
 * @returns what was signed, in words, and the files that were written
 * @throws PatchsigError "usage" if the replies cannot go there; as a key cannot be opened, a file written, or
 *   `addToFeed`: then the files are written
 */
export async function giveReview(
  chosen: Reviewed,
  { trailers, body, output, toFeed, open, print, say }: ReviewSigning,
): Promise<{ readonly said: string; readonly files: readonly string[] }> {
  const person = reviewerPerson();
  const answered = answeredMails(chosen);
  if (toFeed !== undefined) requireInbox(resolve(toFeed));
  // without files, a feed is enough
  const isPrinted = output !== undefined || toFeed === undefined;
  if (!body && isPrinted) checkOutput(answered.length, output);
  const signer = await open();
  try {
    const reviewer = { ...person, signer };
    const time = now();
    const signed = body
      ? [{ index: 0, mail: await bodyOf(chosen, trailers, reviewer, time) }]
      : await reviewReplies(chosen, answered, trailers, reviewer, time);
    // a feed is not sent to, so nothing else would add them
    const complete = ({ index, mail }: ReviewReply): ReviewReply => ({
      index,
      mail: withDate(mail, person.by, time),
    });
    const replies = toFeed === undefined ? signed : signed.map(complete);
    const written = isPrinted ? writeReplies(replies, output, print) : [];
    if (toFeed !== undefined) await publish(replies, toFeed, say);
    const said = `${reviewedWords(trailers, chosen)}, as ${person.by}`;
    // a body is no mail that could be sent
    return { said, files: body ? [] : written };
  } finally {
    signer.wipe();
  }
}

/** A reply may repeat what was private: it has to go to a public list. */
async function publish(
  replies: readonly ReviewReply[],
  feed: string,
  say: (line: string) => void,
): Promise<void> {
  const mails = replies.map(({ mail }) => ({ bytes: mail, source: "the reply" }));
  await addToFeed(feed, mails, say);
  say(`added ${count(mails.length, "mail")} to ${feed}`);
}

async function bodyOf(
  chosen: Reviewed,
  trailers: readonly ReviewTrailerName[],
  reviewer: Parameters<typeof signedReviewOf>[2],
  time: number,
): Promise<ReviewReply["mail"]> {
  return Buffer.from(reviewBody(await signedReviewOf(chosen, trailers, reviewer, time)));
}
