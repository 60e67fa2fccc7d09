/** Findings about the key of a good patch: whose it is, what is known about it, the policy. */

import type { Decision } from "../trust/decide.ts";
import {
  MAX_NAMED,
  type ChangedKeyInfo,
  type KeyRecord,
  type UnsignedRecord,
} from "../trust/record.ts";
import type { Replay } from "../trust/replay.ts";
import type { PublicKeyText } from "../types.ts";
import { type Finding, finding } from "../findings.ts";
import { COMMANDS } from "../commands.ts";
import { shellCommand } from "../primitives/shell.ts";
import type { Evidence } from "./evidence.ts";
import type { Policy, Requirement } from "./policy.ts";
import { count } from "../primitives/words.ts";
import { day, month } from "../primitives/time.ts";

/** What the trust database says about a good patch's signer. */
export interface SignerContext {
  readonly kind: "signer";
  readonly decision: Decision;
  readonly unsigned: UnsignedRecord | null;
  /** Of a changed, replaced or revoked key; else null. */
  readonly changedKey: ChangedKeyInfo | null;
  /** Null for a key that is changed, replaced or revoked. */
  readonly replay: Replay | null;
  /** On first use of a key: a known signer whom its address looks like, or "". */
  readonly poses: string;
}

const RANK: Record<Decision["trust"], number> = {
  changed: -1,
  replaced: -1,
  revoked: -1,
  "result-only": -1,
  "first-use": 0,
  known: 1,
  endorsed: 2,
  pinned: 2,
};
const NEEDED: Record<Requirement, number> = {
  "opt-in": 0,
  vouched: 0,
  signature: 0,
  known: 1,
  pinned: 2,
};

/** Whether this policy admits a key on first use. */
export function admitsFirstUse({ require, firstUse }: Policy): boolean {
  return firstUse !== "fail" && RANK["first-use"] >= NEEDED[require];
}

function rankOf({ trust, tainted }: Pick<Decision, "trust" | "tainted">): number {
  return tainted ? Math.min(RANK[trust], RANK.known) : RANK[trust];
}

/** Whether this policy lets such a key speak for its holder. */
export function isKeyWithin(
  decision: Pick<Decision, "trust" | "tainted">,
  policy: Policy,
): boolean {
  const admitted = decision.trust !== "first-use" || admitsFirstUse(policy);
  return admitted && rankOf(decision) >= NEEDED[policy.require];
}

const FIRST_USE_SEVERITY = { allow: "info", warn: "warn", fail: "fail" } as const;

/** The findings about a good patch's signer. */
export function signerFindings(
  evidence: Evidence,
  known: SignerContext,
  policy: Policy,
  remembered: boolean,
): Finding[] {
  const { publicKey, comment } = evidence.signed!;
  const { by } = comment;
  const { decision, changedKey } = known;
  const { trust, record, others } = decision;
  switch (trust) {
    case "changed":
      return [changedFinding(by, publicKey, others[0] ?? null, changedKey)];
    case "replaced":
      return [replacedFinding(by, record, others, changedKey)];
    case "revoked":
      return [finding("key-revoked", `the key of ${by} ${revokedWhen(record, changedKey)}`)];
    case "result-only":
      return [finding("key-result-only", `the key of ${by} may sign test results, never patches`)];
    case "first-use":
    case "known":
    case "endorsed":
    case "pinned":
  }
  return [
    ...(trust === "first-use"
      ? [firstUseFinding(by, publicKey, known, policy, remembered)]
      : knownFindings(by, decision)),
    ...doubts(by, publicKey, known),
    ...policyFindings(by, publicKey, decision, policy),
  ];
}

function firstUseFinding(
  by: string,
  publicKey: PublicKeyText,
  { decision, unsigned }: SignerContext,
  policy: Policy,
  remembered: boolean,
): Finding {
  const before =
    unsigned === null
      ? ""
      : `; ${count(unsigned.patches, "unsigned patch")} from this address since ${month(unsigned.firstSeen)}`;
  const found = finding(
    "key-first-use",
    `key of ${by}: first use, ${firstUse(decision.record, remembered)}${before}`,
    publicKey,
  );
  return { ...found, severity: FIRST_USE_SEVERITY[policy.firstUse] };
}

function knownFindings(by: string, { trust, record }: Decision): Finding[] {
  if (record === null) return [];
  const patches = count(record.patches, "patch");
  const message = `key of ${by}: ${trust} since ${month(record.firstSeen)}, ${patches}`;
  return [finding("key-known", message)];
}

/** Why the key may be somebody else's although the table admits it. */
function doubts(
  by: string,
  publicKey: PublicKeyText,
  { decision, poses }: SignerContext,
): Finding[] {
  const findings: Finding[] = [];
  if (poses !== "")
    findings.push(
      finding(
        "address-lookalike",
        `${by} looks like ${poses}, who has another key here`,
        `if it is somebody else: ${acceptCommand(by, publicKey)}`,
      ),
    );
  if (decision.tainted)
    findings.push(
      finding(
        "key-tainted",
        `the key of ${by} came from a key that was revoked since: its owner named this one, or a thief`,
        `if they confirm that it is theirs: ${acceptCommand(by, publicKey)}`,
      ),
    );
  return findings;
}

function policyFindings(
  by: string,
  publicKey: PublicKeyText,
  decision: Decision,
  { require }: Policy,
): Finding[] {
  const { trust, record } = decision;
  if (rankOf(decision) >= NEEDED[require]) return [];
  const state = trust === "first-use" ? metSoFar(record) : trust;
  return [
    finding(
      "key-policy",
      `the key is ${state}; the policy requires ${require}`,
      `after checking the key: ${acceptCommand(by, publicKey)}`,
    ),
  ];
}

function firstUse(record: KeyRecord | null, remembered: boolean): string {
  if (record === null) return remembered ? "remembered" : "not remembered";
  return `met ${day(record.firstSeen)}`;
}

function metSoFar(record: KeyRecord | null): string {
  return record === null
    ? "met for the first time"
    : `met ${day(record.firstSeen)}, not yet in another series on another day`;
}

function acceptCommand(by: string, publicKey: PublicKeyText): string {
  return shellCommand(COMMANDS.accept, by, publicKey);
}

/** A key that was theirs once: accepting it again is not the first thing to do. */
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
      ? "they have no key in use"
      : `the key in use is ${now.publicKey}, ${now.state} since ${month(now.firstSeen)}`;
  return finding(
    "key-replaced",
    `signed by a key of ${by} that was replaced${onDay(changedKey)}, seen before on ${count(patches, "patch")}; ${instead}`,
    `ask for a patch signed with the key in use; its history: ${shellCommand(COMMANDS.history, by)}`,
  );
}

function revokedWhen(record: KeyRecord | null, changedKey: ChangedKeyInfo | null): string {
  const before =
    record === null || record.patches === 0
      ? ""
      : `, seen before on ${count(record.patches, "patch")}`;
  return `was revoked${onDay(changedKey)}${before}`;
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
      ? "they have no key in use"
      : `${before.state} since ${month(before.firstSeen)} on ${count(before.patches, "patch")} (${before.applied} applied, last ${month(before.lastSeen)}) is ${before.publicKey}`;
  return finding(
    "key-changed",
    [`this is not the key of ${by}: it is ${now}`, old, ...newKey(changedKey)].join("; "),
    `if they confirm that it is theirs: ${acceptCommand(by, now)}`,
  );
}

/** What is known about the new key, each a part of a sentence. */
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
