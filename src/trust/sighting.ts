/** The name under which a patch is counted once, however often it is verified. */

import { hash } from "node:crypto";
import type { PublicKeyText } from "../types.ts";

/**
 * Short, since there is one for every patch ever seen. Only a count depends on it: whoever finds two
 * patches with the same name (2^32 tries) has one of their own not counted.
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
  // a JSON list is unambiguous: no text can move between fields
  const text = JSON.stringify([identity, publicKey, content]);
  return hash("sha256", text, "buffer").subarray(0, DIGEST_BYTES);
}
