/** Is whoever sent a reply the person whom a trailer names? Nothing here proves it: anybody writes any From line. */

import type { Reply } from "./reply.ts";
import type { Trailer } from "./trailer.ts";

/**
 * What of the reply's From the trailer has: its address; only its name, as of people who have several
 * addresses, or the address but for its `+tag`; nothing.
 */
export type TrailerMatch = "address" | "name" | "none";

/** A trailer that names nobody, as `Fixes:`, is the sender's. */
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

/** `bob+list@example.org` is a mailbox of `bob@example.org`, whose owner chose the tag. */
function withoutTag(address: string): string {
  return address.replace(/(?<=[^+@])\+[^@]*(?=@)/u, "");
}

/** What a list or a person adds to a name: `Chao Yu via list`, `Matthew Wilcox (Oracle)`. */
const BESIDE = /\([^()]*\)|\svia\s.*$/giu;

/** A name without order, case and marks: `Yu, Chao` is `Chao Yu`. Empty for fewer than two words. */
function wordsOf(name: string): string {
  const words = name
    .normalize("NFC")
    .toLowerCase()
    .replace(BESIDE, "")
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== "");
  return words.length < 2 ? "" : words.sort().join(" ");
}
