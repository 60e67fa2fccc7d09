/** Mail to the bot: replies and bounces. Read with mailparser, as people read it. */

import { simpleParser } from "mailparser";
import { type Fields } from "../../bot/header.ts";
import { messageIds } from "../../mail/message-id.ts";
import { type Wish, wishIn } from "../../bot/reply.ts";

/** Bytes of a mail that are read: a reply is at its top. */
const MAX_BYTES = 128 * 1024;

/** Message-IDs that a mail replies to, the nearest first. */
export function answered(fields: Fields): string[] {
  const ids = [...messageIds(...fields("references")), ...messageIds(...fields("in-reply-to"))];
  return [...new Set(ids.reverse())];
}

const RECIPIENTS = ["to", "cc", "delivered-to", "x-original-to"] as const;

/** True if the address stands in To, Cc or where the last server put it; or in these fields. */
export function isAddressedTo(
  fields: Fields,
  address: string,
  names: readonly string[] = RECIPIENTS,
): boolean {
  return names
    .flatMap((name) => fields(name))
    .some((word) =>
      word
        .toLowerCase()
        .split(/[\s<>,;"]+/)
        .includes(address),
    );
}

/**
 * What somebody wants; "none" for an unreadable mail.
 *
 * @param words what means stop besides
 */
export async function readWish(mail: Buffer, words: readonly string[]): Promise<Wish> {
  try {
    const parsed = await simpleParser(mail.subarray(0, MAX_BYTES), {
      skipHtmlToText: false,
      skipTextToHtml: true,
      skipImageLinks: true,
      skipTextLinks: true,
      maxHtmlLengthToParse: MAX_BYTES,
    });
    return wishIn(parsed.subject ?? "", parsed.text ?? "", words);
  } catch {
    return { kind: "none" };
  }
}

export interface Returned {
  /** Message-IDs that the report speaks of. */
  readonly ids: readonly string[];
  /** Addresses that cannot be reached, as they stand there. */
  readonly addresses: readonly string[];
}

/**
 * What a report says that did not arrive, for good (RFC 3464: of a recipient, an action "failed" with
 * a status 5.…); null if it is no report at all.
 */
export function undelivered(mail: Buffer, fields: Fields): Returned | null {
  const isReport = fields("content-type").some((value) => /^\s*multipart\/report\b/i.test(value));
  if (!isReport) return null;
  const text = mail.toString("latin1", 0, MAX_BYTES).replaceAll("\r\n", "\n");
  const failed = text
    .split("\n\n")
    .filter((block) => /^Action:\s*failed/im.test(block) && /^Status:\s*5\./im.test(block));
  const recipient = /^(?:Original|Final)-Recipient:\s*rfc822\s*;\s*<?([^\s<>;]{1,320})>?\s*$/gim;
  const returned = /^Message-ID:\s*(<[^<>\s]{1,500}>)/gim;
  return {
    ids: [...text.matchAll(returned)].map(([, id]) => id!),
    addresses: failed.flatMap((block) => [...block.matchAll(recipient)].map(([, to]) => to!)),
  };
}
