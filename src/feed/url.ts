/** Checks addresses of feeds before git gets them. */

/** The transports that git may use here; others start programs. */
const SCHEMES = /^(?:https?|git|ssh|file):\/\//i;

/**
 * Why git must not get this address; null if it may. Addresses are stored and printed, so none with a password is
 * accepted.
 */
export function addressFlaw(address: string): string | null {
  if (address.startsWith("-")) return "it begins like an option";
  if (/[\0-\x20\x7f-\x9f]/.test(address))
    return "it holds blanks or control characters (%20 is a blank)";
  if (address.startsWith("/")) return null;
  if (!SCHEMES.test(address)) return "it must begin with https://, git://, ssh://, file:// or /";
  const authority = /^[a-z]+:\/\/([^/?#]*)/i.exec(address)![1]!;
  const user = authority.includes("@") ? authority.slice(0, authority.lastIndexOf("@")) : null;
  // a user's name alone may be a token
  if (user !== null && (user.includes(":") || !/^ssh:/i.test(address)))
    return "it holds a user or password";
  if (/^-|@-/.test(authority)) return "its host begins like an option";
  if (/^https?:/i.test(address) && /[?#]/.test(address)) return "it holds a query";
  return URL.canParse(address) ? null : "its host or port is not valid";
}

/** An address without what may be a password, for messages about refused addresses. */
export function harmless(address: string): string {
  return address.replace(/^([a-z]+:\/\/)[^/]*@/i, "$1…@").replace(/[?#].*$/s, "?…");
}

/**
 * The address that a web server's redirect leads to.
 *
 * @returns null if it must not be followed: from https to http, or to anything else
 */
export function redirected(from: string, location: string): string | null {
  if (!URL.canParse(location, from)) return null;
  const { protocol, href } = new URL(location, from);
  if (protocol === "https:") return href;
  return protocol === "http:" && !/^https:/i.test(from) ? href : null;
}
