/** gpg-agent speaks the protocol too, but keeps added keys on disk, past any lifetime. */

import { realpathSync } from "node:fs";
import { basename } from "node:path";

/** True if this socket is gpg-agent's, judging by its name. */
export function isGpgAgent(path: string): boolean {
  return [path, real(path)].some((name) => basename(name).startsWith("S.gpg-agent"));
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
