/**
 * Signatures: the four lines of a `.minisig` file.
 *
 *     untrusted comment: signature from minisign secret key
 *     base64 of `ED` ‖ key number (8) ‖ signature (64) of BLAKE2b-512(data)
 *     trusted comment: timestamp:1794000000
 *     base64 of the global signature (64), over signature ‖ trusted comment
 */

import { hash } from "node:crypto";
import { FormatError } from "../errors.ts";
import type { Verifier } from "./ed25519.ts";
import { KEY_NUMBER_BYTES } from "./public-key.ts";
import type { PublicKey } from "./public-key.ts";
import {
  MAX_TRUSTED_LINE,
  MAX_UNTRUSTED_LINE,
  TRUSTED,
  UNTRUSTED,
  decodeExactBase64,
  formatComment,
  parseComment,
  splitLines,
} from "./text.ts";

const SIGNATURE_BYTES = 64;
const DEFAULT_UNTRUSTED_COMMENT = "signature from minisign secret key";

/** `ED` signs the data's hash; `Ed`, of minisign before 0.8, the data. */
const ALGORITHMS = { ED: "prehashed", Ed: "legacy" } as const;

export interface Signature {
  readonly algorithm: "prehashed" | "legacy";
  /** 8 bytes: the key that it claims. A hint, see PublicKey. */
  readonly keyNumber: Buffer;
  /** 64 bytes. */
  readonly signature: Buffer;
  /** Not covered by anything. */
  readonly untrustedComment: string;
  /** Covered by the global signature: trust it once `verifySignature` said "good". */
  readonly trustedComment: string;
  /** 64 bytes. */
  readonly globalSignature: Buffer;
}

/** Signs with a minisign key: a SecretKey at once, an agent asynchronously. */
export interface MinisignSigner {
  readonly publicKey: PublicKey;
  /** The Ed25519 signature (64 bytes) of these bytes. */
  signBytes(message: Uint8Array): Buffer | Promise<Buffer>;
}

/** A synchronous signer. */
export interface LocalSigner extends MinisignSigner {
  signBytes(message: Uint8Array): Buffer;
}

/**
 * Work that needs signatures on the way: it yields the bytes to sign, and receives the signature.
 * So one place decides what is signed, whoever signs.
 */
export type Signing<T> = Generator<Uint8Array, T, Buffer>;

/** Does the work with a local key. */
export function signNow<T>(signer: LocalSigner, signing: Signing<T>): T {
  let step = signing.next();
  while (step.done !== true) step = signing.next(signer.signBytes(step.value));
  return step.value;
}

/** Does the work with any signer. */
export async function signWith<T>(signer: MinisignSigner, signing: Signing<T>): Promise<T> {
  let step = signing.next();
  while (step.done !== true) step = signing.next(await signer.signBytes(step.value));
  return step.value;
}

/**
 * Read the four lines. Tolerates what `splitLines` does; line lengths are stock minisign's.
 * Reads a legacy signature too, marked by `algorithm`. Throws a FormatError.
 */
export function parseSignature(bytes: Uint8Array): Signature {
  const lines = splitLines(bytes, 4, "signature");
  const [untrustedLine, signatureLine, trustedLine, globalLine] = lines as [
    string,
    string,
    string,
    string,
  ];
  return signatureOf({
    untrustedComment: parseComment(untrustedLine, UNTRUSTED, MAX_UNTRUSTED_LINE),
    signature: signatureLine,
    trustedComment: parseComment(trustedLine, TRUSTED, MAX_TRUSTED_LINE),
    globalSignature: globalLine,
  });
}

/** The four lines, without the words before the comments. */
interface SignatureTexts {
  readonly untrustedComment: string;
  /** Base64. */
  readonly signature: string;
  readonly trustedComment: string;
  /** Base64. */
  readonly globalSignature: string;
}

