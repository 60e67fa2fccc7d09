/** The name under which a patch is counted once, however often it is verified. */

import { hash } from "node:crypto";
import type { PublicKeyText } from "../types.ts";

/**
 * Short, since every patch ever seen costs one. Nothing depends on it but a count: who finds two
 * patches with one name (2^32 tries) has one of his own not counted.
 */
const DIGEST_BYTES = 8;

/**
 * @param identity whose patch it is
 * @param publicKey the key that signed it; null for an unsigned patch
 * @param content the SHA-256 of what was signed (the attestation), or whatever names an unsigned
 *   patch. Not the Message-ID of a signed one: it is not signed, and a replay under new ones must
 *   not count
 * @returns 8 bytes
 */
export function sightingDigest(
  identity: string,
  publicKey: PublicKeyText | null,
  content: string,
): Buffer {
  // a list in JSON has one reading: no field can borrow text from its neighbour
  const text = JSON.stringify([identity, publicKey, content]);
  return hash("sha256", text, "buffer").subarray(0, DIGEST_BYTES);
}
