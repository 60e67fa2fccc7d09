/**
 * Replays: a patch that was signed stays signed, and can be sent again by anybody. What can be seen
 * of it is when the same signed text, and newer versions of it, were first met here
 * (docs/spec/trust.md, "Replay"). Pure.
 */

import { hash } from "node:crypto";

/** A good signed patch, as it comes in. */
export interface Arrival {
  /** Names the signed text (`sightingDigest`). */
  readonly digest: Uint8Array;
  /** Names what it is a version of (`workDigest`). */
  readonly work: Uint8Array;
  readonly version: number;
  /** `t=`: when it was signed, seconds by the signer's clock. */
  readonly signedAt: number;
  /** The verifier's clock, seconds. */
  readonly at: number;
  /** "" if the mail has none. */
  readonly messageId: string;
}

/** What is remembered of one that came in before. */
export interface Arrived {
  /** Ascending in the order in which they came in. */
  readonly id: number;
  readonly version: number;
  readonly signedAt: number;
  readonly at: number;
  readonly messageId: string;
}

/** What is odd about an arrival; null where nothing is. */
export interface Replay {
  /** The same signed text came in before, in another mail. */
  readonly same: Arrived | null;
  /** A newer version of it, signed later, came in before it. */
  readonly newer: Arrived | null;
}

/**
 * Names what a patch is a version of: a patch of this signer with this title. Two works can share a
 * title, so a version counts as newer only if it was signed later, too.
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
