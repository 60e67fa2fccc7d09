/** The verdict: from what was found in a mail, what is known about the key, and the policy. Pure. */

import { type Finding, finding } from "../findings.ts";
import type { Evidence } from "./evidence.ts";
import { ageFindings, USUAL_DAYS } from "./age.ts";
import { asksForSignature, type Policy } from "./policy.ts";
import { DAY, day, month } from "../primitives/time.ts";
import { signerFindings, type SignerContext } from "./signer.ts";
import { type Vouching, vouchedFacts, vouchingFindings } from "./dkim.ts";
import { type KeyFacts, type PatchResult, type KeyTrust, verdictOf } from "./result.ts";

/** Since when (seconds) somebody has signed. */
export interface Signs {
  readonly since: number;
}

/** What the trust database says about the signer, or about the author of an unsigned mail. */
export type TrustContext =
  | SignerContext
  | {
      readonly kind: "unsigned";
      /** How this author signed before, or null. */
      readonly signs: Signs | null;
      /** The known signer whom the mail's address only looks like; else "". */
      readonly poses: string;
      /** The known signer whose address a list may have replaced. */
      readonly who?: string;
      /** Who vouches for it; null, or not there, if nobody asked. */
      readonly vouching?: Vouching | null;
    }
  /** The signature is not good, or the mail was refused: trust does not matter. */
  | { readonly kind: "none" };

/**
 * The one record of this mail.
 *
 * @param source where it was found
 * @param remembered false in a dry run, or if the mail fails: nothing of it is remembered
 * @param said the findings about its statements
 */
export function judge(
  evidence: Evidence,
  source: string,
  context: TrustContext,
  policy: Policy,
  remembered: boolean,
  said: readonly Finding[] = [],
): PatchResult {
  const [trust, more] = trustFindings(evidence, context, policy, remembered);
  const findings = [
    ...evidence.findings,
    ...said,
    ...more,
    ...ageFindings(evidence, policy),
    ...(context.kind === "signer" ? replayFindings(evidence, context) : []),
  ];
  const { signed, number } = evidence;
  return {
    type: "patch",
    source,
    messageId: evidence.messageId,
    subject: evidence.subject,
    author: evidence.author,
    signer: signed?.comment.by ?? null,
    publicKey: signed?.publicKey ?? null,
    signature: evidence.signature,
    trust,
    key: keyFacts(context),
    vouched: context.kind === "unsigned" ? vouchedFacts(context.vouching ?? null) : null,
    changed: evidence.changed,
    base: evidence.base,
    series: !evidence.read ? null : { id: signed?.comment.series ?? null, ...number },
    findings,
    verdict: verdictOf(findings),
  };
}

function keyFacts(context: TrustContext): KeyFacts | null {
  if (context.kind !== "signer" || context.decision.record === null) return null;
  const { state, firstSeen, patches } = context.decision.record;
  return { state, firstSeen, ended: context.changedKey?.ended ?? null, patches };
}

/** What is odd about the time of a good patch, with the evidence. */
function replayFindings({ signed }: Evidence, { decision, replay }: SignerContext): Finding[] {
  const findings: Finding[] = [];
  const { same, newer } = replay ?? { same: null, newer: null };
  if (same !== null)
    findings.push(
      same.version < signed!.comment.version
        ? finding("unchanged", `unchanged since v${same.version}`)
        : finding(
            "replayed",
            `the same patch came before, on ${day(same.at)}, as ${same.messageId}`,
          ),
    );
  if (newer !== null) {
    const where = newer.messageId === "" ? "" : `, as ${newer.messageId}`;
    findings.push(
      finding(
        "replayed-older",
        `v${newer.version}, signed ${day(newer.signedAt)}, came before this one, on ${day(newer.at)}${where}`,
      ),
    );
  }
  const days = Math.floor(((decision.record?.firstSeen ?? 0) - signed!.comment.time) / DAY);
  if (days > USUAL_DAYS)
    findings.push(
      finding("signed-before-key", `signed ${days} days before this key was first seen here`),
    );
  return findings;
}

function trustFindings(
  evidence: Evidence,
  context: TrustContext,
  policy: Policy,
  remembered: boolean,
): [KeyTrust | null, Finding[]] {
  switch (context.kind) {
    case "none":
      return [null, []];
    case "unsigned":
      return unsignedFindings(evidence, context, policy);
    case "signer":
      return [context.decision.trust, signerFindings(evidence, context, policy, remembered)];
  }
}

function unsignedFindings(
  evidence: Evidence,
  { signs, poses, who: known, vouching = null }: Extract<TrustContext, { kind: "unsigned" }>,
  policy: Policy,
): [KeyTrust | null, Finding[]] {
  const author = evidence.author?.email ?? "the author";
  const vouched = vouchingFindings(vouching, author, policy);
  if (signs !== null) {
    const who = known ?? author;
    const since = `has signed since ${month(signs.since)}`;
    if (poses !== "") {
      const text = `${who} looks like ${poses}, who ${since}; this patch is not signed`;
      return ["unknown", [finding("address-lookalike", text), ...vouched]];
    }
    const found = finding("unsigned-known", `${who} ${since}; this one is not signed`);
    return ["unknown", [{ ...found, severity: policy.unsignedKnown }, ...vouched]];
  }
  const severity = asksForSignature(policy) ? "fail" : "warn";
  return [null, [{ ...finding("unsigned", "not signed"), severity }, ...vouched]];
}
