/** Compares the time of signing with the mail's Date: an old patch may be a replay. */

import { type Finding, finding } from "../findings.ts";
import { type Policy } from "./policy.ts";
import { DAY } from "../primitives/time.ts";
import type { Evidence } from "./evidence.ts";

/** git send-email sets a new Date; a series may wait a while before it is sent. */
export const USUAL_DAYS = 30;

/**
 * Date is not signed, so this can only say that something is odd. A Date before the signing is not
 * odd: format-patch writes the commit's.
 */
export function ageFindings({ signed, date }: Evidence, policy: Policy): Finding[] {
  if (signed === null || date === null) return [];
  const age = date - signed.comment.time;
  const days = Math.round(age / DAY);
  if (age > policy.maxAge)
    return [finding("signed-too-long-ago", `signed ${days} days before its Date`)];
  if (age > USUAL_DAYS * DAY) return [finding("date-drift", `signed ${days} days before its Date`)];
  return [];
}
