/** The one address that a domain can vouch for: From's, if every reader sees the same one there. */

import { parseAuthor } from "../mail/author.ts";
import { decodeWords } from "../mail/rfc2047.ts";
import { attempt } from "../refused.ts";
import { normaliseIdentity } from "../trust/identity.ts";

export interface PlainSender {
  /** In the form of `normaliseIdentity`. */
  readonly identity: string;
  /** The domain of that. */
  readonly domain: string;
}

const MAX_FROM = 4000;
/** `"Name" <address>`, `address`, `address (Name)`: no list, no group, no second address. */
const ONE_ADDRESS =
  /^(?:(?:"(?:[^"\\]|\\.)*"|\([^()]*\)|[^"()<>,;:@\\])*<[^<>@\s]+@[^<>@\s]+>|[^"()<>,;:@\\\s]+@[^"()<>,;:@\\\s]+(?:\s*\([^()]*\))?)$/s;

/**
 * Null if the From header is not exactly one plain address: git takes the first `@` after it decoded
 * RFC 2047's words, others read a list, or the address in angle brackets.
 *
 * @param from unfolded, not decoded
 */
export function plainSender(from: string): PlainSender | null {
  const text = withoutAddressAsName(from.slice(0, MAX_FROM + 1).trim());
  const decoded = attempt(() => decodeWords(Buffer.from(text)).toString("utf8"));
  const isOne = (all: string): boolean => all.split("@").length === 2;
  if (text.length > MAX_FROM || !decoded.ok || !isOne(text) || !isOne(decoded.value)) return null;
  if (!ONE_ADDRESS.test(text)) return null;
  const identity = normaliseIdentity(parseAuthor(text).email.toString("utf8"));
  if (identity === null) return null;
  return { identity, domain: identity.slice(identity.indexOf("@") + 1) };
}

/** `"alice@example.org" <alice@example.org>`: whichever of the two is read, it is the same. */
function withoutAddressAsName(from: string): string {
  const [, quoted, bare, address] = /^(?:"([^"\\]*)"|(\S*))\s*<([^<>]*)>$/s.exec(from) ?? [];
  return address !== undefined && (quoted ?? bare) === address ? address : from;
}

/**
 * Whether a domain may vouch for addresses of another: its own, and those of domains below it, which it
 * can hand out and take back in DNS. Never those above it: `evil.example.org` may be a customer's.
 */
export function isAligned(signing: string, address: string): boolean {
  return signing === address || (signing.includes(".") && address.endsWith(`.${signing}`));
}
