/** What came of a mail's DKIM signatures. */

/** Each is a finding's code; the first of these that a mail's signatures come to counts. */
const DKIM_OUTCOMES = [
  "vouched",
  "vouched-loosely",
  "dkim-expired",
  "dkim-other-author",
  "dkim-uncovered",
  "dkim-partial",
  "dkim-testing",
  "dkim-future",
  "dkim-revoked",
  "dkim-bad",
  "dkim-body",
  "dkim-unknown-key",
  "dkim-no-key",
  "dkim-key",
  "dkim-weak",
  "dkim-unsupported",
  "dkim-malformed",
  "dkim-unaligned",
  "dkim-sender",
  "dkim-none",
] as const;
export type DkimOutcome = (typeof DKIM_OUTCOMES)[number];

export interface DkimResult {
  readonly outcome: DkimOutcome;
  /** The signing domain, `d=`; "" if that is not known. Checked: letters, digits, `-`, `_`, dots. */
  readonly domain: string;
  /** Who says that the signature is good: "" if it was verified here, else the reader's own server. */
  readonly saidBy: string;
  /** Why, or what else there is to say of it; may quote the mail. */
  readonly detail: string;
  /** Of an expired signature: what it came to before. */
  readonly inTime?: DkimOutcome;
}

export function dkimResult(
  outcome: DkimOutcome,
  domain = "",
  detail = "",
  saidBy = "",
): DkimResult {
  return { outcome, domain, saidBy, detail };
}

export function isVouched({ outcome }: DkimResult): boolean {
  return outcome === "vouched" || outcome === "vouched-loosely";
}

/** The one that says most; of equals the first. */
export function bestOf(results: readonly DkimResult[]): DkimResult {
  const rank = ({ outcome }: DkimResult): number => DKIM_OUTCOMES.indexOf(outcome);
  return results.reduce((best, one) => (rank(one) < rank(best) ? one : best));
}
