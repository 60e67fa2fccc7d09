/**
 * A repository's own keyring: it counts for verdicts in that repository, and is not remembered. What
 * the user's database knows overrides it.
 */

import type { PublicKeyText } from "../types.ts";
import { type Decision, keyRecordOf, usableKeys } from "./decide.ts";
import type { Keyring } from "./keyring.ts";
import type { KeyRecord, Sighting } from "./record.ts";

export interface Pins {
  readonly keys: ReadonlyMap<string, readonly PublicKeyText[]>;
  /** Keys that revoked themselves. */
  readonly revoked: ReadonlySet<PublicKeyText>;
}

export const NO_PINS: Pins = { keys: new Map(), revoked: new Set() };

/** All keyrings as one; for an identity, the first keyring that has it counts. */
export function pinsOf(keyrings: readonly Keyring[]): Pins {
  const keys = new Map<string, readonly PublicKeyText[]>();
  for (const keyring of keyrings)
    for (const [identity, its] of keyring.keys) if (!keys.has(identity)) keys.set(identity, its);
  const revoked = keyrings
    .flatMap(({ statements }) => statements)
    .filter(({ kind, signer, key }) => kind === "revoke" && signer === key)
    .map(({ key }) => key);
  return { keys, revoked: new Set(revoked) };
}

/** Why the database must not see this sighting; null if it may. */
export function refusedByPins(
  { keys, revoked }: Pins,
  { identity, publicKey, at }: Sighting,
  records: readonly KeyRecord[],
): Decision | null {
  const record = keyRecordOf(records, publicKey);
  const refused = { record, tainted: false, change: null } as const;
  if (revoked.has(publicKey)) return { ...refused, trust: "revoked", others: [] };
  const pins = keys.get(identity) ?? [];
  if (pins.length === 0 || pins.includes(publicKey) || usableKeys(records).length > 0) return null;
  return { ...refused, trust: "changed", others: pins.map((key) => pinned(identity, key, at)) };
}

/** The decision with what the keyring says of a key that the database took. */
export function withPins({ keys }: Pins, sighting: Sighting, decision: Decision): Decision {
  const { trust, record } = decision;
  const { identity, publicKey, at } = sighting;
  const good = trust === "first-use" || trust === "known" || trust === "endorsed";
  if (!good || keys.get(identity)?.includes(publicKey) !== true) return decision;
  const shown = { ...(record ?? pinned(identity, publicKey, at)), state: "pinned" as const };
  return { ...decision, trust: "pinned", record: shown, tainted: false };
}

function pinned(identity: string, publicKey: PublicKeyText, at: number): KeyRecord {
  return {
    identity,
    publicKey,
    state: "pinned",
    origin: "keyring",
    firstSeen: at,
    lastSeen: at,
    firstMessageId: "",
    firstList: "",
    lastMessageId: "",
    patches: 0,
    applied: 0,
    endorsedBy: "",
    rotatedFrom: "",
    firstSeries: "",
    again: false,
  };
}