/** For a caller that has the comments, each one line of text. Throws a FormatError. */
export function signatureOf(texts: SignatureTexts): Signature {
  const { untrustedComment, trustedComment } = texts;
  const length = 2 + KEY_NUMBER_BYTES + SIGNATURE_BYTES;
  const blob = decodeExactBase64(texts.signature, length, "signature");
  const globalSignature = decodeExactBase64(
    texts.globalSignature,
    SIGNATURE_BYTES,
    "global signature",
  );
  const name = blob.toString("latin1", 0, 2);
  if (name !== "ED" && name !== "Ed") {
    throw new FormatError("signature of an unknown algorithm");
  }
  return {
    algorithm: ALGORITHMS[name],
    keyNumber: blob.subarray(2, 2 + KEY_NUMBER_BYTES),
    signature: blob.subarray(2 + KEY_NUMBER_BYTES),
    untrustedComment,
    trustedComment,
    globalSignature,
  };
}

/** The four lines, each with its line end. Throws a FormatError if a comment is not one line. */
export function formatSignature(signature: Signature): string {
  const name = signature.algorithm === "prehashed" ? "ED" : "Ed";
  const blob = Buffer.concat([Buffer.from(name), signature.keyNumber, signature.signature]);
  return (
    formatComment(signature.untrustedComment, UNTRUSTED, MAX_UNTRUSTED_LINE) +
    `${blob.toString("base64")}\n` +
    formatComment(signature.trustedComment, TRUSTED, MAX_TRUSTED_LINE) +
    `${signature.globalSignature.toString("base64")}\n`
  );
}

/**
 * Sign `data` and `trustedComment`: two Ed25519 signatures. The same input gives the same output.
 * Throws a FormatError if a comment is not one line of text.
 */
export function signData(
  signer: LocalSigner,
  data: Uint8Array,
  trustedComment: string,
  untrustedComment: string = DEFAULT_UNTRUSTED_COMMENT,
): Signature {
  return signNow(signer, signing(signer.publicKey, data, trustedComment, untrustedComment));
}

/** `signData`, for any holder of `publicKey`'s secret half. */
export function* signing(
  publicKey: PublicKey,
  data: Uint8Array,
  trustedComment: string,
  untrustedComment: string,
): Signing<Signature> {
  // check before signing: never make what cannot be read back
  formatComment(trustedComment, TRUSTED, MAX_TRUSTED_LINE);
  formatComment(untrustedComment, UNTRUSTED, MAX_UNTRUSTED_LINE);
  const signature = yield prehash(data);
  return {
    algorithm: "prehashed",
    keyNumber: publicKey.keyNumber,
    signature,
    untrustedComment,
    trustedComment,
    globalSignature: yield globalMessage(signature, trustedComment),
  };
}

/** What the first signature covers: 64 bytes. */
export function prehash(data: Uint8Array): Buffer {
  return hash("blake2b512", data, "buffer");
}

/** What the global signature covers: the first signature, then the trusted comment. */
export function globalMessage(signature: Uint8Array, trustedComment: string): Buffer {
  return Buffer.concat([signature, Buffer.from(trustedComment)]);
}

/** "other-key": the signature claims another key, and was not checked. */
export type SignatureCheck = "good" | "other-key" | "legacy" | "bad-signature" | "bad-comment";

/**
 * Check both signatures under one key, in stock minisign's order. A legacy signature is "legacy",
 * unverified, unless `allowLegacy`: it does not say by itself whether data or a hash was signed.
 */
export function verifySignature(
  verifier: Verifier,
  key: PublicKey,
  data: Uint8Array,
  signature: Signature,
  allowLegacy: boolean = false,
): SignatureCheck {
  const legacy = signature.algorithm === "legacy";
  if (legacy && !allowLegacy) return "legacy";
  if (!signature.keyNumber.equals(key.keyNumber)) return "other-key";

  const message = legacy ? data : prehash(data);
  if (!verifier.verifyStrict(key.point, message, signature.signature)) return "bad-signature";

  const global = globalMessage(signature.signature, signature.trustedComment);
  if (!verifier.verifyStrict(key.point, global, signature.globalSignature)) return "bad-comment";
  return "good";
}
