/**
 * The range that is meant where none is named: git format-patch then writes nothing. A branch that
 * follows another is what it adds to that one; any other is what no remote has yet.
 */

import { PatchsigError } from "../errors.ts";
import { gitLines } from "./run.ts";

export interface ImpliedRange {
  /** Revisions, as git takes them before other words. */
  readonly revisions: readonly string[];
  /** Which commits these are: `above origin/main`. */
  readonly which: string;
}

/** More are no series: somebody pulled without a remote, or its branches are old. */
export const MAX_IMPLIED = 100;

/** @throws PatchsigError "usage" if nothing here says which commits others have */
export async function impliedRange(cwd: string): Promise<ImpliedRange> {
  const [upstream] = await gitLines(["rev-parse", "--abbrev-ref", "--symbolic-full-name", "@{u}"], {
    cwd,
  });
  if (upstream !== undefined) return { revisions: ["@{u}.."], which: `above ${upstream}` };
  const [remote] = await gitLines(["for-each-ref", "--count=1", "refs/remotes"], { cwd });
  if (remote !== undefined)
    return { revisions: ["HEAD", "--not", "--remotes", "--not"], which: "that no remote has" };
  throw new PatchsigError("usage", "no range given, and no remote here to compare with", {
    hint: NAME_IT,
  });
}

/** Which commits were taken, in words. PatchsigError "usage" if they are too many to be meant. */
export function checkImplied({ which }: ImpliedRange, commits: number): void {
  if (commits <= MAX_IMPLIED) return;
  throw new PatchsigError("usage", `no range given, and ${commits} commits ${which}`, {
    hint: NAME_IT,
  });
}

const NAME_IT = "name it: git patchsig format-patch main.. (or -3: the newest three)";
