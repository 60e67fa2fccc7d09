/** Who writes commits here, and who wrote those of a series. */

import { normaliseIdentity } from "../trust/identity.ts";
import type { Repository } from "./repository.ts";
import { gitLines, gitText } from "./run.ts";
import { whoseSettings } from "./scope.ts";

/** `Name <address>` for From: the user's name (git-var(1), GIT_AUTHOR_IDENT), this address. */
export async function signerIdent(repository: Repository, address: string): Promise<string> {
  const ident = await gitText(["var", "GIT_AUTHOR_IDENT"], {
    cwd: repository.cwd,
    purpose: "settings",
    env: whoseSettings(repository.cwd),
  });
  return `${ident.slice(0, ident.indexOf("<")).trim()} <${address}>`;
}

/** Has any of the commits an author with another address? */
export async function otherAuthors(
  repository: Repository,
  commits: readonly string[],
  address: string,
): Promise<boolean> {
  const authors = await gitLines(["log", "--no-walk=unsorted", "--format=%ae", "--stdin"], {
    cwd: repository.cwd,
    input: commits.join("\n"),
  });
  return authors.some((author) => normaliseIdentity(author) !== address);
}
