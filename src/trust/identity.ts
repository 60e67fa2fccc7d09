/**
 * The identity under which a key is remembered: a mail address in one spelling.
 *
 *     Alice@Example.ORG      alice@example.org
 *     alice@bücher.example   alice@xn--bcher-kva.example
 *
 * The rule, in full:
 *
 * - ASCII letters are lower-cased in the whole address. In practice mail systems ignore case, so
 *   "Alice@" must lead to the key of "alice@".
 * - The domain is the punycode form of UTS 46 (what a mailer would look up in the DNS).
 * - A plus tag is part of the address: alice+git@ is not alice@.
 * - A local part beyond ASCII stays as it is; letters that only look like ASCII ones never become
 *   ASCII, so it never equals an ASCII address.
 * - Addresses with a second spelling or with invisible characters are not identities: quoted local parts,
 *   address literals, blanks, control, format and other invisible characters, text that is not in NFKC.
 */

import { domainToASCII } from "node:url";

const MAX_LOCAL = 64;
const MAX_DOMAIN = 253;

/** RFC 5322 dot-atom characters, lower case; dots may be anywhere, since mailers disagree on them. */
const ASCII_LOCAL = /^[a-z0-9!#$%&'*+/=?^_`{|}~.-]+$/;
/** A label of a host name; some use "_". */
const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
/** Invisible characters, and those to which a later Unicode may give another meaning. */
const hasUnseen = (text: string): boolean =>
  /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u.test(text);
/** What a domain may be of, and nearly all are: V8 takes long for the expressions that know Unicode. */
const ASCII_DOMAIN = /^[A-Za-z0-9_.-]*$/;

/** Most addresses: in their one spelling, with a host name that is neither punycode nor a number. */
const NORMAL =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?!xn--)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.(?!xn--))+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * @param address one bare address, as in `alice@example.org`: no display name, no angle brackets
 * @returns the identity, or null if the address cannot be one
 */
export function normaliseIdentity(address: string): string | null {
  if (address.length <= MAX_DOMAIN && NORMAL.test(address)) return address;
  if (address.length > MAX_LOCAL + 1 + MAX_DOMAIN + 2) return null;
  const trimmed = address.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  const [local, domain, more] = trimmed.split("@");
  if (local === undefined || domain === undefined || more !== undefined) return null;
  const left = normaliseLocal(local);
  const right = normaliseDomain(domain);
  return left === null || right === null ? null : `${left}@${right}`;
}

function normaliseLocal(local: string): string | null {
  if (local.length > MAX_LOCAL) return null;
  // not toLowerCase(): it would turn the Kelvin sign into "k"
  const lower = lowerAscii(local);
  if (ASCII_LOCAL.test(lower)) return lower;
  const ascii = lower.replace(/[^\0-\x7f]/gu, "");
  if (ascii !== "" && !ASCII_LOCAL.test(ascii)) return null;
  if (lower === "" || hasUnseen(lower) || lower.normalize("NFKC") !== lower) return null;
  return lower;
}

function normaliseDomain(domain: string): string | null {
  // domainToASCII reads a URL's host: it would decode "%61" and cut at "/", "?" or "#"
  if (!ASCII_DOMAIN.test(domain))
    if (/[^a-z0-9_.\x80-\u{10ffff}-]/iu.test(domain) || hasUnseen(domain)) return null;
  const host = domainToASCII(domain);
  if (host.length > MAX_DOMAIN) return null;
  const labels = host.split(".");
  if (!labels.every((label) => LABEL.test(label))) return null;
  // an IPv4 address in any of its spellings comes out as four numbers
  return /^[0-9]+$/.test(labels.at(-1) ?? "") ? null : host;
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
