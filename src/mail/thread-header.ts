/** Where an unread mail stands in its thread: to search with, found without git's rules. */

import { messageIds, referencesOf } from "./message-id.ts";

/** Headers are short; a longer one is a hostile one's. */
const MAX_HEADER = 65_536;

/** The Message-ID, "" if there is none, and what the mail refers to, the nearest last. */
export function threadHeader(mail: Buffer): {
  readonly messageId: string;
  readonly references: readonly string[];
} {
  const text = mail.toString("latin1", 0, MAX_HEADER);
  const end = /\n\r?\n/.exec(text)?.index ?? text.length;
  const header = text.slice(0, end);
  const field = (name: string): string =>
    new RegExp(`^${name}:([^\\n]*(?:\\n[ \\t][^\\n]*)*)`, "im").exec(header)?.[1] ?? "";
  return {
    messageId: messageIds(field("message-id"))[0] ?? "",
    references: referencesOf(field("references"), field("in-reply-to")),
  };
}
