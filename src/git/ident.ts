/** Who writes commits here. */

import type { Repository } from "./repository.ts";
import { gitText } from "./run.ts";

/** `Name <address>` for From: the user's name (git-var(1), GIT_AUTHOR_IDENT), this address; `env` says whose settings count. */
export async function signerIdent(
  repository: Repository,
  address: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const ident = await gitText(["var", "GIT_AUTHOR_IDENT"], {
    cwd: repository.cwd,
    purpose: "settings",
    env,
  });
  return `${ident.slice(0, ident.indexOf("<")).trim()} <${address}>`;
}
