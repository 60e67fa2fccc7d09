/**
 * Compares the sender of a reply with the person whom a trailer names. This proves nothing: anybody can write any
 * From.
 */

import type { Reply } from "./reply.ts";
import type { Trailer } from "./trailer.ts";

/**
 * What the trailer has in common with the reply's From. `address`: the address. `name`: the name only, as with people
 * who have several addresses, or the address without its `+tag`. `none`: neither.
 */
export type TrailerMatch = "address" | "name" | "none";

/** A trailer that names nobody, such as `Fixes:`, counts as the sender's. */
export function matchOf(
  { address, value }: Pick<Trailer, "address" | "value">,
  { sender, from }: Pick<Reply, "sender" | "from">,
): TrailerMatch {
  if (sender === null) return "none";
  if (address === null || address === sender) return "address";
  if (withoutTag(address) === sender || withoutTag(sender) === address) return "name";
  const names = wordsOf(value.replace(/<.*$/su, ""));
  return names !== "" && names === wordsOf(from.name) ? "name" : "none";
}

/** `bob+list@example.org` becomes `bob@example.org`: the same mailbox, whose owner chose the tag. */
function withoutTag(address: string): string {
  return address.replace(/(?<=[^+@])\+[^@]*(?=@)/u, "");
}

/** What a list or a person adds to a name: `Chao Yu via list`, `Matthew Wilcox (Oracle)`. */
const BESIDE = /\([^()]*\)|\svia\s.*$/giu;

/** Characters of a name; the rest of a longer one does not count. */
const MAX_NAME = 400;

/**
 * A name's words without regard to order, case and punctuation: `Yu, Chao` equals `Chao Yu`. "" for fewer than two
 * words.
 */
function wordsOf(name: string): string {
  const words = name
    .slice(0, MAX_NAME)
    .normalize("NFC")
    .toLowerCase()
    .replace(BESIDE, "")
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== "");
  return words.length < 2 ? "" : words.sort().join(" ");
}
