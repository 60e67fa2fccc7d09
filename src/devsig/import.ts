/**
 * patatt's keyring as one of ours. Its Ed25519 keys, those of ssh too, can sign patches here as they
 * are: with `key import --patatt`, and from ssh-agent. Other kinds, and keys that are filed by a hash
 * of their address, are passed over.
 */

import { FormatError } from "../errors.ts";
import { formatPublicKeyText, publicKeyOfPoint } from "../minisign/public-key.ts";
import { parseSshKey as pointOfSshKey } from "../ssh/key.ts";
import { normaliseIdentity } from "../trust/identity.ts";
import { type FoundKey, type Keyring, type KeyringFile, byIdentity } from "../trust/keyring.ts";
import { keyPath, parseEd25519Key } from "./keyring.ts";
import { readKeyringSshKey } from "../ssh/sshsig.ts";

/** The folders at the top of a patatt keyring that can hold such keys. */
export const PATATT_FOLDERS: readonly string[] = ["ed25519", "openssh"];

/** Reads patatt's key files. What is not as it should be is a problem, never an error. */
export function readPatattKeyring(files: Iterable<KeyringFile>): Keyring {
  const found: FoundKey[] = [];
  const unread: { path: string; why: string; identity: string | null }[] = [];
  for (const { path, bytes } of files) {
    const identity = identityAt(path);
    if (identity === null)
      unread.push({ path, identity, why: "its folders are not an address in its one spelling" });
    else if (bytes === null)
      unread.push({ path, identity, why: "it is not a regular file of at most 16 KiB" });
    else {
      const point = pointIn(path, bytes);
      if (point === undefined) unread.push({ path, identity, why: "there is no key in it" });
      else if (point !== null)
        found.push({ path, identity, key: formatPublicKeyText(publicKeyOfPoint(point)) });
    }
  }
  const one = byIdentity(found);
  // patatt names one of the keys "default" by a symbolic link: nothing is missed
  const missed = unread.filter(({ identity }) => identity === null || !one.files.has(identity));
  const problems = missed.map(({ path, why }) => ({ path, why }));
  return {
    ...one,
    results: { keys: new Map(), files: new Map() },
    statements: [],
    problems: [...problems, ...one.problems],
  };
}

/** Whose key lies at a path; null if it is not the one path that patatt would look at. */
function identityAt(path: string): string | null {
  const [, top, domain, local, selector] =
    /^(ed25519|openssh)\/([^/]+)\/([^/]+)\/([^/]+)$/s.exec(path) ?? [];
  if (domain === undefined) return null;
  const address = `${unquote(local!)}@${unquote(domain)}`;
  const algorithm = top === "openssh" ? "openssh" : "ed25519";
  const proper = keyPath(algorithm, address, unquote(selector!)) === path;
  return proper && normaliseIdentity(address) === address ? address : null;
}

/** Null: another kind of key; undefined: none. */
function pointIn(path: string, bytes: Buffer): Buffer | null | undefined {
  try {
    return path.startsWith("ed25519/")
      ? parseEd25519Key(bytes)
      : pointOfSshKey(readKeyringSshKey(bytes));
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** Python's `unquote_plus`; "" for what is not quoted text. */
function unquote(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return "";
  }
}
