/** Mail to the bot: what people answer, and what comes back. Read with mailparser, as people read it. */

import { simpleParser } from "mailparser";
import { type Fields, messageIds } from "../../bot/header.ts";
import { type Wish, wishIn } from "../../bot/reply.ts";

/** So much of a mail is looked at: an answer stands at its top. */
const MAX_BYTES = 128 * 1024;

/** Message-IDs that a mail answers, the nearest first. */
export function answered(fields: Fields): string[] {
  const ids = [...messageIds(fields("references")), ...messageIds(fields("in-reply-to"))];
  return [...new Set(ids.reverse())];
}

/** True if the address stands in To, Cc or where the last server put it. */
export function isAddressedTo(fields: Fields, address: string): boolean {
  const words = ["to", "cc", "delivered-to", "x-original-to"].flatMap((name) => fields(name));
  return words.some((word) =>
    word
      .toLowerCase()
      .split(/[\s<>,;"]+/)
      .includes(address),
  );
}

/** What somebody wants; "none" for what cannot be read. */
export async function readWish(mail: Buffer): Promise<Wish> {
  try {
    const parsed = await simpleParser(mail.subarray(0, MAX_BYTES), {
      skipHtmlToText: false,
      skipTextToHtml: true,
      skipImageLinks: true,
      skipTextLinks: true,
      maxHtmlLengthToParse: MAX_BYTES,
    });
    return wishIn(parsed.subject ?? "", parsed.text ?? "");
  } catch {
    return { kind: "none" };
  }
}

/**
 * Of a report that says for good that a mail did not arrive (RFC 3464: an action "failed" with a
 * status 5.…), the Message-IDs that it speaks of; null if it is no such report.
 */
export function undelivered(mail: Buffer, fields: Fields): string[] | null {
  const isReport = fields("content-type").some((value) => /^\s*multipart\/report\b/i.test(value));
  const text = mail.toString("latin1", 0, MAX_BYTES);
  const failed = /^Action:\s*failed/im.test(text) && /^Status:\s*5\./im.test(text);
  if (!isReport || !failed) return null;
  const returned = /^Message-ID:\s*(<[^<>\s]{1,500}>)/gim;
  return [...text.matchAll(returned)].map(([, id]) => id!);
}
