/**
 * Secret keys: minisign's file of two lines, the second base64 of 158 bytes:
 *
 *     at  bytes
 *      0      2  `Ed`
 *      2      2  `Sc` if encrypted, else two zeros
 *      4      2  `B2`
 *      6     32  salt
 *     38      8  opslimit, little endian
 *     46      8  memlimit, little endian
 *     54    104  key number (8) ‖ seed (32) ‖ public point (32) ‖ checksum (32)
 *
 * If encrypted, the last 104 bytes are XORed with scrypt(password, salt). The checksum is
 * BLAKE2b-256(`Ed` ‖ key number ‖ seed ‖ public point), or zeros in a key made without a password.
 */

import { scryptSync, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { inspect } from "node:util";
import { blake2b } from "@noble/hashes/blake2.js";
import { FormatError } from "../errors.ts";
import { SEED_BYTES, importSeed, publicPoint, signBytes } from "./ed25519.ts";
import { KEY_NUMBER_BYTES, formatPublicKeyText } from "./public-key.ts";
import type { PublicKey } from "./public-key.ts";
import type { LocalSigner } from "./signature.ts";
import { SecretBytes } from "./secret-bytes.ts";
import {
  MAX_UNTRUSTED_LINE,
  UNTRUSTED,
  decodeExactBase64,
  formatComment,
  parseComment,
  splitLines,
} from "./text.ts";

export const SALT_BYTES = 32;
const FILE_BYTES = 158;
const BODY_START = 54;
const BODY_BYTES = FILE_BYTES - BODY_START;
const CHECKSUM_START = 72;

const ALGORITHM = "Ed";
const CHECKSUM_ALGORITHM = "B2";
const KDF_SCRYPT = "Sc";
const KDF_NONE = "\0\0";

/** Longest password that stock minisign reads, in bytes (PASSWORDMAXBYTES less the NUL). */
export const MAX_PASSWORD_BYTES = 1023;

/** The cost of a password guess, in libsodium's terms. */
export interface KdfCost {
  readonly opslimit: bigint;
  /** Bytes. */
  readonly memlimit: bigint;
}

/** libsodium's SENSITIVE limits, which stock minisign writes: N = 2^20, 1 GiB, about 2 s. */
export const DEFAULT_COST: KdfCost = { opslimit: 2n ** 25n, memlimit: 2n ** 30n };

/** Most that a key file may ask for: the memory of the default, and four times its work. */
const MAX_MEMORY = 2n ** 30n;
const MAX_WORK = 2n ** 22n;

/** A key that can sign. Prints as its public key; `wipe` when done. */
export class SecretKey implements LocalSigner {
  readonly publicKey: PublicKey;
  readonly #seed: SecretBytes;
  #signing: KeyObject | null;

  /**
   * Takes a copy of the seed (32 bytes). RangeError for other lengths; FormatError unless
   * `publicKey` matches: a signature made with another public half reveals the secret one.
   */
  constructor(seed: Uint8Array, publicKey: PublicKey) {
    checkLength("seed", seed, SEED_BYTES);
    checkLength("key number", publicKey.keyNumber, KEY_NUMBER_BYTES);
    this.#seed = new SecretBytes(seed);
    this.#signing = importSeed(seed);
    this.publicKey = publicKey;
    if (!publicPoint(this.#signing).equals(publicKey.point)) {
      this.wipe();
      throw new FormatError("secret key and public key do not belong together");
    }
  }

  /** The Ed25519 signature (64 bytes) of these bytes. Throws once wiped. */
  signBytes(message: Uint8Array): Buffer {
    if (this.#signing === null) throw new Error("secret key was wiped");
    return signBytes(this.#signing, message);
  }

  /** The seed itself (32 bytes), for writing the key file. Throws once wiped. */
  exposeSeed(): Buffer {
    return this.#seed.expose();
  }

  /** Overwrite the seed. OpenSSL clears its own copy when the key object is collected. */
  wipe(): void {
    this.#seed.wipe();
    this.#signing = null;
  }

  toString(): string {
    return `secret key of ${formatPublicKeyText(this.publicKey)} [redacted]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** A key file as read, not unlocked yet. */
export interface SecretKeyFile {
  readonly comment: string;
  readonly encrypted: boolean;
  readonly salt: Buffer;
  readonly cost: KdfCost;
  /** The last 104 bytes, XORed if `encrypted`. */
  readonly body: SecretBytes;
}

/**
 * Read a secret key file. Tolerates what `splitLines` does; unlike stock minisign it wants
 * `untrusted comment: ` on the first line. Throws a FormatError. (The text of a file without a
 * password passes through a string, which JavaScript cannot wipe.)
 */
export function parseSecretKeyFile(bytes: Uint8Array): SecretKeyFile {
  const [commentLine, keyLine] = splitLines(bytes, 2, "secret key file", {
    blankEnd: true,
  }) as [string, string];
  const comment = parseComment(commentLine, UNTRUSTED, MAX_UNTRUSTED_LINE);
  const blob = decodeExactBase64(keyLine, FILE_BYTES, "secret key");
  try {
    const kdf = blob.toString("latin1", 2, 4);
    if (blob.toString("latin1", 0, 2) !== ALGORITHM) {
      throw new FormatError("secret key of an unknown algorithm");
    }
    if (kdf !== KDF_SCRYPT && kdf !== KDF_NONE) {
      throw new FormatError("secret key with an unknown key derivation");
    }
    if (blob.toString("latin1", 4, 6) !== CHECKSUM_ALGORITHM) {
      throw new FormatError("secret key with an unknown checksum");
    }
    return {
      comment,
      encrypted: kdf === KDF_SCRYPT,
      salt: Buffer.from(blob.subarray(6, 6 + SALT_BYTES)),
      cost: { opslimit: blob.readBigUInt64LE(38), memlimit: blob.readBigUInt64LE(46) },
      body: new SecretBytes(blob.subarray(BODY_START)),
    };
  } finally {
    blob.fill(0);
  }
}

/**
 * The key in a file, or null if the password is wrong (a damaged file looks the same). `password`
 * is ignored if the file is not encrypted. Takes seconds and a gigabyte at the default cost.
 * Throws a FormatError if the file asks for more than the limits, or its parts do not match.
 */
export function unlockSecretKey(file: SecretKeyFile, password: Uint8Array): SecretKey | null {
  const body = Buffer.alloc(BODY_BYTES);
  body.set(file.body.expose());
  try {
    if (file.encrypted) xorWithPassword(body, password, file.salt, file.cost);

    const keyNumber = body.subarray(0, KEY_NUMBER_BYTES);
    const seed = body.subarray(KEY_NUMBER_BYTES, KEY_NUMBER_BYTES + SEED_BYTES);
    const point = body.subarray(KEY_NUMBER_BYTES + SEED_BYTES, CHECKSUM_START);
    const stored = body.subarray(CHECKSUM_START);

    const unchecked = !file.encrypted && stored.every((byte) => byte === 0);
    if (!unchecked && !timingSafeEqual(stored, checksum(body))) {
      if (file.encrypted) return null;
      throw new FormatError("secret key has a wrong checksum");
    }
    // copies: the body is wiped
    return new SecretKey(seed, { keyNumber: Buffer.from(keyNumber), point: Buffer.from(point) });
  } finally {
    body.fill(0);
  }
}

/** How to encrypt a key file: `salt` is 32 random bytes, fresh for every file. */
export interface KeyLock {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly cost: KdfCost;
}

/** The two lines of a key file, encrypted if there is a lock; stock minisign reads them. */
export function formatSecretKeyFile(key: SecretKey, comment: string, lock: KeyLock | null): string {
  const commentLine = formatComment(comment, UNTRUSTED, MAX_UNTRUSTED_LINE);
  const blob = Buffer.alloc(FILE_BYTES);
  try {
    const body = blob.subarray(BODY_START);
    body.set(key.publicKey.keyNumber);
    body.set(key.exposeSeed(), KEY_NUMBER_BYTES);
    body.set(key.publicKey.point, KEY_NUMBER_BYTES + SEED_BYTES);

    blob.write(ALGORITHM, 0, "latin1");
    blob.write(CHECKSUM_ALGORITHM, 4, "latin1");
    if (lock !== null) {
      checkLength("salt", lock.salt, SALT_BYTES);
      blob.write(KDF_SCRYPT, 2, "latin1");
      blob.set(lock.salt, 6);
      blob.writeBigUInt64LE(lock.cost.opslimit, 38);
      blob.writeBigUInt64LE(lock.cost.memlimit, 46);
      body.set(checksum(body), CHECKSUM_START);
      xorWithPassword(body, lock.password, lock.salt, lock.cost);
    }
    return `${commentLine}${blob.toString("base64")}\n`;
  } finally {
    blob.fill(0);
  }
}

/**
 * libsodium's `pickparams` of crypto_pwhash_scryptsalsa208sha256. Throws a FormatError for limits
 * that would take more than 1 GiB, or four times the default's time, or that libsodium refuses.
 */
export function scryptParameters(cost: KdfCost): { N: number; r: number; p: number } {
  const r = 8n;
  const opslimit = cost.opslimit < 32768n ? 32768n : cost.opslimit;
  const byOperations = opslimit < cost.memlimit / 32n;
  const maxN = byOperations ? opslimit / (r * 4n) : cost.memlimit / (r * 128n);
  let log2 = 1n;
  while (log2 < 63n && 2n ** log2 <= maxN / 2n) log2++;
  const N = 2n ** log2;
  let p = 1n;
  if (!byOperations) {
    const maxRp = opslimit / 4n / N;
    p = (maxRp > 0x3fffffffn ? 0x3fffffffn : maxRp) / r;
  }
  if (p < 1n) throw new FormatError("secret key with an impossible password cost");
  if (N * r * 128n > MAX_MEMORY || N * p > MAX_WORK) {
    throw new FormatError("secret key asks for too much memory or time to check its password");
  }
  return { N: Number(N), r: Number(r), p: Number(p) };
}

function xorWithPassword(
  body: Buffer,
  password: Uint8Array,
  salt: Uint8Array,
  cost: KdfCost,
): void {
  const { N, r, p } = scryptParameters(cost);
  // node needs a little more than the table itself
  const maxmem = 128 * r * (N + p) + 2 ** 20;
  const stream = scryptSync(password, salt, BODY_BYTES, { N, r, p, maxmem });
  for (let i = 0; i < body.length; i++) body[i]! ^= stream[i]!;
  stream.fill(0);
}

/** Catches a caller's mistake that would write an unreadable file. */
function checkLength(what: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${what} is not ${length} bytes`);
}

function checksum(body: Uint8Array): Uint8Array {
  const hash = blake2b.create({ dkLen: 32 });
  hash.update(Buffer.from(ALGORITHM));
  hash.update(body.subarray(0, CHECKSUM_START));
  return hash.digest();
}
