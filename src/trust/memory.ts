/**
 * The interface between verification and a memory of keys. The trust database is one
 * (store/trust-store.ts); a program that keeps keys elsewhere provides its own.
 */

import { decide, type Decision } from "./decide.ts";
import type {
  Cause,
  ChangedKeyInfo,
  DevKeyRecord,
  KeyHistory,
  KeyRecord,
  Sighting,
  TrustChange,
  UnsignedRecord,
  VouchedRecord,
} from "./record.ts";
import type { Arrival, Replay } from "./replay.ts";
import type { Ruling } from "./ruling.ts";
import type { Statement } from "./statement.ts";
import type { PublicKeyText } from "../types.ts";

/** `applied`: done. `repeated`: this patch was counted before. `conflict`: decide again. */
export type ChangeOutcome = "applied" | "repeated" | "conflict";

/** Identities are in the form of `normaliseIdentity`, times in seconds since 1970. */
export interface TrustMemory {
  /**
   * Runs `work`, which must not be async, as a transaction: isolated, durable when this returns, and
   * undone if it throws. May be nested.
   */
  transaction<T>(work: () => T): T;
  /** Every key of an identity, oldest first. */
  lookup(identity: string): readonly KeyRecord[];
  /** Unsigned patches from this address; null if there were none. */
  unsignedSeen(identity: string): UnsignedRecord | null;
  /** What `decide` needs for a sighting. */
  keyHistory(sighting: Sighting): KeyHistory;
  /** What is known about a key that is not the identity's, and what of that before `at`. */
  changedKey(identity: string, publicKey: PublicKeyText, at: number): ChangedKeyInfo;
  /** Applies a change if the key is still as it was when the change was decided. */
  apply(change: TrustChange): ChangeOutcome;
  /** Counts an unsigned patch, by a name of 8 bytes; one that was counted before is not again. */
  countUnsigned(identity: string, digest: Uint8Array, at: number): void;
  /**
   * Says what is odd about the arrival of a signed patch (`replayOf`), and remembers its first arrival.
   *
   * @param remember false for a patch that failed: it must not make others look odd
   */
  arrive(patch: Arrival, remember: boolean): Replay;
  /** The domains that have vouched for an address (docs/dkim.md), the one of most patches first. */
  vouchedFor(identity: string): readonly VouchedRecord[];
  /**
   * Counts a patch that a domain vouches for, by a name of 8 bytes; one that was counted before is not
   * again.
   */
  countVouched(identity: string, domain: string, digest: Uint8Array, at: number): void;
  /** True for a patch that `countVouched` has counted. */
  wasVouched(digest: Uint8Array): boolean;
  /** The key of an identity's X-Developer-Signatures (docs/devsig.md); null if none was seen. */
  devKey(identity: string): DevKeyRecord | null;
  /**
   * Counts a patch that such a key signed, by a name of 8 bytes; one that was counted before is not
   * again. The key takes the place of another.
   */
  countDevKey(identity: string, key: string, digest: Uint8Array, at: number): void;
  /** Judges a statement (`ruleOn`) and follows it, once. */
  applyStatement(statement: Statement, cause: Cause): Ruling;
}

/**
 * Looks up, decides and applies, in one transaction. Of a sighting that does not meet the policy no
 * more is remembered than that another key was seen.
 *
 * @param admits see `decide`
 * @param meets the verdict on it: false if it fails
 */
export function judgeSighting(
  memory: TrustMemory,
  sighting: Sighting,
  admits = true,
  meets: (decision: Decision) => boolean = () => true,
): Decision {
  return memory.transaction(() => {
    const decision = decide(sighting, memory.keyHistory(sighting), admits);
    const met = meets(decision);
    if (decision.change !== null && (met || decision.change.kind === "changed"))
      memory.apply(decision.change);
    return decision;
  });
}
