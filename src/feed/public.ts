/** Which mails are public already, so that a feed may contain them. */

import { mailboxes } from "../mail/address-list.ts";
import { headerOf } from "./commit.ts";

/**
 * Tells whether a mail went to a public list, by its fields To, Cc and List-Id.
 *
 * @param lists addresses of public lists
 * @returns why the mail must not be in a public feed; null if it may
 */
export function whyPrivate(mail: Buffer, lists: readonly string[]): string | null {
  const header = headerOf(mail);
  if (header === null) return "its header has no end";
  if (header.all("bcc").some((value) => value !== "")) return "it names Bcc recipients";
  const wanted = new Set(lists.map((list) => list.toLowerCase()));
  const named = ["to", "cc"].flatMap((name) => header.all(name)).flatMap(mailboxes);
  const addresses = named.map(({ address }) => address.toLowerCase());
  if (addresses.some((address) => wanted.has(address))) return null;
  // RFC 2919: the list's name and host with a dot between
  const ids = header.all("list-id").map((id) => /<([^<>]+)>[^<>]*$/.exec(id)?.[1]?.toLowerCase());
  if ([...wanted].some((list) => ids.includes(list.replace("@", ".")))) return null;
  return "it went to none of the public lists";
}
