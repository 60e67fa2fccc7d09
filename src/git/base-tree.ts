/**
 * The `base-tree: <url> <branch>` line: the maintainer's tree and branch that have the base commit.
 * It stands beside git's `base-commit:` line.
 */

import type { BaseChoice } from "./base.ts";
import type { Repository } from "./repository.ts";

/** URLs that anybody can fetch from: no paths, no hosts that want an account. */
const PUBLIC_URL = /^(?:https?|git):\/\/[\w.~:/@%+-]{1,300}$/;
const BRANCH = /^[\w.][\w./-]{0,199}$/;

/**
 * `<url> <branch>` of the remote-tracking branch that has the base; null if others cannot fetch it.
 * Leaves out a user name or password in the URL.
 */
export function publicTree(repository: Repository, base: BaseChoice): string | null {
  if (base.kind !== "public") return null;
  // a remote's name may have slashes: take the longest configured one
  const parts = base.remoteRef.split("/");
  for (let length = parts.length - 1; length > 0; length--) {
    const url = repository.config.string(`remote.${parts.slice(0, length).join("/")}.url`);
    if (url === null) continue;
    const branch = parts.slice(length).join("/");
    const open = url.replace(/^([a-z]+:\/\/)[^/@]*@/, "$1");
    return PUBLIC_URL.test(open) && BRANCH.test(branch) ? `${open} ${branch}` : null;
  }
  return null;
}

/** The mail with the line below its `base-commit:` line, the last one that names this commit. */
export function addBaseTree(mail: Buffer, commit: string, tree: string): Buffer {
  const line = Buffer.from(`\nbase-commit: ${commit}\n`);
  const at = mail.lastIndexOf(line);
  if (at < 0) return mail;
  const end = at + line.length;
  return Buffer.concat([
    mail.subarray(0, end),
    Buffer.from(`base-tree: ${tree}\n`),
    mail.subarray(end),
  ]);
}
