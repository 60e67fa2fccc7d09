/** Which key is the user's, as far as that can be told without unlocking or asking anything. */

import { readFileSync } from "node:fs";
import { formatPublicKeyText, parsePublicKeyFile } from "../minisign/public-key.ts";
import { publicKeyPath } from "../store/key-path.ts";
import type { PublicKeyText } from "../types.ts";
import { keyChoiceOf } from "./settings.ts";

/** Null if it cannot be told. Apart from signer.ts, which loads what unlocks keys. */
export function ownPublicKey(): PublicKeyText | null {
  const choice = keyChoiceOf(undefined);
  if (choice.kind === "agent") return choice.selector.startsWith("RW") ? choice.selector : null;
  try {
    const beside = readFileSync(publicKeyPath(choice.path));
    return formatPublicKeyText(parsePublicKeyFile(beside).key);
  } catch {
    return null;
  }
}
