/**
 * Replays: a signed patch stays signed, and anybody can send it again. What can be seen is when the
 * same signed text, and newer versions of it, first came here (docs/spec/trust.md, "Replay"). Pure.
 */

import { hash } from "node:crypto";

/** The arrival of a patch with a good signature. */
export interface Arrival {
  /** Names the signed text (`sightingDigest`). */
  readonly digest: Uint8Array;
  /** Names the work that it is a version of (`workDigest`). */
  readonly work: Uint8Array;
  readonly version: number;
  /** `t=`: when it was signed, seconds by the signer's clock. */
  readonly signedAt: number;
  /** The verifier's clock, seconds. */
  readonly at: number;
  /** "" if the mail has none. */
  readonly messageId: string;
}

/** What is remembered of an earlier arrival. */
export interface Arrived {
  /** Ascends in the order of arrival. */
  readonly id: number;
  readonly version: number;
  readonly signedAt: number;
  readonly at: number;
  readonly messageId: string;
}

/** What is odd about an arrival; null if nothing is. */
export interface Replay {
  /** The same signed text came before, in another mail. */
  readonly same: Arrived | null;
  /** A newer version, signed later, came before this one. */
  readonly newer: Arrived | null;
}

/**
 * Names the work that a patch is a version of, by signer and title. Two works can share a title, so a
 * version counts as newer only if it was signed later, too.
 *
 * @param title the canonical subject
 * @returns 8 bytes, for the reason that `sightingDigest` gives
 */
export function workDigest(identity: string, title: string): Buffer {
  return hash("sha256", JSON.stringify(["work", identity, title]), "buffer").subarray(0, 8);
}

/**
 * @param own what is remembered of this signed text, from now or from before
 * @param newerThan the newest version of the same work that was signed later and came in before
 *   the id it is given
 */
export function replayOf(
  { messageId }: Arrival,
  own: Arrived,
  newerThan: (id: number) => Arrived | null,
): Replay {
  const again = own.messageId !== "" && messageId !== "" && own.messageId !== messageId;
  // a mail that is looked at once more has come when it came
  return { same: again ? own : null, newer: newerThan(again ? Infinity : own.id) };
}
