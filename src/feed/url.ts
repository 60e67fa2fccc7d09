/** Addresses of feeds, before git sees them. */

/** What git may be given; other transports start programs. */
const SCHEMES = /^(?:https?|git|ssh|file):\/\//i;

/**
 * Why git must not get this address; null if it may. An address is stored and printed, so it may not hold
 * a password.
 */
export function addressFlaw(address: string): string | null {
  if (address.startsWith("-")) return "it begins like an option";
  if (/[\0-\x20\x7f-\x9f]/.test(address)) return "it holds blanks or control characters";
  if (address.startsWith("/")) return null;
  if (!SCHEMES.test(address))
    return "it begins neither with https://, git://, ssh://, file:// nor with /";
  const authority = /^[a-z]+:\/\/([^/?#]*)/i.exec(address)![1]!;
  const user = authority.includes("@") ? authority.slice(0, authority.lastIndexOf("@")) : null;
  // tokens stand in the place of a user's name, too
  if (user !== null && (user.includes(":") || !/^ssh:/i.test(address)))
    return "it holds a user or password";
  if (/^-|@-/.test(authority)) return "its host begins like an option";
  if (/^https?:/i.test(address) && /[?#]/.test(address)) return "it holds a query";
  return URL.canParse(address) ? null : "its host or port is none";
}

/** Without what may be a password, for messages about addresses that are refused. */
export function harmless(address: string): string {
  return address.replace(/^([a-z]+:\/\/)[^/]*@/i, "$1…@").replace(/[?#].*$/s, "?…");
}

/**
 * Where a web server's redirect leads.
 *
 * @returns null if it must not be followed: to no web server, or to a place without encryption from one with it
 */
export function redirected(from: string, location: string): string | null {
  if (!URL.canParse(location, from)) return null;
  const { protocol, href } = new URL(location, from);
  if (protocol === "https:") return href;
  return protocol === "http:" && !/^https:/i.test(from) ? href : null;
}
