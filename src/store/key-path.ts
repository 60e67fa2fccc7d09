/** Where keys lie. Apart from key-file.ts because what only verifies has no use for that. */

import { join } from "node:path";
import { dataFolder } from "../places.ts";

/**
 * Where the secret key lies unless `patchsig.key` says otherwise:
 * `minisign.key` in the data folder (src/places.ts).
 */
export function defaultKeyPath(environment: Readonly<Record<string, string | undefined>>): string {
  return join(dataFolder(environment), "minisign.key");
}

/** The public key file beside a secret key file: `x.key` has `x.pub`, `x` has `x.pub` too. */
export function publicKeyPath(keyPath: string): string {
  return `${keyPath.replace(/\.key$/, "")}.pub`;
}
