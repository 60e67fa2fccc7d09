/**
 * What an SSH key file shows without a password: a line of a `.pub` file (RFC 8709), or OpenSSH's
 * private key format, which begins with the public key (OpenSSH's PROTOCOL.key).
 */

import { FormatError } from "../errors.ts";
import { formatSshKey, parseSshKey, SSH_ED25519 } from "./key.ts";
import { Reader } from "./wire.ts";

/** An SSH key, as far as its file shows it without a password. */
export interface SshKeyFile {
  /** SSH's name for it: `ssh-ed25519`, `ssh-rsa` …; "" if the format does not say. */
  readonly type: string;
  /** 32 bytes; null if it is not an Ed25519 key. */
  readonly point: Buffer | null;
}

/** Enough for an Ed25519 public key in either format, and less than precedes the secret key. */
const HEAD_BYTES = 220;

const PUBLIC = /^(?:sk-)?(?:ssh|ecdsa)-[\w@.-]+ +(AAAA[A-Za-z0-9+/]+)/;
const PRIVATE = /^-----BEGIN OPENSSH PRIVATE KEY-----\s+([A-Za-z0-9+/\s]+)/;
/** Formats that Ed25519 keys never have. */
const OLD = /^-----BEGIN (?:RSA|DSA|EC) PRIVATE KEY-----/;
const MAGIC = "openssh-key-v1\0";

/** The key in these bytes of a file; null if they are not an SSH key. */
export function sshKeyInFile(bytes: Buffer): SshKeyFile | null {
  const head = bytes.toString("latin1", 0, HEAD_BYTES);
  if (OLD.test(head)) return { type: "", point: null };
  const line = PUBLIC.exec(head)?.[1];
  const body = PRIVATE.exec(head)?.[1];
  try {
    if (line !== undefined) return keyAt(new Reader(Buffer.from(line, "base64")));
    return body === undefined ? null : keyAt(publicPart(Buffer.from(body, "base64")));
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** At the first public key of a private file. */
function publicPart(file: Buffer): Reader {
  const reader = new Reader(file);
  if (reader.take(MAGIC.length).toString("latin1") !== MAGIC)
    throw new FormatError("of another form");
  // cipher, key derivation and its options
  for (let i = 0; i < 3; i++) reader.string();
  // how many keys, and how long the first is
  reader.uint32();
  reader.uint32();
  return reader;
}

function keyAt(reader: Reader): SshKeyFile {
  const type = reader.text();
  return {
    type,
    point: type === SSH_ED25519 ? parseSshKey(formatSshKey(reader.string())) : null,
  };
}
