/**
 * What a statement changes here, as a pure rule. Its signatures are good; the question is whether
 * its signer has the right to make it.
 */

import type { PublicKeyText } from "../types.ts";
import { decideAccept, transitionOf, keyRecordOf, revokedBy, usableKeys } from "./decide.ts";
import type { KeyRecord, KeyTransition } from "./record.ts";
import type { Statement } from "./statement.ts";
import { nextState } from "./table.ts";

/**
 * How many keys of one identity statements in mails may add: nobody needs more, and an attacker could
 * make others remember and search them all.
 */
const MAX_KEYS = 128;

/** What is remembered that bears on a statement. */
export interface StatementStanding {
  /** The statement has changed something before. */
  readonly applied: boolean;
  /** Every key of the identity `by`, and of the identity `of`. */
  readonly signers: readonly KeyRecord[];
  readonly subjects: readonly KeyRecord[];
  /** The signer, or the key that the statement is about, is revoked under any identity. */
  readonly signerRevoked: boolean;
  readonly keyRevoked: boolean;
  /** That key under every identity that has it; a function, since they can be many. */
  readonly everywhere: () => readonly KeyRecord[];
}

/**
 * `repeated`: it was followed before, or changes nothing. `refused`: its signer had no right to make
 * it. `ignored`: its signer is not trusted enough here.
 */
export interface Ruling {
  readonly outcome: "applied" | "repeated" | "refused" | "ignored";
  /** Why not, in a few words; "" if it was applied. */
  readonly why: string;
  readonly transitions: readonly KeyTransition[];
}

const REPEATED: Ruling = { outcome: "repeated", why: "nothing new", transitions: [] };
const refused = (why: string): Ruling => ({ outcome: "refused", why, transitions: [] });
const ignored = (why: string): Ruling => ({ outcome: "ignored", why, transitions: [] });
const applied = (transitions: readonly KeyTransition[]): Ruling => ({
  outcome: "applied",
  why: "",
  transitions,
});

/** Judges a statement whose two signatures are good. */
export function ruleOn(statement: Statement, standing: StatementStanding): Ruling {
  if (standing.applied) return { outcome: "repeated", why: "seen before", transitions: [] };
  switch (statement.kind) {
    case "rotate":
    case "add":
      return ruleOnNewKey(statement, standing);
    case "endorse":
      return ruleOnEndorsement(statement, standing);
    case "revoke":
      return ruleOnRevocation(statement, standing);
  }
}

/** Null if the signing key may speak for `by` at all; else why not. */
function objection(statement: Statement, standing: StatementStanding): Ruling | null {
  const { by, signer } = statement;
  if (standing.signerRevoked) return refused("it is signed by a revoked key");
  const record = keyRecordOf(standing.signers, signer);
  if (record === null)
    return standing.signers.length > 0
      ? refused(`it is not signed by the key of ${by}`)
      : ignored(`no key of ${by} is known here`);
  return record.state === "replaced" ? refused(`it is signed by a replaced key of ${by}`) : null;
}

function isFull({ subjects }: StatementStanding): boolean {
  return subjects.length >= MAX_KEYS;
}

function tooMany(of: string): Ruling {
  return ignored(`${of} has had ${MAX_KEYS} keys; a person can still accept another one`);
}

/**
 * How many keys of one identity statements and keyrings may bring into use at a time: a person has a
 * few machines, and each additional key can be stolen.
 */
export const MAX_IN_USE = 8;

/** Null if the signing key may bring a new one into use for `by`; else why not, or why it need not. */
function objectionToNewKey(statement: Statement, standing: StatementStanding): Ruling | null {
  const { kind, by, of, key, signer } = statement;
  if (by !== of) return refused("a key can name another one only for its own address");
  const against = objection(statement, standing);
  const old = keyRecordOf(standing.signers, signer);
  // for example, a keyring brought both the new key and its statement
  if (isInUse(standing, key) && !standing.signerRevoked && old === null) return REPEATED;
  if (against !== null) return against;
  const row = kind === "add" ? "addition, the first key" : "rotation, the old key";
  if (nextState(row, old!.state) === "ignored") return ignored(`the key of ${by} is not known yet`);
  return key === signer ? refused("it names the same key") : null;
}

function isInUse({ signers }: StatementStanding, key: PublicKeyText): boolean {
  return usableKeys(signers).some((known) => known.publicKey === key);
}

