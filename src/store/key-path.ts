/** Where keys lie. Apart from key-file.ts because what only verifies has no use for that. */

import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * Where the secret key lies unless `patchsig.key` says otherwise:
 * `$XDG_DATA_HOME/patchsig/minisign.key`, by default under ~/.local/share. A relative
 * XDG_DATA_HOME is ignored, as its specification wants.
 */
export function defaultKeyPath(environment: Readonly<Record<string, string | undefined>>): string {
  const set = environment["XDG_DATA_HOME"];
  const data = set !== undefined && isAbsolute(set) ? set : join(homedir(), ".local", "share");
  return join(data, "patchsig", "minisign.key");
}

/** The public key file beside a secret key file: `x.key` has `x.pub`, `x` has `x.pub` too. */
export function publicKeyPath(keyPath: string): string {
  return `${keyPath.replace(/\.key$/, "")}.pub`;
}
