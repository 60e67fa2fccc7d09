/** Names of git's objects: of SHA-1 or SHA-256, in lower case. */

const FULL = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

export function isFullName(text: string): boolean {
  return FULL.test(text);
}

/** As long as the kernel writes them in `Fixes:`. */
export function shortName(fullName: string): string {
  return fullName.slice(0, 12);
}
