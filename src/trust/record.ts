/** What is remembered about keys, and proposed changes. No code. */

import type { PublicKeyText } from "../types.ts";

/** What a statement says about a key: the successor, another key in use, the owner's, revoked. */
export type StatementKind = "rotate" | "add" | "endorse" | "revoke";

/**
 * The states in which the key of an identity is stored:
 *
 *     first-use   good signatures by it were seen, of one series or on one day
 *     known       another series, on another day; or a known key was rotated to it, or announced it
 *     endorsed    a pinned key vouched for it; or an endorsed or pinned key was rotated to it, or announced it
 *     pinned      a person confirmed it, or a keyring that a person imported
 *     replaced    another key of this identity took its place
 *     revoked     by its owner, an endorser or the person here; for good
 */
export type KeyState = "first-use" | "known" | "endorsed" | "pinned" | "replaced" | "revoked";

/** How a record came to be. */
type Origin = "mail" | "person" | "keyring" | "rotation" | "addition" | "endorsement";

/** One key of one identity. Times are seconds since 1970, by the verifier's own clock. */
export interface KeyRecord {
  readonly identity: string;
  readonly publicKey: PublicKeyText;
  readonly state: KeyState;
  readonly origin: Origin;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** "" if no mail brought the key. */
  readonly firstMessageId: string;
  /** The List-Id of that first mail, or "". */
  readonly firstList: string;
  readonly lastMessageId: string;
  /** Good patches by this key, each counted once. */
  readonly patches: number;
  /** How many of them were applied. */
  readonly applied: number;
  /** The pinned key whose endorsement made it endorsed, inherited by rotations; "" if none did. */
  readonly endorsedBy: PublicKeyText;
  /** The series (`Sighting.series`) of the first patch that was counted; "" if none was. */
  readonly firstSeries: string;
  /** Mails alone made it known: another series was counted, a day or more after the first sighting. */
  readonly again: boolean;
  /** The key that was rotated to this one or announced it; "" if none, or if a person confirmed it since. */
  readonly rotatedFrom: PublicKeyText;
}

/** A key that a person accepted for test results, and for nothing else. Times are seconds since 1970. */
export interface ResultKeyRecord {
  readonly identity: string;
  readonly publicKey: PublicKeyText;
  readonly since: number;
  /** When another one took its place; null while it is in use. */
  readonly replaced: number | null;
}

/** Unsigned patches from an address, each counted once. */
export interface UnsignedRecord {
  readonly identity: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly patches: number;
}

/** A domain that has vouched for an address, on patches each counted once. */
export interface VouchedRecord {
  readonly domain: string;
  readonly since: number;
  readonly lastSeen: number;
  readonly patches: number;
}

/** The key of somebody's X-Developer-Signatures, on patches each counted once (docs/devsig.md). */
export interface DevKeyRecord {
  /** The algorithm, and the key or its digest. */
  readonly key: string;
  readonly since: number;
  readonly lastSeen: number;
  readonly patches: number;
}

/** A good signature, before the decision on its key. */
export interface Sighting {
  /** In the form of `normaliseIdentity`. */
  readonly identity: string;
  readonly publicKey: PublicKeyText;
  /** Names the patch (`sightingDigest`), so that it counts once however often it is verified. */
  readonly digest: Uint8Array;
  /** Names what was signed together: the series, or a single patch. */
  readonly series: string;
  /** The verifier's clock, seconds. */
  readonly at: number;
  readonly messageId: string;
  /** List-Id, or "". */
  readonly list: string;
}

/** What the store knows that matters for a sighting. */
export interface KeyHistory {
  /** Every key of the identity. */
  readonly records: readonly KeyRecord[];
  /** The sighted key is revoked, under this identity or any other. */
  readonly revoked: boolean;
  /** The key came by rotations from a key that was revoked since. */
  readonly tainted: boolean;
  /** A person accepted the key for test results alone, under any identity. */
  readonly resultOnly?: boolean;
}

