/** X-Developer-Signatures as information: findings that never improve a verdict. */

import { dropCr } from "../mail/line-ends.ts";
import { type DevResult, type DevTools, verifyDevsig } from "../devsig/verify.ts";
import { type Finding, finding } from "../findings.ts";
import { DAY, month } from "../primitives/time.ts";
import { count } from "../primitives/words.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import type { DevKeyRecord } from "../trust/record.ts";
import type { Checked } from "./result.ts";

/**
 * The mail with a finding for each X-Developer-Signature that it has. What is known of a key that the
 * mail itself brought is said when the mail is judged.
 */
export function withDevsig(mail: Buffer, checked: Checked, tools: DevTools): Checked {
  const { view, diff, author, senders, findings } = checked;
  if (view === null || view.headers.developerSignature === "") return checked;
  const theirs = [normaliseIdentity(author?.email ?? ""), ...senders];
  const results = verifyDevsig(dropCr(mail), view, diff, theirs, tools);
  return {
    ...checked,
    devsigs: results.flatMap(({ key }) => key ?? []),
    findings: [
      ...findings,
      ...results.filter(({ key }) => key?.fromMail !== true).map(devsigFinding),
    ],
  };
}

function devsigFinding({ outcome, identity, algorithm, detail }: DevResult): Finding {
  const whose = signatureOf(identity);
  const how = algorithm === null ? "" : ` (${algorithm})`;
  switch (outcome) {
    case "good":
      return finding("devsig-good", `${whose}: good (${algorithm}, key from ${detail})`);
    case "bad":
      return finding("devsig-bad", `${whose}: bad${how}: ${detail}`);
    case "unknown-key":
      return finding("devsig-unknown-key", `${whose}: unknown key (${detail})`);
    case "unsupported":
      return finding("devsig-unsupported", `${whose}: not checked${how}: ${detail}`);
  }
}

function signatureOf(identity: string): string {
  return `X-Developer-Signature${identity === "" ? "" : ` of ${identity}`}`;
}

/**
 * What is known of the key that a mail brought for its good signature.
 *
 * @param record what is remembered, this mail included; null if nothing
 */
export function ownKeyFinding(identity: string, key: string, record: DevKeyRecord | null): Finding {
  const whose = signatureOf(identity);
  if (record !== null && record.key !== key)
    return finding("devsig-changed", `${whose}: not by the key ${seen(record)}`);
  // another patch came on another day
  const isKnown = record !== null && record.lastSeen >= record.since + DAY;
  return isKnown
    ? finding("devsig-known", `${whose}: good (ed25519, key known since ${month(record.since)})`)
    : finding("devsig-first-use", `${whose}: good (ed25519, first use of the key)`);
}

function seen({ since, patches }: DevKeyRecord): string {
  return `seen since ${month(since)} (${count(patches, "patch")})`;
}

/** Of an unsigned mail without a good signature, in the name of somebody who had one before. */
export function devsigMissing(who: string, { since, patches }: DevKeyRecord): Finding {
  const before = `since ${month(since)} (${count(patches, "patch")})`;
  return finding(
    "devsig-missing",
    `${who} has signed with X-Developer-Signature ${before}; this one has no good one`,
  );
}
