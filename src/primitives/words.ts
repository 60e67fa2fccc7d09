/** Numbers as findings say them. */

/** `1 patch`, `2 patches`, `3 mails`. */
export function count(n: number, what: string): string {
  if (n === 1) return `${n} ${what}`;
  return `${n} ${what.endsWith("patch") ? `${what}es` : `${what}s`}`;
}
