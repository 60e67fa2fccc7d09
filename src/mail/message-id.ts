/** Message-IDs as they stand in Message-ID, In-Reply-To and References. */

import { createHash } from "node:crypto";

const MESSAGE_ID = /<[^<>\s]{1,500}>/g;
/** Of a long thread's References, so many of the first and of the last. */
const MAX_FIRST = 2;
const MAX_LAST = 48;

/** The Message-IDs in headers' values, with their angle brackets; of very many the first and last ones. */
export function messageIds(...values: readonly string[]): string[] {
  const all = values.flatMap((value) => value.match(MESSAGE_ID) ?? []);
  return all.length <= MAX_FIRST + MAX_LAST
    ? all
    : [...all.slice(0, MAX_FIRST), ...all.slice(-MAX_LAST)];
}

/**
 * What a mail refers to, the nearest last. In-Reply-To is the parent where References do not end
 * with it; some programs write more than a Message-ID there (RFC 5322, 4.5.4).
 */
export function referencesOf(references: string, inReplyTo: string): string[] {
  const all = messageIds(references);
  const parents = messageIds(inReplyTo);
  return [...all, ...parents.filter((id) => !all.includes(id))];
}

/** Nobody's host ends so (RFC 2606). */
const NAMELESS = "@no-message-id.invalid>";

/** By what a mail is found: its Message-ID, or one that is made of its bytes if it has none. */
export function nameOfMail(messageId: string, mail: Buffer): string {
  if (messageId !== "") return messageId;
  return `<${createHash("sha256").update(mail).digest("hex").slice(0, 40)}${NAMELESS}`;
}

/** True for a name that `nameOfMail` made. */
export function isMadeName(name: string): boolean {
  return name.endsWith(NAMELESS);
}
