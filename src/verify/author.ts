/** The author that a mailing list's own From line replaced, and the sender. */

import { parseAuthor } from "../mail/author.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import type { MailInfo, MailView } from "../types.ts";

/**
 * Who the author may have been before a list put its own address into From ("Alice via list"):
 * X-Original-From, then Reply-To. Candidates only: a good signature accepts one, nothing else does.
 *
 * None, if the From line does not say that it was replaced: whose name people see, and git commits,
 * must not become somebody else's by a header that nobody looks at. None either, if the author
 * stands in the body, where no list changes it.
 */
export function authorCandidates(view: MailView): MailInfo[] {
  const from = parseAuthor(view.headers.from);
  const isShown = view.info.author.equals(from.author) && view.info.email.equals(from.email);
  if (!isShown || !isReplaced(from.author)) return [];
  return originals(view).map((original) => ({ ...view.info, ...original }));
}

/** "Alice via list", "'Alice' via list", "Alice via": what Mailman, Google Groups and b4 write. */
function isReplaced(name: Buffer): boolean {
  return /\svia(?:\s|$)/i.test(name.toString("utf8"));
}

function originals(view: MailView): { author: Buffer; email: Buffer }[] {
  const { xOriginalFrom, replyTo } = view.headers;
  return [xOriginalFrom.slice(0, MAX_TEXT), ...splitAddresses(replyTo.slice(0, MAX_TEXT))]
    .map(parseAuthor)
    .filter(({ email }) => email.length > 0);
}

const MAX_TEXT = 2000;
const MAX_ADDRESSES = 8;

/** Mailman puts the list beside the author into Reply-To. */
function splitAddresses(text: string): string[] {
  return (text.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g) ?? [])
    .slice(0, MAX_ADDRESSES)
    .map((part) => part.trim());
}

/**
 * The addresses that may count as the sender, normalised: the From header's own. Only where a list
 * visibly replaced that ("Alice via list") are the same candidates taken as for the author: the
 * name that people see is then not the signer's anyway, and the verdict stays a warning.
 */
export function senderAddresses(view: MailView): string[] {
  const from = parseAuthor(view.headers.from);
  return [from, ...(isReplaced(from.author) ? originals(view) : [])]
    .map((person) => normaliseIdentity(person.email.toString("utf8")))
    .filter((address) => address !== null);
}
