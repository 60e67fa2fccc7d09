/** Which key is the user's, as far as that can be told without unlocking or asking anything. */

import { readFileSync } from "node:fs";
import { formatPublicKeyText, parsePublicKeyFile } from "../../minisign/public-key.ts";
import { defaultKeyPath, publicKeyPath } from "../../store/key-path.ts";
import type { PublicKeyText } from "../../types.ts";
import { keyChoiceOf } from "../settings.ts";

/**
 * False if the user's key is known, and is another. Apart from signer.ts, which loads what unlocks
 * keys; and git is asked for `patchsig.key` only if it is not the key in the usual place.
 */
export function isOwnKey(key: PublicKeyText): boolean {
  if (keyBeside(defaultKeyPath(process.env)) === key) return true;
  const choice = keyChoiceOf(undefined);
  if (choice.kind === "agent") return !choice.selector.startsWith("RW") || choice.selector === key;
  return [key, null].includes(keyBeside(choice.path));
}

/** True if it is known to be the user's, and no other that is in question. */
export function isKnownAsOwn(key: PublicKeyText): boolean {
  if (keyBeside(defaultKeyPath(process.env)) === key) return true;
  const choice = keyChoiceOf(undefined);
  return (choice.kind === "agent" ? choice.selector : keyBeside(choice.path)) === key;
}

function keyBeside(path: string): PublicKeyText | null {
  try {
    return formatPublicKeyText(parsePublicKeyFile(readFileSync(publicKeyPath(path))).key);
  } catch {
    return null;
  }
}
