/** Mails as the library takes and returns them, and where they come from. */

import { PatchsigError } from "../errors.ts";
import { MAX_MESSAGE_BYTES } from "../mail/limits.ts";
import { messages } from "../mail/mbox.ts";
import { looksLikeMail, notAMail, readSource } from "../source/file.ts";
import {
  isReadFailure,
  type SourceItem,
  type SourceItems,
  type ReadFailure,
} from "../source/item.ts";
import { isDirectory } from "../source/reading.ts";
import { isUrl, shownUrl } from "../source/url.ts";
import type { UnreadResult } from "../verify/result.ts";

/** One mail. */
export interface Mail {
  /** Names the mail in records and errors, so that the caller finds it again. Any text. */
  readonly source: string;
  /**
   * The mail as it came, with its CRs, without an mbox From line. Null if it is larger than 100 MiB
   * and was not read: it then counts as a patch that fails ("mail-too-large").
   */
  readonly bytes: Uint8Array | null;
  /** Its size in bytes, where `bytes` is null. */
  readonly size?: number;
}

/**
 * The mails of a file (an mbox, one mail, a patch file; also compressed with gzip or zstd), a
 * folder (*.patch, *.eml, *.mbox), a maildir or a clone of a public-inbox (docs/sources.md).
 * Streamed, the oldest first where the source has an order.
 *
 * A source that cannot be read, in whole or in part, is an `unread` record among the mails: nothing
 * is left out silently. `verifySeries` passes these records on.
 *
 * @param path relative to the current folder, or absolute
 * @throws PatchsigError "usage" for a URL such as imap://: fetch such mails yourself, and give them
 *   to `verifySeries`
 */
export async function* readMails(path: string): AsyncGenerator<Mail | UnreadResult> {
  for await (const items of open(path))
    for (const item of items) {
      if (isReadFailure(item)) yield unreadRecord(item);
      else yield { source: item.source, bytes: item.bytes, size: item.size };
    }
}

async function* open(path: string): SourceItems {
  if (isUrl(path))
    throw new PatchsigError("usage", `readMails reads files and folders, not ${shownUrl(path)}`);
  // "-" is a file here
  const name = path === "-" ? "./-" : path;
  if (isDirectory(name)) {
    const { openInbox } = await import("../app/sources/inbox-source.ts");
    const inbox = openInbox(name, {}, () => {});
    if (inbox !== null) return yield* inbox;
  }
  yield* readSource(name);
}

/**
 * Splits an mbox in memory into its mails, exactly where `git mailsplit` does; a mail or patch file
 * is one mail.
 *
 * @param source names the first mail; the others get `:OFFSET` appended, in bytes
 * @throws PatchsigError "not-a-mail"
 */
export function splitMbox(mbox: Uint8Array, source: string): Mail[] {
  const bytes = bufferOf(mbox);
  if (!looksLikeMail(bytes)) throw notAMail(source, bytes);
  return messages(bytes, { keepCr: true }).map(({ offset, bytes: mail, size }, i) => ({
    source: i === 0 ? source : `${source}:${offset}`,
    bytes: mail,
    size,
  }));
}

/** Mails and `unread` records, in any order. */
export type Mails = Iterable<Mail | UnreadResult> | AsyncIterable<Mail | UnreadResult>;

/** In the form that `verifyMails` takes. */
export async function* sourceItemsOf(mails: Mails): AsyncGenerator<readonly SourceItem[]> {
  for await (const mail of mails) yield [sourceItemOf(mail)];
}

function sourceItemOf(mail: Mail | UnreadResult): SourceItem {
  // a caller in JavaScript may have passed a file's name, or a Buffer
  if (typeof mail !== "object" || mail === null) throw noMail();
  if ("type" in mail) {
    const { source, code, message, hint } = mail;
    return { source, error: new PatchsigError(code, message, hint === "" ? {} : { hint }) };
  }
  const { source, bytes, size = bytes?.length ?? 0 } = mail;
  if (typeof source !== "string" || (bytes !== null && !(bytes instanceof Uint8Array)))
    throw noMail();
  if (bytes === null || bytes.length > MAX_MESSAGE_BYTES) return { source, bytes: null, size };
  return { source, bytes: bufferOf(bytes), size };
}

function noMail(): PatchsigError {
  return new PatchsigError("usage", "a mail is given as { source, bytes }");
}

/** What could not be read, as a record. */
export function unreadRecord({ source, error }: ReadFailure): UnreadResult {
  const { code, message, hint = "" } = error;
  return { type: "unread", source, code, message, hint };
}

/** The same bytes, not a copy. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
