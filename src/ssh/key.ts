/**
 * OpenSSH's form of an Ed25519 public key (RFC 8709): string "ssh-ed25519", string point, where a
 * string is a length of four bytes and as many bytes.
 */

import { createHash } from "node:crypto";

export const SSH_ED25519 = "ssh-ed25519";
const POINT_BYTES = 32;
const PREFIX = Buffer.concat([
  Buffer.from([0, 0, 0, SSH_ED25519.length]),
  Buffer.from(SSH_ED25519),
  Buffer.from([0, 0, 0, POINT_BYTES]),
]);

/** The key blob of a point (32 bytes). */
export function formatSshKey(point: Uint8Array): Buffer {
  return Buffer.concat([PREFIX, point]);
}

/** The point in a key blob, a copy; null if it is no Ed25519 key. */
export function parseSshKey(blob: Buffer): Buffer | null {
  if (blob.length !== PREFIX.length + POINT_BYTES) return null;
  if (!blob.subarray(0, PREFIX.length).equals(PREFIX)) return null;
  return Buffer.from(blob.subarray(PREFIX.length));
}

/** `SHA256:…`, as ssh-add -l prints it. */
export function sshFingerprint(point: Uint8Array): string {
  const digest = createHash("sha256").update(formatSshKey(point)).digest("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}

/** Why a key of this type, as SSH calls it, cannot sign. */
export function whyUnfit(type: string): string {
  const why = type.startsWith("sk-")
    ? "a security key signs more than the text that it is given, which minisign cannot check"
    : "minisign knows Ed25519 alone";
  return `it has to be ${SSH_ED25519}: ${why}`;
}
