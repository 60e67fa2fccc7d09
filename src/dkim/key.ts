/** Key records (RFC 6376, 3.6.1, and RFC 8463) and the signatures by them. */

import { createPublicKey, createHash, type KeyObject, verify } from "node:crypto";
import type { Verifier } from "../minisign/ed25519.ts";
import type { Algorithm } from "./signature.ts";
import { colonList, readBase64, readTags, type Tags } from "./tags.ts";

/** Characters of a record that is read. */
const MAX_RECORD = 4096;
/** RFC 8301: shorter keys verify nothing. */
const MIN_BITS = 1024;
/** RFC 8301 asks signers for these. */
const GOOD_BITS = 2048;
const MAX_BITS = 16_384;

type VerifyKey =
  | { readonly kind: "rsa"; readonly key: KeyObject; readonly bits: number }
  | { readonly kind: "ed25519"; readonly point: Buffer };

export type DkimKey =
  | {
      readonly kind: "key";
      /** `p=`, by which records of the same key are told. */
      readonly p: string;
      readonly public: VerifyKey;
      /** `t=y`: the domain only tries DKIM out. */
      readonly testing: boolean;
      /** `t=s`: `i=` must be of the domain itself. */
      readonly strict: boolean;
    }
  | { readonly kind: "revoked" }
  /** Not for mail or for this algorithm, or malformed. */
  | { readonly kind: "unusable"; readonly detail: string }
  | { readonly kind: "weak"; readonly detail: string };

/** The one key record among the TXT records of a name; null if there is none, or more than one. */
export function soleKeyRecord(texts: readonly string[]): string | null {
  const found = texts.filter((text) => {
    const tags = text.length > MAX_RECORD ? null : readTags(text);
    return tags !== null && tags.has("p") && (tags.get("v") ?? "DKIM1") === "DKIM1";
  });
  return found.length === 1 ? found[0]! : null;
}

export function readKeyRecord(text: string): DkimKey {
  const tags = text.length > MAX_RECORD ? null : readTags(text);
  if (tags === null) return unusable("its record is malformed");
  // RFC 6376, 3.6.1: if it is there, it comes first
  if (tags.has("v") && ([...tags.keys()][0] !== "v" || tags.get("v") !== "DKIM1"))
    return unusable("its record is of another version");
  if (tags.get("p") === "") return { kind: "revoked" };
  const use = wrongUse(tags);
  return use === null ? readKey(tags) : unusable(use);
}

/** Why the key is not for signatures of mails with SHA-256; null if it is. */
function wrongUse(tags: Tags): string | null {
  if (!colonList(tags.get("h") ?? "sha256").includes("sha256")) return "it is not for sha256";
  const services = colonList(tags.get("s") ?? "*");
  return services.includes("*") || services.includes("email") ? null : "it is not for mail";
}

function readKey(tags: Tags): DkimKey {
  const bytes = readBase64(tags.get("p") ?? "");
  const read = READERS.get(tags.get("k") ?? "rsa");
  const found = bytes === null ? null : (read?.(bytes) ?? null);
  if (bytes === null || found === null) return unusable("its record holds no key of a known kind");
  if (found.kind === "rsa" && found.bits < MIN_BITS)
    return { kind: "weak", detail: `a key of ${found.bits} bits` };
  const flags = colonList(tags.get("t") ?? "");
  return {
    kind: "key",
    p: bytes.toString("base64"),
    public: found,
    testing: flags.includes("y"),
    strict: flags.includes("s"),
  };
}

function unusable(detail: string): DkimKey {
  return { kind: "unusable", detail };
}

/** SubjectPublicKeyInfo, as everybody writes it, or RFC 6376's own RSAPublicKey. */
function readRsa(der: Buffer): VerifyKey | null {
  for (const type of ["spki", "pkcs1"] as const) {
    try {
      const key = createPublicKey({ key: der, format: "der", type });
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
      const isRsa = key.asymmetricKeyType === "rsa" && bits > 0 && bits <= MAX_BITS;
      return isRsa ? { kind: "rsa", key, bits } : null;
    } catch {
      // the other form
    }
  }
  return null;
}

function readEd25519(point: Buffer): VerifyKey | null {
  return point.length === 32 ? { kind: "ed25519", point } : null;
}

const READERS: ReadonlyMap<string, (bytes: Buffer) => VerifyKey | null> = new Map([
  ["rsa", readRsa],
  ["ed25519", readEd25519],
]);

/** What is to be said of a key that counts: "" for a good one. */
export function weakness(key: VerifyKey): string {
  return key.kind === "rsa" && key.bits < GOOD_BITS ? `a key of only ${key.bits} bits` : "";
}

/**
 * True if the key made this signature.
 *
 * @param text the signed headers in their canonical form, as bytes
 */
export function signedBy(
  key: VerifyKey,
  algorithm: Algorithm,
  text: Uint8Array,
  signature: Uint8Array,
  verifier: Verifier,
): boolean {
  if (algorithm === "rsa-sha256")
    return key.kind === "rsa" && verify("sha256", text, key.key, signature);
  if (key.kind !== "ed25519") return false;
  // RFC 8463, 3: Ed25519 signs the hash
  const digest = createHash("sha256").update(text).digest();
  return verifier.verifyStrict(key.point, digest, signature);
}
