/** The verdict: what was found in a mail, what is known of the key, what the policy asks. Pure. */

import type { Decision } from "../trust/decide.ts";
import { MAX_NAMED } from "../trust/record.ts";
import type { ChangedKeyInfo, KeyRecord, UnsignedRecord } from "../trust/record.ts";
import type { Replay } from "../trust/replay.ts";
import type { Finding, PublicKeyText } from "../types.ts";
import type { Evidence } from "./evidence.ts";
import { finding } from "./findings.ts";
import { ageFindings, USUAL_DAYS } from "./age.ts";
import { DAY, type Policy, type Requirement } from "./policy.ts";
import { shellCommand } from "../shell.ts";
import { count, day, month } from "./words.ts";
import { type KeyFacts, type PatchResult, type Trust, verdictOf } from "./result.ts";

/** Since when (seconds), and on how many patches, somebody has signed. */
export interface Signs {
  readonly since: number;
  readonly patches: number;
}

/** What the trust database says of the mail's signer, or of the author of an unsigned mail. */
export type TrustContext =
  | {
      readonly kind: "signer";
      readonly decision: Decision;
      readonly unsigned: UnsignedRecord | null;
      /** Of a changed, replaced or revoked key; else null. */
      readonly changedKey: ChangedKeyInfo | null;
      /** Null for a key that is changed, replaced or revoked. */
      readonly replay: Replay | null;
      /** Of a key that is met for the first time: a known signer whom its address looks like, or "". */
      readonly poses: string;
    }
  | {
      readonly kind: "unsigned";
      /** How this author has signed before, or null. */
      readonly signs: Signs | null;
      /** The identity that has signed, if the mail's address only looks like it; else "". */
      readonly poses: string;
      /** Who has signed, if a list may have put its own address in that one's place. */
      readonly who?: string;
    }
  /** The signature is not good, or the mail could not be read: trust was not asked. */
  | { readonly kind: "none" };

