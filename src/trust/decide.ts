/**
 * Whose key it is, as a pure rule: what an event means, given what is remembered, and what to remember
 * from now on. Every function here reads the table in table.ts.
 */

import type {
  KeyRecord,
  KeyState,
  KeyTransition,
  Sighting,
  KeyHistory,
  TrustChange,
} from "./record.ts";
import { nextState } from "./table.ts";
import type { PublicKeyText } from "../types.ts";
import { DAY } from "../primitives/time.ts";

export interface Decision {
  readonly trust:
    | "pinned"
    | "endorsed"
    | "known"
    | "first-use"
    | "changed"
    | "replaced"
    | "revoked"
    | "result-only";
  /** What was remembered of the sighted key under this identity before; null if nothing. */
  readonly record: KeyRecord | null;
  /** Other keys of the identity that are in use: what a changed key should have been. */
  readonly others: readonly KeyRecord[];
  /** The key is good, but came by rotations from one that was revoked since. */
  readonly tainted: boolean;
  /** What the store should do, or null. */
  readonly change: TrustChange | null;
}

const USABLE: ReadonlySet<KeyState> = new Set(["first-use", "known", "endorsed", "pinned"]);

/** The records whose key is in use: neither replaced nor revoked. */
export function usableKeys(records: readonly KeyRecord[]): readonly KeyRecord[] {
  return records.filter((record) => USABLE.has(record.state));
}

/** The least number of seconds between the first sighting of a key and the one that makes it known. */
const ANOTHER_DAY = DAY;

/** A key becomes known by another series than the one that brought it, on another day. */
export function isAnother(record: KeyRecord, { series, at }: Sighting): boolean {
  return (
    record.firstSeries !== "" &&
    record.firstSeries !== series &&
    at >= record.firstSeen + ANOTHER_DAY
  );
}

/**
 * Judges a key by a good signature that it made.
 *
 * @param admits the policy admits a key on first use: only then may a mail create or promote a
 *   record, so that what fails today fails tomorrow
 */
export function decide(sighting: Sighting, keyHistory: KeyHistory, admits: boolean): Decision {
  const { records } = keyHistory;
  const record = keyRecordOf(records, sighting.publicKey);
  const others = usableKeys(records).filter((known) => known !== record);
  const state = record?.state ?? null;
  const decided = (trust: Decision["trust"], change: TrustChange["kind"] | null): Decision => {
    const to = change === "first-use" ? change : change === "confirm" ? "known" : state;
    return {
      trust,
      record,
      others,
      tainted: keyHistory.tainted,
      change: change === null ? null : { kind: change, from: state, to, sighting },
    };
  };

  if (keyHistory.resultOnly === true && !keyHistory.revoked) return decided("result-only", null);
  const alone = records.every((known) => known === record);
  const row = alone ? "sighting, no other key remembered" : "sighting, another key remembered";
  const next = nextState(row, keyHistory.revoked ? "revoked" : state);
  if (next === "REVOKED") return decided("revoked", null);
  if (next === "REPLACED") return decided("replaced", null);
  if (next === "CHANGED") return decided("changed", "changed");
  if (next === "first-use") return decided("first-use", "first-use");
  if (next === "=") return decided(state as Decision["trust"], "count");
  // first-use: known by another series on another day
  if (!isAnother(record!, sighting)) return decided("first-use", "count");
  return decided("known", admits ? "confirm" : "count");
}

/**
 * What an unsigned mail from an identity with these records means.
 *
 * @returns since when (seconds) it has signed; null if it has no key in use
 */
export function decideUnsigned(records: readonly KeyRecord[]): { readonly since: number } | null {
  const usable = usableKeys(records);
  if (usable.length === 0) return null;
  return { since: Math.min(...usable.map((record) => record.firstSeen)) };
}

/**
 * A person confirms a key. Null if it is revoked; else the transitions, the accepted key's last.
 *
 * @param also beside those in use, which it replaces otherwise
 */
export function decideAccept(
  identity: string,
  publicKey: PublicKeyText,
  records: readonly KeyRecord[],
  revoked: boolean,
  also = false,
): readonly KeyTransition[] | null {
  const record = keyRecordOf(records, publicKey);
  const to = nextState("accept", revoked ? "revoked" : (record?.state ?? null));
  if (to === "refused") return null;
  const replaced = (also ? [] : usableKeys(records))
    .filter((known) => known !== record)
    .map((known) => transitionOf(known, "replaced", "replace", publicKey));
  if (to !== "pinned") return replaced;
  const common = { identity, publicKey, to, other: "", rotatedFrom: "" } as const;
  return [...replaced, { record, kind: "accept", ...common }];
}

/** A person revokes a key: under the identity named, and wherever else it is remembered. */
export function decideDrop(
  identity: string,
  publicKey: PublicKeyText,
  everywhere: readonly KeyRecord[],
): readonly KeyTransition[] {
  const named = everywhere.find((record) => record.identity === identity);
  const fresh: KeyTransition[] =
    named === undefined
      ? [{ record: null, identity, publicKey, to: "revoked", kind: "drop", other: "" }]
      : [];
  return [...fresh, ...everywhere.flatMap((record) => revokedBy("drop", record, ""))];
}

/** The transitions that revoke a key under an identity: none if it is revoked already. */
export function revokedBy(
  kind: "drop" | "revoke",
  record: KeyRecord,
  signer: PublicKeyText,
): readonly KeyTransition[] {
  const to = nextState(kind === "drop" ? "drop" : "revocation", record.state);
  return to === "revoked" ? [transitionOf(record, to, kind, signer)] : [];
}

