/** Makes, takes over and re-encrypts the user's key file. */

import { randomBytes } from "node:crypto";
import { parseEd25519Key } from "../../devsig/keyring.ts";
import { FormatError, PatchsigError } from "../../errors.ts";
import { SEED_BYTES } from "../../minisign/ed25519.ts";
import {
  formatPublicKeyFile,
  KEY_NUMBER_BYTES,
  type PublicKey,
} from "../../minisign/public-key.ts";
import {
  DEFAULT_COST,
  formatSecretKeyFile,
  type KeyLock,
  SALT_BYTES,
  type SecretKey,
} from "../../minisign/secret-key.ts";
import {
  type AskPassword,
  checkNewKey,
  readPrivateFile,
  readPublicKeyFile,
  readSecretKeyFile,
  replaceSecretKeyFile,
  unlockKey,
  writeKeyPair,
} from "../../store/key-file.ts";

export const DEFAULT_COMMENT = "patchsig secret key";

/** Asks for a new password; null for a key without one. The bytes are wiped here. */
type NewPassword = (() => Promise<Buffer>) | null;

interface KeyFileTarget {
  /** The secret key file. */
  readonly path: string;
  /** Overwrite one that is there. */
  readonly force: boolean;
}

interface NewKey extends KeyFileTarget {
  readonly comment: string;
  readonly newPassword: NewPassword;
}

/** Makes a key pair. PatchsigError "exists", "usage" for a comment that cannot be one. */
export async function generateKey(options: NewKey): Promise<PublicKey> {
  if (!options.force) checkNewKey(options.path);
  // loaded here because only this needs it
  const { generateSecretKey } = await import("../../minisign/generate.ts");
  const seed = randomBytes(SEED_BYTES);
  const key = generateSecretKey(seed, randomBytes(KEY_NUMBER_BYTES));
  seed.fill(0);
  return writeNewKey(key, options);
}

/** The key that `patatt genkey` wrote to `source`, as one of minisign's. PatchsigError "bad-key". */
export async function importPatattKey(source: string, options: NewKey): Promise<PublicKey> {
  if (!options.force) checkNewKey(options.path);
  return writeNewKey(await readPatattKey(source), options);
}

/** Writes it and its public key, and wipes it. */
async function writeNewKey(
  key: SecretKey,
  { path, comment, newPassword, force }: NewKey,
): Promise<PublicKey> {
  try {
    const text = await encrypt(key, comment, newPassword);
    writeKeyPair(path, text, formatPublicKeyFile(key.publicKey), force);
    return key.publicKey;
  } finally {
    key.wipe();
  }
}

/**
 * Takes over a minisign key as it is.
 *
 * @param publicFile its public key; null: it is unlocked once, to tell
 */
export async function importKey(
  source: string,
  publicFile: string | null,
  { path, force, askPassword }: KeyFileTarget & { readonly askPassword: AskPassword },
): Promise<PublicKey> {
  if (!force) checkNewKey(path);
  // refuses what is not a key before a password is asked for
  readSecretKeyFile(source);
  const publicKey =
    publicFile === null
      ? await publicKeyByUnlocking(source, askPassword)
      : readPublicKeyFile(publicFile);
  const bytes = readPrivateFile(source);
  writeKeyPair(path, bytes.toString("utf8"), formatPublicKeyFile(publicKey), force);
  bytes.fill(0);
  return publicKey;
}

async function readPatattKey(path: string): Promise<SecretKey> {
  const { generateSecretKey } = await import("../../minisign/generate.ts");
  const bytes = readPrivateFile(path);
  try {
    const seed = parseEd25519Key(bytes);
    const key = generateSecretKey(seed);
    seed.fill(0);
    return key;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new PatchsigError("bad-key", `${path}: not an ed25519 key of patatt: ${error.message}`);
  } finally {
    bytes.fill(0);
  }
}

/** Gives the key another password, or none. "none" if it has none and is to have none. */
export async function changePassword(
  path: string,
  askPassword: AskPassword,
  newPassword: NewPassword,
): Promise<"changed" | "set" | "removed" | "none"> {
  const file = readSecretKeyFile(path);
  if (!file.encrypted && newPassword === null) return "none";
  const key = await unlockKey({ path, askPassword });
  try {
    replaceSecretKeyFile(path, await encrypt(key, file.comment, newPassword));
  } finally {
    key.wipe();
  }
  if (newPassword === null) return "removed";
  return file.encrypted ? "changed" : "set";
}

/** The text of the key file, encrypted with a new password if one is wanted. */
async function encrypt(key: SecretKey, comment: string, ask: NewPassword): Promise<string> {
  if (ask === null) return keyText(key, comment, null);
  const password = await ask();
  try {
    return keyText(key, comment, { password, salt: randomBytes(SALT_BYTES), cost: DEFAULT_COST });
  } finally {
    password.fill(0);
  }
}

function keyText(key: SecretKey, comment: string, lock: KeyLock | null): string {
  try {
    return formatSecretKeyFile(key, comment, lock);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new PatchsigError("usage", error.message, { cause: error });
  }
}

export async function publicKeyByUnlocking(
  path: string,
  askPassword: AskPassword,
): Promise<PublicKey> {
  const key = await unlockKey({ path, askPassword });
  key.wipe();
  return key.publicKey;
}