/** A rotation replaces the signing key, an addition leaves it in use; otherwise they are the same. */
function ruleOnNewKey(statement: Statement, standing: StatementStanding): Ruling {
  const { kind, by, of, key, signer } = statement;
  const against = objectionToNewKey(statement, standing);
  if (against !== null) return against;
  const old = keyRecordOf(standing.signers, signer)!;
  const row =
    old.state === "known"
      ? "rotation or addition, the new key after a known one"
      : "rotation or addition, the new key after a better one";
  const record = keyRecordOf(standing.signers, key);
  const to = nextState(row, standing.keyRevoked ? "revoked" : (record?.state ?? null));
  if (to === "refused") return refused(`the new key is ${record?.state ?? "revoked"}`);
  if (record === null && isFull(standing)) return tooMany(of);
  const arrivals = arrivalOf(statement, record, old, to);
  if (kind !== "add") return applied([transitionOf(old, "replaced", kind, key), ...arrivals]);
  if (arrivals.length === 0) return REPEATED;
  if (!isInUse(standing, key) && usableKeys(standing.signers).length >= MAX_IN_USE)
    return refused(`${by} has ${MAX_IN_USE} keys in use`);
  return applied(arrivals);
}

/** The new key's own transition, if it has one. */
function arrivalOf(
  { kind, of, key, signer }: Statement,
  record: KeyRecord | null,
  old: KeyRecord,
  to: ReturnType<typeof nextState>,
): KeyTransition[] {
  if (to !== "known" && to !== "endorsed") return [];
  // a pinned key depends on the person alone, whoever endorsed it before
  const endorsedBy = old.state === "pinned" ? "" : old.endorsedBy;
  const rotatedFrom = signer;
  return [
    { record, identity: of, publicKey: key, to, kind, other: signer, endorsedBy, rotatedFrom },
  ];
}

function ruleOnEndorsement(statement: Statement, standing: StatementStanding): Ruling {
  const { by, of, key, signer } = statement;
  const against = objection(statement, standing);
  if (against !== null) return against;
  if (keyRecordOf(standing.signers, signer)!.state !== "pinned")
    return ignored(`the key of ${by} is not pinned here`);
  const record = keyRecordOf(standing.subjects, key);
  const others = usableKeys(standing.subjects).some((known) => known !== record);
  const row = others ? "endorsement, another key in use" : "endorsement, no other key in use";
  const to = nextState(row, standing.keyRevoked ? "revoked" : (record?.state ?? null));
  if (to === "=") return REPEATED;
  if (to === "refused") return refused(`the key is ${record?.state ?? "revoked"}`);
  if (to !== "endorsed") return ignored(`another key of ${of} is in use`);
  if (record === null && isFull(standing)) return tooMany(of);
  return applied([
    {
      record,
      identity: of,
      publicKey: key,
      to,
      kind: "endorse",
      other: signer,
      endorsedBy: signer,
    },
  ]);
}

function ruleOnRevocation(statement: Statement, standing: StatementStanding): Ruling {
  const { by, of, key, signer } = statement;
  if (key !== signer) {
    const against = objection(statement, standing);
    if (against !== null) return against;
    if (keyRecordOf(standing.signers, signer)!.state !== "pinned")
      return ignored(`the key of ${by} is not pinned here`);
    if (keyRecordOf(standing.subjects, key)?.endorsedBy !== signer)
      return refused(`${by} has not endorsed that key of ${of}`);
    // otherwise an endorser for one address could revoke it for another
    const confirmed = standing
      .everywhere()
      .find(
        ({ state, endorsedBy }) =>
          (state === "pinned" || state === "endorsed") && endorsedBy !== signer,
      );
    if (confirmed !== undefined)
      return refused(`others have confirmed that key, for ${confirmed.identity}`);
  }
  // it is revoked under every identity
  if (standing.keyRevoked) return REPEATED;
  // for a key that nobody has here, only the statement is remembered
  return applied(standing.everywhere().flatMap((record) => revokedBy("revoke", record, signer)));
}

/** The same for a statement that the user signs: it counts as the user's own decision. */
export function ownRuling(statement: Statement, standing: StatementStanding): Ruling {
  const { of, key, kind, signer } = statement;
  if (kind === "revoke")
    return applied(standing.everywhere().flatMap((record) => revokedBy("revoke", record, signer)));
  const transitions = decideAccept(of, key, standing.subjects, standing.keyRevoked, kind === "add");
  return transitions === null ? refused("the key is revoked") : applied(transitions);
}
