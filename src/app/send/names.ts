/** The branch whose series a command means. */

import { PatchsigError } from "../../errors.ts";
import type { Repository } from "../../git/repository.ts";
import { gitLines } from "../../git/run.ts";

/** The name given, else the branch that is checked out. PatchsigError "usage" if there is none. */
export async function branchMeant({ cwd }: Repository, name: string | undefined): Promise<string> {
  const [head] =
    name === undefined ? await gitLines(["symbolic-ref", "--quiet", "HEAD"], { cwd }) : [];
  const branch = name ?? head?.replace(/^refs\/heads\//, "");
  if (branch !== undefined && branch !== "" && !branch.startsWith("-")) return branch;
  throw new PatchsigError("usage", "no branch is checked out here", { hint: "name one" });
}
