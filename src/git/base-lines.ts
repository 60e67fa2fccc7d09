/**
 * `base-commit:` and `prerequisite-patch-id:` lines for a git that does not write them:
 * format-patch has `--base` since 2.9.
 */

import type { BaseChoice } from "./base.ts";
import { patchIdsOf } from "./patch-ids.ts";
import { isAtLeast, type Repository } from "./repository.ts";
import { gitLines } from "./run.ts";

/** Does git write the lines? */
export function writesBase(repository: Repository): boolean {
  return isAtLeast(repository, 2, 9);
}

/**
 * The lines as git writes them: prerequisites are the commits between the base and the series,
 * oldest first, without merges.
 *
 * @param commits full names of the commits of the series
 */
export async function baseLines(
  repository: Repository,
  base: Exclude<BaseChoice, { kind: "none" }>,
  commits: readonly string[],
): Promise<string> {
  const which = ["--reverse", "--topo-order", "--max-parents=1", "--stdin"];
  const below = await gitLines(["rev-list", ...which], {
    cwd: repository.cwd,
    input: [...commits, `^${base.commit}`, ""].join("\n"),
  });
  const series = new Set(commits);
  const ids = await patchIdsOf(
    repository,
    below.filter((commit) => !series.has(commit)),
  );
  const lines = ids.map((id) => `prerequisite-patch-id: ${id}\n`);
  return `base-commit: ${base.commit}\n${lines.join("")}`;
}

const SIGNATURE = Buffer.from("\n-- \n");

/** The mail with the lines at the end of its patch, above git's signature. */
export function addBaseLines(mail: Buffer, lines: string): Buffer {
  const at = mail.lastIndexOf(SIGNATURE);
  // without a signature, the mbox's empty line between mails may be last
  const last = mail.subarray(-2).toString("latin1") === "\n\n" ? 1 : 0;
  const end = at < 0 ? mail.length - last : at + 1;
  return Buffer.concat([mail.subarray(0, end), Buffer.from(`\n${lines}`), mail.subarray(end)]);
}
