/** Addresses of servers, as people write them. */

/** Is it an address with a scheme, like `https://…`, or meant as a mailbox's? */
export function isUrl(name: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:\/\/|imaps?:)/i.test(name);
}

export function isMailboxUrl(name: string): boolean {
  return /^imaps?:\/\//i.test(name);
}

/** The printable form: without anything in the place of a password, well-formed or not. */
export function shownUrl(url: string): string {
  const [, scheme = "", user = "", rest = ""] =
    /^([a-z0-9+.-]*:\/*)([^:@/]*)([^]*)$/i.exec(url) ?? [];
  if (!rest.startsWith(":")) return url;
  const at = rest.lastIndexOf("@");
  // HOST:PORT
  if (at < 0 && /^:\d{1,5}(?:\/|$)/.test(rest)) return url;
  return `${scheme}${user}:…${at < 0 ? "" : rest.slice(at)}`;
}
