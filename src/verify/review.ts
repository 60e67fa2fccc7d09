/**
 * Whose a signed review is, and what it proves of a patch (docs/spec/review.md, "Verifier's duties"). A
 * review changes nothing that is remembered of keys, and no verdict on a patch.
 */

import { COMMANDS } from "../commands.ts";
import { type Finding, finding } from "../findings.ts";
import { day, month } from "../primitives/time.ts";
import { count } from "../primitives/words.ts";
import { shellCommand } from "../primitives/shell.ts";
import { unsaidTrailer, type WrittenTrailer } from "../review/proof.ts";
import type { ReviewFlaw, ReviewReading, SignedReview } from "../review/review.ts";
import { type Decision, decide, keyRecordOf } from "../trust/decide.ts";
import type { TrustMemory } from "../trust/memory.ts";
import { type Pins, refusedByPins, withPins } from "../trust/pins.ts";
import type { KeyRecord, Sighting } from "../trust/record.ts";
import { isKeyWithin } from "./signer.ts";
import type { Policy } from "./policy.ts";
import type { KeyTrust } from "./result.ts";

/** What is known of the key of a review. */
export interface JudgedReview {
  readonly review: SignedReview;
  /** `unknown`: nobody has met the key under the reviewer's address. */
  readonly trust: KeyTrust;
  /** What is remembered of the key; null if nothing. */
  readonly key: KeyRecord | null;
  /** The key is the reviewer's, as far as the policy asks: the review proves something. */
  readonly counts: boolean;
  readonly findings: readonly Finding[];
}

/** What a verdict on a review depends on besides the keys that are remembered. */
export interface ReviewContext {
  /** That of the patches' list and paths. */
  readonly policy: Policy;
  /** What the current repository's keyring says. */
  readonly pins: Pins;
  /** The verifier's clock, seconds. */
  readonly at: number;
}

/** Who sent the mail that a review is in: an address in its normal form; null if From names not just one. */
export type ReviewSender = string | null;

/**
 * Judges the key of a review as that of a patch would be, but remembers nothing: whoever writes a reply
 * must not be able to make an address have a key, so that its owner's unsigned patches fail.
 */
export function judgeReview(
  memory: Pick<TrustMemory, "lookup" | "keyHistory">,
  review: SignedReview,
  { policy, pins, at }: ReviewContext,
  sender: ReviewSender,
): JudgedReview {
  const { trust, record, tainted, others } = decisionOn(memory, review, pins, at);
  const isUnknown = trust === "first-use" && record === null;
  const counts = !isUnknown && isKeyWithin({ trust, tainted }, policy);
  const findings = [
    ...keyFindings(review, trust, record, others),
    ...(tainted ? [taintedFinding(review)] : []),
    ...(record !== null && isUsable(trust) && !counts
      ? [policyFinding(review, trust, policy)]
      : []),
    ...(sender === review.by ? [] : [relayedFinding(review, sender)]),
  ];
  return { review, trust: isUnknown ? "unknown" : trust, key: record, counts, findings };
}

/** Whose a key is, as the database and the keyrings say; nothing is remembered. */
export function decisionOn(
  memory: Pick<TrustMemory, "lookup" | "keyHistory">,
  { by, publicKey }: Pick<SignedReview, "by" | "publicKey">,
  pins: Pins,
  at: number,
): Decision {
  const records = memory.lookup(by);
  // of the series that brought the key, so that a review is not the other series that makes it known
  const series = keyRecordOf(records, publicKey)?.firstSeries ?? "";
  const digest = Buffer.alloc(8);
  const sighting: Sighting = {
    identity: by,
    publicKey,
    digest,
    series,
    at,
    messageId: "",
    list: "",
  };
  return (
    refusedByPins(pins, sighting, records) ??
    withPins(pins, sighting, decide(sighting, memory.keyHistory(sighting), false))
  );
}

function isUsable(trust: Decision["trust"]): boolean {
  return !["changed", "replaced", "revoked", "result-only"].includes(trust);
}

