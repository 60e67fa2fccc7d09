/**
 * The next state of a key by event and state: the table of docs/spec/trust.md. A test compares it with
 * this one and with what the store does.
 */

import type { KeyState } from "./record.ts";

/** A state; or why nothing changes (`=`: nothing has to). */
export type Cell =
  | KeyState
  | "="
  | "CHANGED"
  | "REPLACED"
  | "REVOKED"
  | "refused"
  | "ignored"
  | "conflict";

export type TrustRow =
  | "sighting, no other key remembered"
  | "sighting, another key remembered"
  | "accept"
  | "drop"
  | "rotation, the old key"
  | "addition, the first key"
  | "rotation or addition, the new key after a known one"
  | "rotation or addition, the new key after a better one"
  | "endorsement, no other key in use"
  | "endorsement, another key in use"
  | "revocation"
  | "keyring, no key in use that it lacks"
  | "keyring, a key in use that it lacks";

export const STATES = ["none", "first-use", "known", "endorsed", "pinned", "replaced", "revoked"];

type Cells = readonly [Cell, Cell, Cell, Cell, Cell, Cell, Cell];

/** By the columns none, first-use, known, endorsed, pinned, replaced, revoked. */
// oxfmt-ignore
export const TABLE: Readonly<Record<TrustRow, Cells>> = {
  "sighting, no other key remembered":
    ["first-use", "known", "=", "=", "=", "REPLACED", "REVOKED"],
  "sighting, another key remembered":
    ["CHANGED", "known", "=", "=", "=", "REPLACED", "REVOKED"],
  "accept":
    ["pinned", "pinned", "pinned", "pinned", "=", "pinned", "refused"],
  "drop":
    ["revoked", "revoked", "revoked", "revoked", "revoked", "revoked", "="],
  "rotation, the old key":
    ["ignored", "ignored", "replaced", "replaced", "replaced", "refused", "refused"],
  "addition, the first key":
    ["ignored", "ignored", "=", "=", "=", "refused", "refused"],
  "rotation or addition, the new key after a known one":
    ["known", "known", "=", "=", "=", "refused", "refused"],
  "rotation or addition, the new key after a better one":
    ["endorsed", "endorsed", "endorsed", "=", "=", "refused", "refused"],
  "endorsement, no other key in use":
    ["endorsed", "endorsed", "endorsed", "=", "=", "refused", "refused"],
  "endorsement, another key in use":
    ["ignored", "endorsed", "endorsed", "=", "=", "refused", "refused"],
  "revocation":
    ["revoked", "revoked", "revoked", "revoked", "revoked", "revoked", "="],
  "keyring, no key in use that it lacks":
    ["pinned", "pinned", "pinned", "pinned", "=", "conflict", "conflict"],
  "keyring, a key in use that it lacks":
    ["conflict", "conflict", "conflict", "conflict", "=", "conflict", "conflict"],
};

/** @param state of the key under this identity; `revoked` if it is so under any */
export function nextState(row: TrustRow, state: KeyState | null): Cell {
  return TABLE[row][STATES.indexOf(state ?? "none")]!;
}
