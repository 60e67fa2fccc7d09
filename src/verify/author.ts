/** The author that a mailing list's own From line replaced, and the sender. */

import { readAuthor } from "../mail/author.ts";
import { decodeWords } from "../mail/rfc2047.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import type { MailInfo, MailView } from "../types.ts";

/**
 * Who the author may have been before a list put its own address into From ("Alice via list"):
 * X-Original-From, then Reply-To. Candidates only: a good signature accepts one, nothing else does.
 */
export function authorCandidates(view: MailView): MailInfo[] {
  const { xOriginalFrom, replyTo } = view.headers;
  const found: MailInfo[] = [];
  for (const text of [xOriginalFrom, ...splitAddresses(replyTo)]) {
    if (text === "") continue;
    const { name, email } = parseAddress(text);
    if (email.length > 0) found.push({ ...view.info, author: name, email });
  }
  return found;
}

/** Name and address of one header value, as git takes them apart. */
function parseAddress(text: string): { name: Buffer; email: Buffer } {
  return readAuthor(decodeWords(Buffer.from(text)));
}

const MAX_ADDRESSES = 8;

/** Mailman puts the list beside the author into Reply-To. */
function splitAddresses(text: string): string[] {
  return (text.slice(0, 2000).match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g) ?? [])
    .slice(0, MAX_ADDRESSES)
    .map((part) => part.trim());
}

/**
 * The addresses that may count as the sender, normalised: the From header's own. Only where a list
 * visibly replaced that ("Alice via list") are the same candidates taken as for the author: the
 * name that people see is then not the signer's anyway, and the verdict stays a warning.
 */
export function senderAddresses(view: MailView): string[] {
  const from = parseAddress(view.headers.from);
  const replaced = /(^|\s)via\s/i.test(from.name.toString("utf8"));
  const people = [from, ...(replaced ? authorCandidates(view) : [])];
  return people
    .map((person) => normaliseIdentity(person.email.toString("utf8")))
    .filter((address) => address !== null);
}
