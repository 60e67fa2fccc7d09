/** `base-commit:` and `prerequisite-patch-id:` lines, for mails that git format-patch wrote without them. */

import type { BaseChoice } from "./base.ts";
import { patchIdsOf } from "./patch-ids.ts";
import type { Repository } from "./repository.ts";
import { gitLines } from "./run.ts";
import { readDiff } from "../diff/diff.ts";
import { decodedBody, spliceBody } from "../mail/insert.ts";
import { changeRaw } from "../mail/line-ends.ts";
import { readRawMail } from "../mail/mailinfo.ts";
import { LF } from "../primitives/bytes.ts";

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

const SIGNATURE = "\n-- \n";

/**
 * The mail with the lines where git writes them: below the diff, in a cover letter above git's
 * signature. An attached diff keeps them in the part above it. Unchanged if it cannot be read.
 *
 * @param mail with its CRs, and in any transfer encoding
 */
export function addBaseLines(mail: Buffer, lines: string): Buffer {
  const read = readRawMail(mail);
  if (!read.ok) return mail;
  const at = read.value.breakPoint;
  return changeRaw(mail, (plain) => {
    const body = decodedBody(plain, at);
    const offset = endOfPatch(body, at.decodedOffset);
    const cutOff = offset > 0 && body[offset - 1] !== LF ? "\n" : "";
    return spliceBody(plain, at, offset, offset, Buffer.from(`${cutOff}\n${lines}`));
  });
}

/** @param start where the commit message ends */
function endOfPatch(body: Buffer, start: number): number {
  const diff = readDiff(body.subarray(start));
  if (diff.ok && diff.value.files.length > 0) return start + diff.value.end;
  const signature = body.lastIndexOf(SIGNATURE);
  return signature < 0 ? body.length : signature + 1;
}
