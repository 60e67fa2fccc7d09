/** New keys. Apart from secret-key.ts because tweetnacl takes 15 ms to load. */

import nacl from "tweetnacl";
import { verifyStrict } from "./ed25519.ts";
import { publicKeyOfPoint } from "./public-key.ts";
import { SecretKey } from "./secret-key.ts";

/**
 * A key from random bytes: `seed` (32) is the secret, `keyNumber` (8) its label; the default label
 * comes from the public half, as for keys in ssh-agent. tweetnacl makes the key; node:crypto, which
 * will use it, must derive the same public half and accept tweetnacl's signature.
 */
export function generateSecretKey(seed: Uint8Array, keyNumber?: Uint8Array): SecretKey {
  const pair = nacl.sign.keyPair.fromSeed(new Uint8Array(seed));
  try {
    const point = Buffer.from(pair.publicKey);
    const label = Buffer.from(keyNumber ?? publicKeyOfPoint(point).keyNumber);
    const key = new SecretKey(seed, { keyNumber: label, point });
    const probe = nacl.sign.detached(new Uint8Array(label), pair.secretKey);
    if (!verifyStrict(point, label, probe)) throw new Error("new key failed its self-test");
    return key;
  } finally {
    pair.secretKey.fill(0);
  }
}