function keyFindings(
  { by, publicKey }: SignedReview,
  trust: Decision["trust"],
  record: KeyRecord | null,
  others: readonly KeyRecord[],
): Finding[] {
  const accept = `if they confirm that it is theirs: ${shellCommand(COMMANDS.accept, by, publicKey)}`;
  switch (trust) {
    case "changed": {
      const [known] = others;
      const theirs =
        known === undefined ? "they have no key in use" : `theirs is ${known.publicKey}`;
      const message = `the review is signed by another key than that of ${by}: ${publicKey}; ${theirs}`;
      return [finding("review-key-changed", message, accept)];
    }
    case "replaced":
      return [
        finding("review-key-replaced", `the review is signed by a key of ${by} that was replaced`),
      ];
    case "revoked":
      return [
        finding("review-key-revoked", `the review is signed by a key of ${by} that was revoked`),
      ];
    case "result-only":
      return [
        finding("review-key-result-only", `the key of ${by} may sign test results, never reviews`),
      ];
    case "first-use":
      if (record === null)
        return [
          finding(
            "review-key-unknown",
            `nothing is known of the key of ${by} that signed the review`,
            accept,
          ),
        ];
      return [knownFinding(by, `met ${day(record.firstSeen)}`)];
    case "known":
    case "endorsed":
    case "pinned":
      return [
        knownFinding(by, record === null ? trust : `${trust} since ${month(record.firstSeen)}`),
      ];
  }
}

function knownFinding(by: string, state: string): Finding {
  return finding("review-key-known", `reviewed by ${by}; the key: ${state}`);
}

function taintedFinding({ by, publicKey }: SignedReview): Finding {
  return finding(
    "review-key-tainted",
    `the key of ${by} came from a key that was revoked since: its owner named this one, or a thief`,
    `if they confirm that it is theirs: ${shellCommand(COMMANDS.accept, by, publicKey)}`,
  );
}

function policyFinding(
  { by, publicKey }: SignedReview,
  trust: Decision["trust"],
  { require }: Policy,
): Finding {
  return finding(
    "review-key-policy",
    `the reviewer's key is ${trust}; the policy requires ${require}`,
    `after checking the key: ${shellCommand(COMMANDS.accept, by, publicKey)}`,
  );
}

function relayedFinding({ by }: SignedReview, sender: ReviewSender): Finding {
  return finding(
    "review-relayed",
    `${by} signed this review, ${sender ?? "somebody else"} sent it`,
  );
}

const FLAWS: Readonly<Record<ReviewFlaw, Finding>> = {
  malformed: finding("review-malformed", "cannot read a review: it is damaged"),
  version: finding(
    "review-malformed",
    "cannot read a review: this patchsig does not know its version",
  ),
  "too-many": finding(
    "review-malformed",
    "cannot read a review: there are more than 8 in this mail",
  ),
  signature: finding("review-bad", "the signature of a review does not verify"),
  changed: finding("review-changed", "a review is not what was signed: something changed its text"),
  diff: finding(
    "review-with-diff",
    "the mail has a diff of its own: its signed review is not read",
  ),
};

/** What is wrong with a review that does not count. */
export function reviewFlaw({ why }: Extract<ReviewReading, { ok: false }>): Finding {
  return FLAWS[why];
}

/**
 * What of a review is not about these patches: it was given for another version, or was sent in an answer
 * to patches that it does not name.
 *
 * @param version of the series
 * @param present digests of the patches' diffs
 */
export function strayFindings(
  { by, patches, version: reviewed }: SignedReview,
  version: number,
  present: ReadonlySet<string>,
): Finding[] {
  const strays = patches.filter(({ diff }) => !present.has(diff));
  if (strays.length === 0) return [];
  const which = `${count(strays.length, "patch")} that ${by} reviewed`;
  return reviewed !== version
    ? [finding("review-outdated", `${which} in v${reviewed ?? "?"}: the diff is another one now`)]
    : [finding("review-of-other", `${which}: not here with that diff`)];
}

/** Says that the clear text of a mail claims more than its reviews, which alone are signed. */
export function clearTextFindings(
  reviews: readonly SignedReview[],
  written: readonly WrittenTrailer[],
): Finding[] {
  const unsaid = unsaidTrailer(reviews, written);
  if (unsaid === null) return [];
  const line = `${unsaid.name}: ${unsaid.value}`;
  return [finding("review-differs", `"${line}" is not what the signed review says`)];
}
