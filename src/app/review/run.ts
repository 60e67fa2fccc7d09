/** Runs `review` and `ack`: signs reviews of the chosen patches, and writes the replies. */

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
  /** Write only the text to insert into a reply, not whole mails. */
  readonly body: boolean;
  /** A file or folder; undefined for standard output. */
  readonly output?: string | undefined;
  /** The folder of a feed to which the replies are added. */
  readonly toFeed?: string | undefined;
  readonly say: (line: string) => void;
  /** Opens the key; it may ask for a password. */
  readonly open: () => Promise<OpenSigner>;
  /** Writes to standard output. */
  readonly print: (bytes: Buffer) => void;
}

/**
 * @returns what was signed, in words, and the mails that were written to files
 * @throws PatchsigError "usage" if so many replies need a folder; others if the key cannot be opened or a file cannot
 *   be written; as `addToFeed`, and then the files have been written
 */
export async function giveReview(
  chosen: Reviewed,
  { trailers, body, output, toFeed, open, print, say }: ReviewSigning,
): Promise<{ readonly said: string; readonly files: readonly string[] }> {
  const person = reviewerPerson();
  const answered = answeredMails(chosen);
  if (toFeed !== undefined) requireInbox(resolve(toFeed));
  // replies for a feed are not printed as well, unless the user names a file or folder
  const isPrinted = output !== undefined || toFeed === undefined;
  if (!body && isPrinted) checkOutput(answered.length, output);
  const signer = await open();
  try {
    const reviewer = { ...person, signer };
    const time = now();
    const signed = body
      ? [{ index: 0, mail: await bodyOf(chosen, trailers, reviewer, time) }]
      : await reviewReplies(chosen, answered, trailers, reviewer, time);
    // nothing sends a mail for a feed, so nothing else adds Date and Message-ID
    const complete = ({ index, mail }: ReviewReply): ReviewReply => ({
      index,
      mail: withDate(mail, person.by, time),
    });
    const replies = toFeed === undefined ? signed : signed.map(complete);
    const written = isPrinted ? writeReplies(replies, output, print) : [];
    if (toFeed !== undefined) await publish(replies, toFeed, say);
    const said = `${reviewedWords(trailers, chosen)}, as ${person.by}`;
    // a body is not a mail to send
    return { said, files: body ? [] : written };
  } finally {
    signer.wipe();
  }
}

/**
 * Adds the replies to a feed. It accepts only those that go to a public list, since a reply may quote a private
 * mail.
 */
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
