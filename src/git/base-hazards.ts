/** What may keep a series with a public base from applying for others. */

import type { BaseChoice } from "./base.ts";
import type { Repository } from "./repository.ts";
import { gitLines } from "./run.ts";
import type { SeriesRange } from "./series-range.ts";

export interface Hazards {
  /** Merges between the base and the tip of the series: git writes no patch for them. */
  readonly merges: number;
  /** Commits on the base's branch since the base. */
  readonly behind: number;
}

export async function baseHazards(
  repository: Repository,
  base: BaseChoice,
  { commits, tip }: SeriesRange,
): Promise<Hazards> {
  const options = { cwd: repository.cwd };
  const last = commits.at(-1);
  if (base.kind === "none" || last === undefined) return { merges: 0, behind: 0 };
  // a merge can be on top of all the patches
  const named = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${tip}^{commit}`];
  const newest = tip === "HEAD" ? tip : ((await gitLines(named, options)).at(-1) ?? last);
  const count = async (...args: string[]): Promise<number> => {
    const [line] = await gitLines(["rev-list", "--count", ...args, "--"], options);
    return Number(line ?? 0);
  };
  const ref = base.kind === "public" ? `refs/remotes/${base.remoteRef}` : null;
  const [merges, behind] = await Promise.all([
    count("--merges", newest, `^${base.commit}`),
    ref === null ? 0 : count(ref, `^${base.commit}`, `^${newest}`),
  ]);
  return { merges, behind };
}