/**
 * The one record of this mail.
 *
 * @param source where it was found
 * @param remembered false in a dry run, and if the mail fails: then nothing of it is
 * @param said what is found of the statements that it carries
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

/** What is odd about the time at which a good patch comes, with what shows it. */
function replayFindings(
  { signed }: Evidence,
  { decision, replay }: Extract<TrustContext, { kind: "signer" }>,
): Finding[] {
  const findings: Finding[] = [];
  const { same, newer } = replay ?? { same: null, newer: null };
  if (same !== null)
    findings.push(
      finding("replayed", `this very patch came before, on ${day(same.at)}, as ${same.messageId}`),
    );
  if (newer !== null) {
    const where = newer.messageId === "" ? "" : `, as ${newer.messageId}`;
    findings.push(
      finding(
        "replayed-older",
        `v${newer.version} of it, signed ${day(newer.signedAt)}, came before this, on ${day(newer.at)}${where}`,
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
): [Trust | null, Finding[]] {
  switch (context.kind) {
    case "none":
      return [null, []];
    case "unsigned":
      return unsignedFindings(evidence, context, policy);
    case "signer":
      return signerFindings(evidence, context, policy, remembered);
  }
}

function unsignedFindings(
  evidence: Evidence,
  { signs, poses, who: known }: Extract<TrustContext, { kind: "unsigned" }>,
  policy: Policy,
): [Trust | null, Finding[]] {
  if (signs !== null) {
    const who = known ?? evidence.author?.email ?? "the author";
    if (poses !== "")
      return [
        "unknown",
        [
          finding(
            "address-lookalike",
            `${who} is written to look like ${poses}, who has signed since ${month(signs.since)}; this one is not signed`,
          ),
        ],
      ];
    const text = `${who} has signed since ${month(signs.since)}; this one is not signed`;
    const found = finding("unsigned-known", text);
    return ["unknown", [{ ...found, severity: policy.unsignedKnown }]];
  }
  const code = policy.require === "nothing" ? "unsigned-allowed" : "unsigned";
  return [null, [finding(code, "not signed")]];
}

const RANK: Record<Decision["trust"], number> = {
  changed: -1,
  replaced: -1,
  revoked: -1,
  "first-use": 0,
  known: 1,
  endorsed: 2,
  pinned: 2,
};
const NEEDED: Record<Requirement, number> = { nothing: 0, signature: 0, known: 1, pinned: 2 };

/** Does this policy let in a key that is met for the first time? */
export function admitsFirstUse({ require, firstUse }: Policy): boolean {
  return firstUse !== "fail" && RANK["first-use"] >= NEEDED[require];
}

const FIRST_USE_SEVERITY = { allow: "info", warn: "warn", fail: "fail" } as const;

function signerFindings(
  evidence: Evidence,
  { decision, unsigned, changedKey, poses }: Extract<TrustContext, { kind: "signer" }>,
  policy: Policy,
  remembered: boolean,
): [Trust, Finding[]] {
  const { publicKey, comment } = evidence.signed!;
  const { trust, record, others } = decision;
  const by = comment.by;
  switch (trust) {
    case "changed":
      return [trust, [changedFinding(by, publicKey, others[0] ?? null, changedKey)]];
    case "replaced":
      return [trust, [replacedFinding(by, record, others, changedKey)]];
    case "revoked":
      return [
        trust,
        [finding("key-revoked", `the key of ${by} ${revokedWhen(record, changedKey)}`)],
      ];
    case "first-use":
    case "known":
    case "endorsed":
    case "pinned":
  }
  const findings: Finding[] = [];
  if (trust === "first-use") {
    const before =
      unsigned === null
        ? ""
        : `; ${count(unsigned.patches, "unsigned patch")} from this address since ${month(unsigned.firstSeen)}`;
    const found = finding(
      "key-first-use",
      `key of ${by}: first use, ${firstUse(record, remembered)}${before}`,
      publicKey,
    );
    findings.push({ ...found, severity: FIRST_USE_SEVERITY[policy.firstUse] });
  } else if (record !== null) {
    findings.push({
      code: "key-known",
      severity: "info",
      message: `key of ${by}: ${trust} since ${month(record.firstSeen)}, ${count(record.patches, "patch")}`,
      hint: "",
    });
  }
  if (poses !== "")
    findings.push(
      finding(
        "address-lookalike",
        `${by} is written to look like ${poses}, who has a key here; this one is another`,
        `if it is somebody else: ${acceptCommand(by, publicKey)}`,
      ),
    );
  if (decision.tainted)
    findings.push(
      finding(
        "key-tainted",
        `the key of ${by} came from a key that is revoked by now: its owner named this one, or its thief`,
        `if they say that it is theirs: ${acceptCommand(by, publicKey)}`,
      ),
    );
  const rank = decision.tainted ? Math.min(RANK[trust], RANK.known) : RANK[trust];
  if (rank < NEEDED[policy.require]) {
    findings.push(
      finding(
        "key-policy",
        `the key is ${trust === "first-use" ? metSoFar(record) : trust}; asked for is ${policy.require}`,
        `after checking the key: ${acceptCommand(by, publicKey)}`,
      ),
    );
  }
  return [trust, findings];
}

function firstUse(record: KeyRecord | null, remembered: boolean): string {
  if (record === null) return remembered ? "remembered" : "not remembered";
  return `met ${day(record.firstSeen)}`;
}

function metSoFar(record: KeyRecord | null): string {
  return record === null
    ? "met for the first time"
    : `met ${day(record.firstSeen)}, and not in another series on another day yet`;
}

function acceptCommand(by: string, publicKey: PublicKeyText): string {
  return shellCommand("git patchsig trust accept", by, publicKey);
}

/** A key that was theirs once: the command that takes it back is not what to do first. */
function replacedFinding(
  by: string,
  record: KeyRecord | null,
  others: readonly KeyRecord[],
  changedKey: ChangedKeyInfo | null,
): Finding {
  const { patches = 0 } = record ?? {};
  const [now] = others;
  const instead =
    now === undefined
      ? "no key of theirs is in use any more"
      : `in use is ${now.publicKey}, ${now.state} since ${month(now.firstSeen)}`;
  return finding(
    "key-replaced",
    `signed by a key of ${by} that was replaced${onDay(changedKey)}, known before on ${count(patches, "patch")}; ${instead}`,
    `ask for it to be signed with the key in use; what happened: ${shellCommand("git patchsig trust show", by)}`,
  );
}

function revokedWhen(record: KeyRecord | null, changedKey: ChangedKeyInfo | null): string {
  const before =
    record === null || record.patches === 0
      ? ""
      : `, known before on ${count(record.patches, "patch")}`;
  return `is revoked${onDay(changedKey)}${before}`;
}

function onDay(changedKey: ChangedKeyInfo | null): string {
  const ended = changedKey?.ended ?? null;
  return ended === null ? "" : ` on ${day(ended)}`;
}

/** Both keys, what is known of each, and the command that accepts the new one. */
function changedFinding(
  by: string,
  now: PublicKeyText,
  before: KeyRecord | null,
  changedKey: ChangedKeyInfo | null,
): Finding {
  const old =
    before === null
      ? "no key of theirs is in use any more"
      : `${before.state} since ${month(before.firstSeen)} on ${count(before.patches, "patch")} (${before.applied} applied, last ${month(before.lastSeen)}) is ${before.publicKey}`;
  return finding(
    "key-changed",
    [`this is not the key of ${by}: it is ${now}`, old, ...newKey(changedKey)].join("; "),
    `if they say that it is theirs: ${acceptCommand(by, now)}`,
  );
}

/** What is known of the new key, a part of a sentence each. */
function newKey(changedKey: ChangedKeyInfo | null): string[] {
  if (changedKey === null) return [];
  const { since, elsewhere, statements } = changedKey;
  const others = elsewhere
    .slice(0, MAX_NAMED)
    .map((known) => `${known.state} for ${known.identity} on ${count(known.patches, "patch")}`);
  const words = statements
    .slice(0, MAX_NAMED)
    .map(({ kind, by, signer }) =>
      kind !== "endorse"
        ? `the ${signer ?? "unknown"} key of ${by} ${kind === "add" ? "announced it" : "was rotated to it"}`
        : `endorsed by ${by}, whose key is ${signer ?? "unknown"}`,
    );
  return [
    since === null
      ? "the new one is seen for the first time"
      : `the new one was first seen ${day(since)}, and never accepted`,
    ...(others.length === 0 ? [] : [`it is ${others.join(", ")}`]),
    ...(words.length === 0 ? ["nobody vouches for it"] : words),
  ];
}
