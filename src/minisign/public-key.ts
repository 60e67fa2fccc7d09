/**
 * Public keys: 42 bytes, `Ed` ‖ key number (8) ‖ point (32).
 *
 *     untrusted comment: minisign public key EE06C4309206F42C
 *     RWQs9AaSMMQG7t6jJ6SupxrJDW3HChgqKZaWvzzwWu8vaTih7GrQo+y8
 */

import { createHash } from "node:crypto";
import { FormatError } from "../errors.ts";
import type { PublicKeyText } from "../types.ts";
import {
  MAX_UNTRUSTED_LINE,
  UNTRUSTED,
  decodeExactBase64,
  formatComment,
  parseComment,
  splitLines,
} from "./text.ts";

export const KEY_NUMBER_BYTES = 8;
const PUBLIC_KEY_BYTES = 2 + KEY_NUMBER_BYTES + 32;

export interface PublicKey {
  /**
   * 8 bytes that the key's owner chose at random. A hint for finding the key, never an identity:
   * anyone can make a key with the same number. Compare whole keys (formatPublicKeyText).
   */
  readonly keyNumber: Buffer;
  /** The Ed25519 point, 32 bytes, not checked: the verifier refuses bad ones. */
  readonly point: Buffer;
}

/** Read `RW…`, 56 characters without anything around them. Throws a FormatError. */
export function parsePublicKeyText(text: string): PublicKey {
  const bytes = decodeExactBase64(text, PUBLIC_KEY_BYTES, "public key");
  if (bytes.toString("latin1", 0, 2) !== "Ed") {
    throw new FormatError("public key of an unknown algorithm");
  }
  return {
    keyNumber: bytes.subarray(2, 2 + KEY_NUMBER_BYTES),
    point: bytes.subarray(2 + KEY_NUMBER_BYTES),
  };
}

/**
 * The key of a point that has no number of its own, as OpenSSH's have none: its number is the
 * beginning of the point's SHA-256 (spec, "Keys held by ssh-agent").
 */
export function publicKeyOfPoint(point: Uint8Array): PublicKey {
  const digest = createHash("sha256").update(point).digest();
  return { keyNumber: digest.subarray(0, KEY_NUMBER_BYTES), point: Buffer.from(point) };
}

/** The whole key as `RW…`: the form in which keys are compared and stored. */
export function formatPublicKeyText(key: PublicKey): PublicKeyText {
  return Buffer.concat([Buffer.from("Ed"), key.keyNumber, key.point]).toString("base64");
}

/**
 * Read a `.pub` file: two lines. Tolerates what `splitLines` does. Unlike stock minisign, which
 * skips the first line unread, it wants `untrusted comment: ` there. Throws a FormatError.
 */
export function parsePublicKeyFile(bytes: Uint8Array): { comment: string; key: PublicKey } {
  const [commentLine, keyLine] = splitLines(bytes, 2, "public key file", {
    blankEnd: true,
  }) as [string, string];
  return {
    comment: parseComment(commentLine, UNTRUSTED, MAX_UNTRUSTED_LINE),
    key: parsePublicKeyText(keyLine),
  };
}

/** The `.pub` file of a key; the comment is what stock minisign writes unless given. */
export function formatPublicKeyFile(
  key: PublicKey,
  comment: string = `minisign public key ${formatKeyId(key.keyNumber)}`,
): string {
  const commentLine = formatComment(comment, UNTRUSTED, MAX_UNTRUSTED_LINE);
  return `${commentLine}${formatPublicKeyText(key)}\n`;
}

/**
 * The key number as minisign shows it: a little-endian number in upper-case hex. 16 digits, as
 * minisign 0.12 writes it; 0.11 leaves out leading zeros.
 */
export function formatKeyId(keyNumber: Uint8Array): string {
  return Buffer.from(keyNumber).reverse().toString("hex").toUpperCase();
}