/**
 * A key that stands in an imported keyring: a transition, nothing to do, or a conflict.
 *
 * @param inKeyring all keys of the identity there
 */
export function decideKeyring(
  identity: string,
  publicKey: PublicKeyText,
  records: readonly KeyRecord[],
  revoked: boolean,
  inKeyring: readonly PublicKeyText[],
): KeyTransition | "same" | "conflict" {
  const record = keyRecordOf(records, publicKey);
  const lacking = usableKeys(records).some(
    (known) => known !== record && !inKeyring.includes(known.publicKey),
  );
  const row = lacking
    ? "keyring, a key in use that it lacks"
    : "keyring, no key in use that it lacks";
  const to = nextState(row, revoked ? "revoked" : (record?.state ?? null));
  if (to === "=") return "same";
  if (to !== "pinned") return "conflict";
  return { record, identity, publicKey, to, kind: "keyring", other: "", rotatedFrom: "" };
}

const STRENGTH: readonly KeyState[] = ["first-use", "known", "endorsed", "pinned"];

/**
 * What another database of the same person says about a key: a transition, nothing to do, or a conflict,
 * which the person must decide. A merge never brings back a replaced or revoked key, and never replaces a
 * key in use here.
 *
 * @param theirs the record there; one that is revoked there is for `decideDrop`
 * @param inUse the identity's keys in use there
 */
export function decideMerge(
  theirs: KeyRecord,
  inUse: readonly PublicKeyText[],
  records: readonly KeyRecord[],
  revoked: boolean,
): KeyTransition | "same" | "conflict" {
  const { identity, publicKey } = theirs;
  const record = keyRecordOf(records, publicKey);
  if (theirs.state === "replaced") {
    if (record !== null) return USABLE.has(record.state) ? "conflict" : "same";
    return { record, identity, publicKey, to: "replaced", kind: "merge", other: "" };
  }
  if (revoked || record?.state === "replaced") return "conflict";
  if (usableKeys(records).some((own) => own !== record && !inUse.includes(own.publicKey)))
    return "conflict";
  // an endorsement from there counts as a statement: once the endorser is pinned here
  const to = theirs.state === "endorsed" ? (theirs.again ? "known" : "first-use") : theirs.state;
  if (record !== null && STRENGTH.indexOf(record.state) >= STRENGTH.indexOf(to)) return "same";
  const rotatedFrom = to === "pinned" ? "" : theirs.rotatedFrom;
  return { record, identity, publicKey, to, kind: "merge", other: "", rotatedFrom };
}

/**
 * Which keys fall back because another key fell: the transitions that follow from one.
 *
 * @param fallen the key that was replaced or revoked
 * @param records of every identity with a key that depends on it
 * @param pinned the fallen key is still pinned under another identity
 */
export function fallBacks(
  fallen: KeyTransition,
  records: readonly KeyRecord[],
  pinned: boolean,
): readonly KeyTransition[] {
  const rotated = fallen.to === "revoked" ? descendants(fallen.publicKey, records) : null;
  return records.flatMap((record) => {
    const endorsed = record.state === "endorsed" && record.endorsedBy === fallen.publicKey;
    const rested = rotated?.has(record) ?? false;
    const [name] = [record.state].filter((state) => state === "endorsed" || state === "known");
    if (name === undefined || !((endorsed && !pinned) || rested)) return [];
    const to = record.again ? "known" : "first-use";
    if (to === record.state) return [];
    return [{ ...transitionOf(record, to, "fall-back", fallen.publicKey), endorsedBy: "" }];
  });
}

/** The records whose `ancestors` include this key: visits each once, however long the chain. */
function descendants(
  publicKey: PublicKeyText,
  records: readonly KeyRecord[],
): ReadonlySet<KeyRecord> {
  const next = new Map<string, KeyRecord[]>();
  const under = ({ identity }: KeyRecord, key: PublicKeyText): string => `${identity} ${key}`;
  for (const record of records) {
    const name = under(record, record.rotatedFrom);
    const siblings = next.get(name);
    if (siblings === undefined) next.set(name, [record]);
    else siblings.push(record);
  }
  const found = new Set<KeyRecord>();
  const identities = new Set(records.map(({ identity }) => identity));
  const waiting = [...identities].flatMap((identity) => next.get(`${identity} ${publicKey}`) ?? []);
  for (let record = waiting.pop(); record !== undefined; record = waiting.pop()) {
    if (found.has(record)) continue;
    found.add(record);
    waiting.push(...(next.get(under(record, record.publicKey)) ?? []));
  }
  return found;
}

/** The keys from which a key came by rotations, the nearest first. */
export function ancestors(
  record: KeyRecord,
  records: readonly KeyRecord[],
): readonly PublicKeyText[] {
  const own = records.filter(({ identity }) => identity === record.identity);
  const before = new Map(own.map(({ publicKey, rotatedFrom }) => [publicKey, rotatedFrom]));
  const found = new Set<PublicKeyText>();
  let from = record.rotatedFrom;
  while (from !== "" && !found.has(from)) {
    found.add(from);
    from = before.get(from) ?? "";
  }
  return [...found];
}

export function keyRecordOf(
  records: readonly KeyRecord[],
  publicKey: PublicKeyText,
): KeyRecord | null {
  return records.find((known) => known.publicKey === publicKey) ?? null;
}

export function transitionOf(
  record: KeyRecord,
  to: KeyState,
  kind: KeyTransition["kind"],
  other: PublicKeyText,
): KeyTransition {
  const { identity, publicKey } = record;
  return { record, identity, publicKey, to, kind, other };
}