/** How many other identities and endorsers of a changed key are named. */
export const MAX_NAMED = 3;

/** What is known about a changed, replaced or revoked key. */
export interface ChangedKeyInfo {
  /** When it was first seen for this identity, seconds; null if never before. */
  readonly since: number | null;
  /** When it was replaced or revoked, seconds; null if it never was, or if that is not known. */
  readonly ended: number | null;
  /** The same key under other identities. */
  readonly elsewhere: readonly KeyRecord[];
  /** Who vouched for it for this identity, and the state of the key that signed that. */
  readonly statements: readonly {
    readonly kind: "rotate" | "add" | "endorse";
    readonly by: string;
    readonly signer: KeyRecord["state"] | null;
  }[];
}

/**
 * A change of trust, proposed by `decide` and applied by the store if the key is still in the
 * state `from` (null: no record of it).
 *
 *     first-use   remember a new key
 *     confirm     another series on another day, by a first-use key: known
 *     count       one more patch, nothing else
 *     changed     a key that is not the identity's: remember only that it was seen
 */
export interface TrustChange {
  readonly kind: "first-use" | "confirm" | "count" | "changed";
  readonly from: KeyState | null;
  readonly to: KeyState | null;
  readonly sighting: Sighting;
}

/** What happened to a key: the events of docs/spec/trust.md, as they are kept. */
type EventKind =
  | "first-use"
  | "confirm"
  | "changed"
  | "accept"
  | "replace"
  | "drop"
  | "rotate"
  | "add"
  | "endorse"
  | "revoke"
  | "fall-back"
  | "keyring"
  | "merge"
  | "accept-results"
  | "replace-results";

/**
 * A change of one key's state by anything but a patch; the store applies it in the transaction that
 * decided it.
 */
export interface KeyTransition {
  readonly record: KeyRecord | null;
  readonly identity: string;
  readonly publicKey: PublicKeyText;
  readonly to: KeyState;
  readonly kind: EventKind;
  /** The other key involved: the endorser, the old or new key of a rotation, the fallen key; or "". */
  readonly other: PublicKeyText;
  readonly endorsedBy?: PublicKeyText;
  readonly rotatedFrom?: PublicKeyText;
}

/** The cause of a change. */
export interface Cause {
  readonly cause: "mail" | "person" | "keyring" | "file";
  /** The verifier's clock, seconds. */
  readonly at: number;
  /** The mail, or "". */
  readonly messageId: string;
  /** The keyring or file, by the name that the person gave it; or "". */
  readonly source: string;
}

/** An entry of the history, kept for good. */
export interface TrustEvent extends Cause {
  /** Ascending. */
  readonly id: number;
  readonly identity: string;
  readonly publicKey: PublicKeyText;
  readonly kind: EventKind;
  readonly from: KeyState | null;
  readonly to: KeyState | null;
  /** See `KeyTransition`. */
  readonly other: PublicKeyText;
}

/** A statement that was seen and whose signatures are good. */
export interface StatementRecord {
  readonly kind: StatementKind;
  readonly signer: PublicKeyText;
  readonly by: string;
  readonly of: string;
  readonly key: PublicKeyText;
  /** By the signer's clock. */
  readonly time: number;
  /** The four lines. */
  readonly text: string;
  /** It has changed something, and never will again. */
  readonly applied: boolean;
  /** When and where it was first seen. */
  readonly at: number;
  readonly messageId: string;
  readonly source: string;
}

/** All that is remembered of one identity. */
export interface IdentityHistory {
  readonly identity: string;
  readonly keys: readonly KeyRecord[];
  readonly resultKeys: readonly ResultKeyRecord[];
  readonly unsigned: UnsignedRecord | null;
  /** About the identity, in the order of their time. */
  readonly statements: readonly StatementRecord[];
  /** Oldest first. */
  readonly events: readonly TrustEvent[];
}
