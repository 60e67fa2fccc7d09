/** Keys that a person accepted for test results, and that sign no patches. */

import { PatchsigError } from "../errors.ts";
import type { ResultKey } from "../result/weigh.ts";
import { keyRecordOf, usableKeys } from "../trust/decide.ts";
import type { Cause, ResultKeyRecord, TrustEvent } from "../trust/record.ts";
import type { PublicKeyText } from "../types.ts";
import { wholeKey } from "./trust-queries.ts";
import type { TrustUnit } from "./trust-unit.ts";

export class ResultKeys {
  readonly #unit: TrustUnit;

  constructor(unit: TrustUnit) {
    this.#unit = unit;
  }

  /** All of them by identity, the oldest first. */
  list(): readonly ResultKeyRecord[] {
    return this.#unit.read(() => this.#unit.sql.allResultKeys.all());
  }

  /** Those of an identity that are in use. */
  inUse(identity: string): readonly ResultKeyRecord[] {
    const unit = this.#unit;
    return unit.read(() =>
      unit.sql.resultKeys
        .all(identity)
        .filter((one) => one.replaced === null && !unit.isRevoked(one.publicKey)),
    );
  }

  /**
   * A person accepts a key for results: it takes the place of the identity's others, unless it is used `also`.
   *
   * @param key the whole key, or the beginning of one: see `wholeKey`
   * @returns the whole key, and those that it replaced
   * @throws PatchsigError "bad-key"; "refused" for a revoked key, and one that signs patches
   */
  accept(
    identity: string,
    key: string,
    at: number,
    also = false,
    cause: Cause = { cause: "person", at, messageId: "", source: "" },
  ): { readonly publicKey: PublicKeyText; readonly replaced: readonly ResultKeyRecord[] } {
    const unit = this.#unit;
    return unit.transaction(() => {
      const publicKey = wholeKey(unit, identity, key);
      const objection = objectionTo(unit, publicKey);
      if (objection !== null) throw objection;
      const others = unit.sql.resultKeys
        .all(identity)
        .filter((one) => one.replaced === null && one.publicKey !== publicKey);
      const replaced = also ? [] : others;
      for (const old of replaced) {
        unit.sql.putResultKey.run({ ...old, replaced: at });
        unit.putEvent(eventOf(identity, old.publicKey, "replace-results", cause, publicKey));
      }
      unit.sql.putResultKey.run({ identity, publicKey, since: at, replaced: null });
      unit.putEvent(eventOf(identity, publicKey, "accept-results", cause, ""));
      return { publicKey, replaced };
    });
  }

  /**
   * A keyring that a person imported has the key for results. It replaces no key in use here, brings none back, and
   * makes none that signs patches one for results.
   *
   * @param inKeyring the identity's keys for results there
   */
  take(
    identity: string,
    publicKey: PublicKeyText,
    cause: Cause,
    inKeyring: readonly PublicKeyText[],
  ): "pinned" | "same" | "conflict" {
    const unit = this.#unit;
    return unit.transaction(() => {
      const own = unit.sql.resultKeys.all(identity);
      if (objectionTo(unit, publicKey) !== null) return "conflict";
      const known = own.find((one) => one.publicKey === publicKey);
      if (known !== undefined) return known.replaced === null ? "same" : "conflict";
      const others = own.filter((one) => one.replaced === null);
      if (others.some((one) => !inKeyring.includes(one.publicKey))) return "conflict";
      this.accept(identity, publicKey, cause.at, true, cause);
      return "pinned";
    });
  }

  /** What another database of the same person has: it replaces no key in use here, and brings none back. */
  merge(
    { identity, publicKey, replaced }: ResultKeyRecord,
    at: number,
  ): "taken" | "same" | "conflict" {
    const unit = this.#unit;
    return unit.transaction(() => {
      const own = unit.sql.resultKeys.all(identity);
      const same = own.find((one) => one.publicKey === publicKey);
      if (same !== undefined)
        return (same.replaced === null) === (replaced === null) ? "same" : "conflict";
      if (replaced !== null) return "same";
      const inUse = own.some((one) => one.replaced === null);
      if (inUse || objectionTo(unit, publicKey) !== null) return "conflict";
      this.accept(identity, publicKey, at, true);
      return "taken";
    });
  }

  /** What is known of the key that signed a result (`worthOf`). */
  of(identity: string, publicKey: PublicKeyText): ResultKey {
    const unit = this.#unit;
    return unit.read(() => {
      const revoked = unit.isRevoked(publicKey);
      const accepted = unit.sql.resultKeys.all(identity).find((one) => one.publicKey === publicKey);
      if (accepted === undefined) return patchKey(unit, identity, publicKey, revoked);
      const { replaced: at } = accepted;
      const common = { revoked, forResults: true };
      return at === null
        ? { ...common, state: "pinned", replaced: null }
        : { ...common, state: "replaced", replaced: { at, from: "pinned" } };
    });
  }
}

/** Why a key cannot be one for results; null if it can. */
function objectionTo(unit: TrustUnit, publicKey: PublicKeyText): PatchsigError | null {
  if (unit.isRevoked(publicKey))
    return new PatchsigError("refused", `${publicKey} is revoked`, {
      hint: "a revoked key is never trusted again: ask its owner for the new one",
    });
  const [patches] = usableKeys(unit.everywhere(publicKey));
  if (patches === undefined) return null;
  return new PatchsigError("refused", `this key signs patches, as ${patches.identity}`, {
    hint: "results want a key of their own: git patchsig key generate",
  });
}

/** By their kind alone: no state of a key that signs patches changes. */
function eventOf(
  identity: string,
  publicKey: PublicKeyText,
  kind: TrustEvent["kind"],
  cause: Cause,
  other: PublicKeyText,
): Omit<TrustEvent, "id"> {
  return { ...cause, from: null, to: null, identity, publicKey, kind, other };
}

function patchKey(
  unit: TrustUnit,
  identity: string,
  publicKey: PublicKeyText,
  revoked: boolean,
): ResultKey {
  const state = keyRecordOf(unit.recordsOf(identity), publicKey)?.state ?? null;
  const known = { state, revoked, forResults: false };
  if (state !== "replaced") return { ...known, replaced: null };
  const events = unit.sql.events.all(identity);
  const end = events.findLast((one) => one.publicKey === publicKey && one.to === state);
  if (end === undefined || end.from === null) return { ...known, replaced: null };
  return { ...known, replaced: { at: end.at, from: end.from } };
}
