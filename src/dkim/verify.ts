/**
 * Whether a domain vouches for a mail: its claims, and keys as they were seen in DNS or the word of the
 * reader's own server.
 */

import type { Verifier } from "../minisign/ed25519.ts";
import { DAY, day } from "../primitives/time.ts";
import type { ServerWord } from "./auth-results.ts";
import type { DkimClaim, DkimClaims, PreparedClaim } from "./claim.ts";
import { type DkimKey, readKeyRecord, signedBy, weakness } from "./key.ts";
import { bestOf, type DkimOutcome, type DkimResult, dkimResult, isVouched } from "./result.ts";

/** A key record, and when DNS had it; seconds. */
export interface SeenRecord {
  readonly text: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
}

interface SeenKey {
  readonly key: DkimKey;
  readonly lastSeen: number;
}

/** What is known of the keys of one name. */
export interface KnownKeys {
  readonly keys: readonly SeenKey[];
  /** What came of asking DNS in this run. */
  readonly asked: "no" | "answered" | "failed";
}

/** A key counts for mails of up to this time after it was last seen: mails travel, and DNS caches. */
const GRACE = 30 * DAY;
/** How far clocks may be apart. */
const SKEW = 3600;

/**
 * The keys of one name: of each key what its newest record says, none that is older than a revocation.
 *
 * @param records the one seen last comes first
 */
export function keysIn(records: readonly SeenRecord[]): SeenKey[] {
  const keys: SeenKey[] = [];
  const seen = new Set<string>();
  for (const { text, lastSeen } of records) {
    const key = readKeyRecord(text);
    if (key.kind === "key" && seen.has(key.p)) continue;
    if (key.kind === "key") seen.add(key.p);
    keys.push({ key, lastSeen });
    if (key.kind === "revoked") break;
  }
  return keys;
}

/**
 * @param keysOf the keys of a name
 * @param at the time of the check, seconds
 */
export function verifyClaims(
  { claims, others, words }: DkimClaims,
  keysOf: (keyName: string) => KnownKeys,
  at: number,
  verifier: Verifier,
): DkimResult {
  const said = new Map<DkimClaim, string>();
  for (const word of words) {
    const about = claims.filter((claim) => isAbout(word, claim));
    // it has to single one out
    const isClear = word.b !== "" || others.every(({ domain }) => domain !== word.domain);
    if (about.length === 1 && isClear) said.set(about[0]!, word.server);
  }
  const results = claims.map((claim) => {
    const saidBy = said.get(claim);
    return saidBy !== undefined && claim.prepared !== null
      ? { ...claim.prepared.ifGood, saidBy }
      : verifyClaim(claim, keysOf(claim.keyName), at, verifier);
  });
  return bestOf([...results, ...others]);
}

function isAbout({ domain, selector, b }: ServerWord, claim: DkimClaim): boolean {
  return (
    domain === claim.domain &&
    (selector === "" || selector === claim.selector) &&
    claim.b.startsWith(b)
  );
}

function verifyClaim(
  claim: DkimClaim,
  { keys, asked }: KnownKeys,
  at: number,
  verifier: Verifier,
): DkimResult {
  const { domain, keyName, prepared } = claim;
  if (prepared !== null && keys.length > 0)
    return bestOf(keys.map((known) => verifyWith(known, claim, prepared, at, verifier)));
  if (asked === "answered") return dkimResult("dkim-no-key", domain, keyName);
  const why = asked === "failed" ? "dns did not answer" : "--dkim asks for it";
  return dkimResult("dkim-unknown-key", domain, `${keyName}: ${why}`);
}

function verifyWith(
  { key, lastSeen }: SeenKey,
  { domain, keyName }: DkimClaim,
  claim: PreparedClaim,
  at: number,
  verifier: Verifier,
): DkimResult {
  const result = (outcome: DkimOutcome, detail: string) => dkimResult(outcome, domain, detail);
  if (key.kind === "revoked") return result("dkim-revoked", keyName);
  if (key.kind === "weak") return result("dkim-weak", key.detail);
  if (key.kind === "unusable") return result("dkim-key", `${keyName}: ${key.detail}`);
  if (key.strict && !claim.ownDomain)
    return result("dkim-key", `${keyName}: only for i= of the domain itself`);
  const { ifGood, algorithm, text, signature } = claim;
  if (ifGood.outcome === "dkim-body") return ifGood;
  if (!signedBy(key.public, algorithm, text, signature, verifier))
    return result("dkim-bad", "a signed header was changed");
  if (key.testing) return result("dkim-testing", keyName);
  return (
    untimely(claim, keyName, lastSeen, at, result) ?? {
      ...ifGood,
      detail: ifGood.detail || weakness(key.public),
    }
  );
}

/** What is wrong with the times of a good signature; null if nothing is. */
function untimely(
  { time, date, expires, ifGood }: PreparedClaim,
  keyName: string,
  lastSeen: number,
  at: number,
  result: (outcome: DkimOutcome, detail: string) => DkimResult,
): DkimResult | null {
  if (time !== null && time > at + SKEW) return result("dkim-future", day(time));
  const written = time ?? date;
  if (written === null || written > lastSeen + GRACE)
    return result("dkim-unknown-key", `${keyName}: last seen ${day(lastSeen)}`);
  // of what vouches for nothing, that is said first
  const isLate = expires !== null && at > expires && isVouched(ifGood);
  return isLate ? { ...result("dkim-expired", day(expires)), inTime: ifGood.outcome } : null;
}
