/**
 * Trust on first use, as a pure rule: what a good signature by a key means, given what is
 * remembered of its identity, and what should be remembered from now on.
 *
 *     the key is revoked, here or under any identity      revoked     nothing changes
 *     its state is pinned, endorsed or known              that state  one more patch
 *     its state is first-use, this very patch again       first-use   nothing changes
 *     its state is first-use, another patch               known       it becomes known
 *     any other case in which the identity has a record   changed     an event, nothing else
 *     the identity has no record                          first-use   it is remembered
 *
 * "Any other case" includes an identity whose keys are all revoked or replaced: whoever steals a
 * key and revokes it must not thereby get a second first use.
 */

import type { KeyRecord, KeyState, Sighting, Standing, TrustChange } from "./record.ts";

export interface Decision {
  readonly trust: "pinned" | "endorsed" | "known" | "first-use" | "changed" | "revoked";
  /** What was remembered of the sighted key under this identity before; null if nothing. */
  readonly record: KeyRecord | null;
  /** Other keys of the identity that are in use: what a changed key should have been. */
  readonly others: readonly KeyRecord[];
  /** What the store should do, or null. */
  readonly change: TrustChange | null;
}

const USABLE: ReadonlySet<KeyState> = new Set(["first-use", "known", "endorsed", "pinned"]);

/** The records whose key is in use: neither replaced nor revoked. */
export function usableKeys(records: readonly KeyRecord[]): readonly KeyRecord[] {
  return records.filter((record) => USABLE.has(record.state));
}

/** Judges a key by a good signature that it made. */
export function decide(sighting: Sighting, standing: Standing): Decision {
  const { records } = standing;
  const record = records.find((known) => known.publicKey === sighting.publicKey) ?? null;
  const others = usableKeys(records).filter((known) => known !== record);
  const decided = (trust: Decision["trust"], change: TrustChange | null): Decision => ({
    trust,
    record,
    others,
    change,
  });

  const state = record?.state ?? null;
  if (standing.revoked || state === "revoked") return decided("revoked", null);
  if (state === "pinned" || state === "endorsed" || state === "known")
    return decided(state, { kind: "count", from: state, to: state, sighting });
  if (state === "first-use") {
    return standing.repeated
      ? decided("first-use", null)
      : decided("known", { kind: "confirm", from: state, to: "known", sighting });
  }
  return records.length > 0
    ? decided("changed", { kind: "changed", from: state, to: state, sighting })
    : decided("first-use", { kind: "first-use", from: null, to: "first-use", sighting });
}

/**
 * What an unsigned mail from an identity with these records means.
 *
 * @returns since when (seconds) and on how many patches it has signed; null if it has no key in use
 */
export function decideUnsigned(
  records: readonly KeyRecord[],
): { readonly since: number; readonly patches: number } | null {
  const usable = usableKeys(records);
  if (usable.length === 0) return null;
  return {
    since: Math.min(...usable.map((record) => record.firstSeen)),
    patches: usable.reduce((sum, record) => sum + record.patches, 0),
  };
}
