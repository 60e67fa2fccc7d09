/** The keys of X-Developer-Signatures: remembered on first use, and missed where they always signed. */

import { DAY } from "../../primitives/time.ts";
import { normaliseIdentity } from "../../trust/identity.ts";
import type { TrustMemory } from "../../trust/memory.ts";
import { sightingDigest } from "../../trust/sighting.ts";
import type { Finding } from "../../findings.ts";
import type { Evidence } from "../../verify/evidence.ts";
import { devsigMissing, ownKeyFinding } from "../../verify/devsig.ts";
import { type PatchResult, verdictOf } from "../../verify/result.ts";
import type { JudgedMail } from "../../verify/series.ts";

/** How long a signature is missed: its author may have given it up. */
const MISSED_FOR = 365 * DAY;

/**
 * The mails of a batch with what is known of the keys of their X-Developer-Signatures. To be run in the
 * transaction in which they were judged, since it remembers keys: none of a mail that fails.
 */
export function withDevKeys<P>(
  memory: TrustMemory,
  at: number,
  mails: readonly JudgedMail<P>[],
): JudgedMail<P>[] {
  const keyed = mails.map((mail) => adding(mail, keysMet(memory, at, mail)));
  // the one that is missed may have come first
  return keyed.map((mail) => adding(mail, signatureMissed(memory, at, mail)));
}

function adding<P>(mail: JudgedMail<P>, more: readonly Finding[]): JudgedMail<P> {
  if (more.length === 0) return mail;
  const findings = [...mail.result.findings, ...more];
  return { ...mail, result: { ...mail.result, findings, verdict: verdictOf(findings) } };
}

type Judged = Readonly<{ evidence: Evidence; result: PatchResult }>;

function keysMet(memory: TrustMemory, at: number, { evidence, result }: Judged): Finding[] {
  const { devsigs, isAnswer, content, attestation } = evidence;
  // a patch that is signed here too is named by what was signed
  const name = content ?? attestation;
  const isCounted = result.verdict !== "fail" && !isAnswer && name !== null;
  return devsigs.flatMap(({ identity, key, fromMail }) => {
    const known = memory.devKey(identity);
    // a person chose a keyring's keys: they take the place of another
    if (isCounted && (known === null || known.key === key || !fromMail))
      memory.countDevKey(identity, key, sightingDigest(identity, `devsig ${key}`, name), at);
    return fromMail ? [ownKeyFinding(identity, key, memory.devKey(identity))] : [];
  });
}

/** What is said if an unsigned mail lacks the signature that its author, or its sender, always made. */
function signatureMissed(memory: TrustMemory, at: number, { evidence, result }: Judged): Finding[] {
  const { author, senders, devsigs, whole, isAnswer, signature } = evidence;
  const isWarned = result.findings.some(({ code }) => code === "devsig-bad");
  if (!whole || isAnswer || signature !== "none" || isWarned) return [];
  const names = new Set([normaliseIdentity(author?.email ?? ""), ...senders]);
  for (const who of names) {
    if (who === null || devsigs.some(({ identity }) => identity === who)) continue;
    const record = memory.devKey(who);
    if (record !== null && at - record.lastSeen <= MISSED_FOR) return [devsigMissing(who, record)];
  }
  return [];
}
