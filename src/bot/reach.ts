/** Whether a letter can arrive, as far as an address says it. Pure. */

/**
 * Domains that no mail of the world reaches: RFC 6761 and 6762, RFC 8375 (home.arpa), names that ICANN
 * keeps for private networks, and what git makes of a host without a name.
 */
const NOWHERE =
  /(?:^|\.)(?:localhost|localdomain|local|lan|internal|intranet|private|corp|home|arpa|invalid|test|example|onion|alt|none)$/;
/** Hosts that are there to send only, such as users.noreply.github.com. */
const SENDS_ONLY = /(?:^|\.)(?:no-?reply|do-?not-?reply|bounces?|invalid)\./;
/** Local parts that say the same; what is one word of several, `isBot` knows. */
const NOBODY =
  /no[-_.]?reply|do[-_.]?not[-_.]?reply|nospam|no-spam|^(?:nobody|null|dev-?null|none|nomail|unknown|undisclosed.*|anonymous|invalid)$/;

/** @param identity a normalised address */
export function canArrive(identity: string): boolean {
  const at = identity.lastIndexOf("@");
  const [local, domain] = [identity.slice(0, at), identity.slice(at + 1)];
  return (
    domain.includes(".") &&
    ![NOWHERE, SENDS_ONLY].some((no) => no.test(domain)) &&
    !NOBODY.test(local)
  );
}

/** Is the address, or the whole of its domain as `@example.org`, among these? */
export function isAmong(identity: string, addresses: ReadonlySet<string>): boolean {
  return addresses.has(identity) || addresses.has(identity.slice(identity.lastIndexOf("@")));
}
