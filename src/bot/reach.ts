/** Whether a letter can arrive, judging by the address. Pure. */

/**
 * Domains that no public mail reaches: RFC 6761 and 6762, RFC 8375 (home.arpa), names that ICANN
 * reserves for private networks, and git's placeholder for a host without a name.
 */
const NOWHERE =
  /(?:^|\.)(?:localhost|localdomain|local|lan|internal|intranet|private|corp|home|arpa|invalid|test|example|onion|alt|none)$/;
/** Hosts that only send, such as users.noreply.github.com. */
const SENDS_ONLY = /(?:^|\.)(?:no-?reply|do-?not-?reply|bounces?|invalid)\./;
/** Local parts that say the same; for single words see `isBot`. */
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

/** Is the address, or its domain as `@example.org`, in the set? */
export function isAmong(identity: string, addresses: ReadonlySet<string>): boolean {
  return addresses.has(identity) || addresses.has(identity.slice(identity.lastIndexOf("@")));
}
