/**
 * Ed25519 exactly as stock minisign's libsodium (1.0.18) does it: what it accepts is accepted and
 * nothing more. node:crypto (OpenSSL) does the arithmetic; it is cofactorless, as libsodium is, and
 * compares the encoding of R byte by byte. This file adds what libsodium's
 * `_crypto_sign_ed25519_verify_detached` refuses beforehand:
 *
 *   - S >= L (OpenSSL checks it too; tweetnacl does not)
 *   - a public key A whose y is not below p
 *   - A or R of small order, in any encoding
 *
 * A and R of mixed order pass, there as here. fixtures/minisign/strictness.json has a vector for
 * each, with the verdict that stock minisign gives.
 */

import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";

const POINT_BYTES = 32;
const SIGNATURE_BYTES = 64;
export const SEED_BYTES = 32;

/** DER around a raw Ed25519 key (RFC 8410). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** The group's order, little endian as S is. */
const L = Buffer.from("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", "hex");

/** y coordinates of the eight points of small order, and of p and p + 1, which encode two of them
 * again. The sign bit is left out of the comparison. (libsodium, ge25519_has_small_order) */
const SMALL_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000", // 0, order 4
  "0100000000000000000000000000000000000000000000000000000000000000", // 1, order 1
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", // order 8
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", // order 8
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p - 1, order 2
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p = 0
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // p + 1 = 1
].map((hex) => Buffer.from(hex, "hex"));

export interface Verifier {
  /**
   * True if `signature` (64 bytes, R ‖ S) is one that stock minisign takes for `message` under
   * `publicKey` (32 bytes). Anything else, wrong lengths included, is false; it never throws.
   */
  verifyStrict(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** Public keys a verifier remembers by default: more than one list's active signers. */
const DEFAULT_MAX_KEYS = 4096;

/**
 * A verifier that caches the parsed form of recent keys: parsing a key costs as much as checking a
 * signature. `maxKeys` bounds the memory (about 1 KiB a key).
 */
export function createVerifier(maxKeys: number = DEFAULT_MAX_KEYS): Verifier {
  const keyOf = rememberedKeys(maxKeys);
  return {
    verifyStrict(publicKey, message, signature) {
      if (publicKey.length !== POINT_BYTES || !isPlausible(signature)) return false;
      const key = keyOf(publicKey);
      return key !== null && verify(null, message, key, signature);
    },
  };
}

/** Gives the parsed form of a key; null if it is refused. */
export type KeyParser = (publicKey: Uint8Array) => KeyObject | null;

/** One that remembers the keys that were used last. */
export function rememberedKeys(maxKeys: number = DEFAULT_MAX_KEYS): KeyParser {
  /** By key bytes. Least recently used first. */
  const known = new Map<string, KeyObject | null>();
  return (publicKey) => {
    const name = Buffer.from(publicKey).toString("latin1");
    const hit = known.get(name);
    const key = hit === undefined ? importPoint(publicKey) : hit;
    known.delete(name);
    known.set(name, key);
    if (known.size > maxKeys) {
      for (const oldest of known.keys()) {
        known.delete(oldest);
        break;
      }
    }
    return key;
  };
}

/** A verifier that says good before it knows, and afterwards whether it was right. */
export interface EagerVerifier extends Verifier {
  /** Whether all that it called good was good. Until then nothing of it may be used. */
  wasRight(): Promise<boolean>;
}

/**
 * A verifier that lets libuv's threads do the arithmetic while its caller goes on. For many signatures
 * that are all expected to be good, and of which none is used before `wasRight` says so.
 */
export function createEagerVerifier(keyOf: KeyParser = rememberedKeys()): EagerVerifier {
  const checks: Promise<boolean>[] = [];
  return {
    verifyStrict(publicKey, message, signature) {
      if (publicKey.length !== POINT_BYTES || !isPlausible(signature)) return false;
      const key = keyOf(publicKey);
      if (key === null) return false;
      // the caller may use its bytes again
      const [said, signed] = [Buffer.from(message), Buffer.from(signature)];
      checks.push(
        new Promise((resolve) => {
          verify(null, said, key, signed, (error, good) => resolve(error === null && good));
        }),
      );
      return true;
    },
    wasRight: async () => (await Promise.all(checks)).every(Boolean),
  };
}

/** One check without a cache: see Verifier.verifyStrict. */
export function verifyStrict(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return createVerifier(1).verifyStrict(publicKey, message, signature);
}

/** A private key that can sign, from its seed (32 bytes). */
export function importSeed(seed: Uint8Array): KeyObject {
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  try {
    return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  } finally {
    der.fill(0);
  }
}

/** The public point (32 bytes) of a private key. */
export function publicPoint(key: KeyObject): Buffer {
  const der = createPublicKey(key).export({ format: "der", type: "spki" });
  return der.subarray(SPKI_PREFIX.length);
}

/** The one Ed25519 signature (64 bytes) of a message: deterministic (RFC 8032). */
export function signBytes(key: KeyObject, message: Uint8Array): Buffer {
  return sign(null, message, key);
}

function importPoint(point: Uint8Array): KeyObject | null {
  if (!isCanonicalY(point) || hasSmallOrder(point)) return null;
  // as JWK (RFC 8037): OpenSSL takes seven times as long to read DER
  const x = Buffer.from(point).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}

function isPlausible(signature: Uint8Array): boolean {
  return (
    signature.length === SIGNATURE_BYTES &&
    isBelowL(signature.subarray(32)) &&
    !hasSmallOrder(signature.subarray(0, 32))
  );
}

function isBelowL(scalar: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = scalar[i]! - L[i]!;
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** y < p = 2^255 - 19, the sign bit aside. */
function isCanonicalY(point: Uint8Array): boolean {
  if ((point[31]! & 0x7f) !== 0x7f) return true;
  for (let i = 30; i > 0; i--) if (point[i] !== 0xff) return true;
  return point[0]! < 0xed;
}

function hasSmallOrder(point: Uint8Array): boolean {
  return SMALL_ORDER.some((y) => {
    for (let i = 0; i < 31; i++) if (point[i] !== y[i]) return false;
    return (point[31]! & 0x7f) === y[31];
  });
}
