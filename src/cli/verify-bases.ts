/** `verify --repo`: the bases of series, looked at while an archive streams by. */

import { openRepository } from "../git/repository.ts";
import { addBaseCheck } from "../verify/base-check.ts";
import type { Checked, SeriesResult } from "../verify/result.ts";
import type { Series } from "../verify/series.ts";
import { BaseChecker } from "./base-checker.ts";
import { type Kept, keptOf, subjectOf } from "./base-subject.ts";
import { endOnSignal } from "./signals.ts";

/** Diffs of series that are open; what comes when they are more is not tried. */
const MAX_HELD = 256 << 20;

export interface Bases {
  /** What is to be held of a mail until its series is closed; its diff, if there is room. */
  keep(checked: Checked): Kept;
  /** The result with what the repository says. */
  judge(series: Series<Kept | null>): Promise<SeriesResult>;
  close(): void;
}

/** CliError "no-repository". */
export async function openBases(directory: string): Promise<Bases> {
  endOnSignal();
  const checker = new BaseChecker(await openRepository(directory));
  const sizeOf = ({ diff }: Kept): number => diff?.canonical.length ?? 0;
  let held = 0;
  return {
    keep(checked) {
      const kept = keptOf(checked);
      if (held + sizeOf(kept) > MAX_HELD) return { ...kept, diff: null };
      held += sizeOf(kept);
      return kept;
    },
    async judge({ result, members }) {
      const kept = members.flatMap((m) =>
        m.payload === null ? [] : [{ ...m, payload: m.payload }],
      );
      const subject = subjectOf({ result, members: kept });
      const { check, findings } = await checker.check(subject, [subject]);
      for (const { payload } of kept) held -= sizeOf(payload);
      return addBaseCheck(result, check, findings);
    },
    close: () => checker.close(),
  };
}
