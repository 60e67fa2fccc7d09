/** What is remembered of keys, and what is proposed to be remembered. No code. */

import type { PublicKeyText } from "../types.ts";

/**
 * The states in which the key of an identity is stored:
 *
 *     first-use   one patch with a good signature by it was seen
 *     known       more than one
 *     endorsed    a pinned key vouched for it
 *     pinned      a person confirmed it
 *     replaced    a person confirmed another key of this identity
 *     revoked     its owner, or an endorser, declared it void; for good
 */
export type KeyState = "first-use" | "known" | "endorsed" | "pinned" | "replaced" | "revoked";

/** How a record came to be. */
type Origin = "mail" | "person" | "keyring" | "rotation" | "endorsement";

/** One key of one identity. Times are seconds since 1970, by the verifier's own clock. */
export interface KeyRecord {
  readonly identity: string;
  readonly publicKey: PublicKeyText;
  readonly state: KeyState;
  readonly origin: Origin;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** "" if it was not a mail that brought the key. */
  readonly firstMessageId: string;
  /** The List-Id of that first mail, or "". */
  readonly firstList: string;
  readonly lastMessageId: string;
  /** Good patches by this key, each counted once. */
  readonly patches: number;
  /** How many of them were applied. */
  readonly applied: number;
}

/** Unsigned patches from an address, each counted once. */
export interface UnsignedRecord {
  readonly identity: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly patches: number;
}

/** A signature that was found good, about to be judged by the key that made it. */
export interface Sighting {
  /** In the form of `normaliseIdentity`. */
  readonly identity: string;
  readonly publicKey: PublicKeyText;
  /** Names the patch (`sightingDigest`), so that it counts once however often it is verified. */
  readonly digest: Uint8Array;
  /** The verifier's clock, seconds. */
  readonly at: number;
  readonly messageId: string;
  /** List-Id, or "". */
  readonly list: string;
}

/** What the store knows that bears on a sighting. */
export interface Standing {
  /** Every key of the identity. */
  readonly records: readonly KeyRecord[];
  /** The sighted key is revoked, under this identity or any other. */
  readonly revoked: boolean;
  /** This very patch was counted before. Only looked up, and only of use, for a first-use key. */
  readonly repeated: boolean;
}

/**
 * A change of trust, proposed by `decide` and applied by the store if the key is still in the
 * state `from` (null: no record of it).
 *
 *     first-use   remember a new key
 *     confirm     a second patch by a first-use key: known
 *     count       one more patch, nothing else
 *     changed     a key that is not the identity's: remember no more than that it was seen
 */
export interface TrustChange {
  readonly kind: "first-use" | "confirm" | "count" | "changed";
  readonly from: KeyState | null;
  readonly to: KeyState | null;
  readonly sighting: Sighting;
}

/** An entry of the history, kept for good. */
export interface TrustEvent {
  /** Ascending. */
  readonly id: number;
  readonly at: number;
  readonly identity: string;
  readonly publicKey: PublicKeyText;
  readonly kind: "first-use" | "confirm" | "changed" | "accept" | "replace";
  readonly from: KeyState | null;
  readonly to: KeyState | null;
  readonly cause: "mail" | "person";
  /** The mail that caused it, or "". */
  readonly messageId: string;
}
