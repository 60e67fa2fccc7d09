/**
 * OpenSSH signatures (PROTOCOL.sshsig) and public keys, as `ssh-keygen -Y verify -n patatt` takes
 * them: ssh-ed25519, ecdsa-sha2-* and ssh-rsa. Strict: no trailing bytes, minimal numbers.
 */

import { createHash, createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { FormatError } from "../errors.ts";
import type { Verifier } from "../minisign/ed25519.ts";
import { SSH_ED25519 } from "./key.ts";
import { Reader, string } from "./wire.ts";

const MAGIC = "SSHSIG";
const NAMESPACE = "patatt";
const HASHES = ["sha256", "sha512"] as const;

const CURVES: Readonly<Record<string, { crv: string; size: number; hash: string }>> = {
  nistp256: { crv: "P-256", size: 32, hash: "sha256" },
  nistp384: { crv: "P-384", size: 48, hash: "sha384" },
  nistp521: { crv: "P-521", size: 66, hash: "sha512" },
};
const RSA_HASHES: Readonly<Record<string, string>> = {
  "rsa-sha2-256": "sha256",
  "rsa-sha2-512": "sha512",
};
/** Who can pay can forge shorter ones; longer ones are slow, and ssh refuses them. */
const RSA_BYTES = { min: 256, max: 2048 };

/**
 * The key of a keyring file: `ssh-ed25519 AAAA… comment`. Only the first key counts, as with
 * patatt.
 *
 * @returns the key's blob
 * @throws FormatError if it is none
 */
export function readKeyringSshKey(file: Buffer): Buffer {
  const [type, text] = file.toString("latin1").trim().split(/\s+/);
  const blob = Buffer.from(text ?? "", "base64");
  if (blob.length === 0 || blob.toString("base64") !== text) throw new FormatError("not base64");
  if (new Reader(blob).text() !== type) throw new FormatError("not a key of its type");
  return blob;
}

export type SshOutcome = "good" | "bad" | "other-key" | "unsupported";

/**
 * Did the holder of the key sign these bytes for patatt?
 *
 * @param signature the decoded SSHSIG
 * @param key the key's blob, from `readKeyringSshKey`
 */
export function verifySsh(
  verifier: Verifier,
  key: Buffer,
  message: Buffer,
  signature: Buffer,
): SshOutcome {
  try {
    return check(verifier, key, message, signature);
  } catch (error) {
    if (error instanceof FormatError) return "bad";
    throw error;
  }
}

function check(verifier: Verifier, key: Buffer, message: Buffer, signature: Buffer): SshOutcome {
  const outer = new Reader(signature);
  if (outer.take(MAGIC.length).toString("latin1") !== MAGIC) return "bad";
  if (outer.uint32() !== 1) return "unsupported";
  const signer = outer.string();
  const namespace = outer.text();
  const reserved = outer.string();
  const hashName = outer.text();
  const inner = outer.string();
  outer.end();
  if (!signer.equals(key)) return "other-key";
  if (namespace !== NAMESPACE || reserved.length > 0) return "bad";
  const hash = HASHES.find((name) => name === hashName);
  if (hash === undefined) return "unsupported";
  const signed = Buffer.concat([
    Buffer.from(MAGIC),
    ...string(NAMESPACE),
    ...string(""),
    ...string(hash),
    ...string(createHash(hash).update(message).digest()),
  ]);
  return checkRaw(verifier, key, signed, inner);
}

/** The signature proper, by its type and the key's. */
function checkRaw(verifier: Verifier, key: Buffer, signed: Buffer, blob: Buffer): SshOutcome {
  const signature = new Reader(blob);
  const type = signature.text();
  const bytes = signature.string();
  signature.end();
  const parts = new Reader(key);
  const keyType = parts.text();
  if (keyType === SSH_ED25519) {
    const point = parts.string();
    parts.end();
    return outcome(type === keyType && verifier.verifyStrict(point, signed, bytes));
  }
  if (keyType === "ssh-rsa") return checkRsa(parts, type, signed, bytes);
  if (keyType.startsWith("ecdsa-sha2-")) return checkEcdsa(parts, keyType, type, signed, bytes);
  return "unsupported";
}

function checkRsa(key: Reader, type: string, signed: Buffer, bytes: Buffer): SshOutcome {
  const e = key.positive();
  const n = key.positive();
  key.end();
  const hash = RSA_HASHES[type];
  if (hash === undefined) return "bad";
  if (n.length < RSA_BYTES.min || n.length > RSA_BYTES.max) return "unsupported";
  const jwk = { kty: "RSA", n: n.toString("base64url"), e: e.toString("base64url") };
  return outcome(verifyJwk(jwk, hash, signed, bytes));
}

function checkEcdsa(
  key: Reader,
  keyType: string,
  type: string,
  signed: Buffer,
  bytes: Buffer,
): SshOutcome {
  const name = key.text();
  const point = key.string();
  key.end();
  const curve = CURVES[name];
  if (curve === undefined || keyType !== `ecdsa-sha2-${name}`) return "unsupported";
  const { crv, size, hash } = curve;
  if (type !== keyType || point.length !== 1 + 2 * size || point[0] !== 4) return "bad";
  const numbers = new Reader(bytes);
  const scalars = [numbers.positive(), numbers.positive()];
  numbers.end();
  if (scalars.some((scalar) => scalar.length > size)) return "bad";
  const padded = scalars.map((scalar) =>
    Buffer.concat([Buffer.alloc(size - scalar.length), scalar]),
  );
  const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)];
  const jwk = { kty: "EC", crv, x: x.toString("base64url"), y: y.toString("base64url") };
  return outcome(verifyJwk(jwk, hash, signed, Buffer.concat(padded)));
}

/** Also false for invalid keys, such as a point off the curve. */
function verifyJwk(jwk: JsonWebKey, hash: string, signed: Buffer, signature: Buffer): boolean {
  try {
    const key = createPublicKey({ key: jwk, format: "jwk" });
    return verify(hash, signed, { key, dsaEncoding: "ieee-p1363" }, signature);
  } catch {
    return false;
  }
}

function outcome(good: boolean): SshOutcome {
  return good ? "good" : "bad";
}
