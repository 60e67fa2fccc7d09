/** `verify --repo`: the bases of series, looked at while an archive streams by. */

import { PatchsigError } from "../../errors.ts";
import { openRepository } from "../../git/repository.ts";
import type { Finding } from "../../types.ts";
import { addBaseCheck, type Checked, type SeriesResult } from "../../verify/result.ts";
import { finding } from "../../findings.ts";
import type { Series } from "../../verify/series.ts";
import { BaseChecker } from "./checker.ts";
import { BaseGuesser } from "./guesser.ts";
import { type Kept, keptOf, type Subject, subjectOf } from "./subject.ts";
import { endOnSignal } from "../../cli/signals.ts";

/** Diffs of series that are open; what comes when they are more is not tried. */
const MAX_HELD = 256 << 20;

/** Of an archive without bases, guesses could take hours. */
const MAX_GUESSES = 50;

export interface Bases {
  /** What is to be held of a mail until its series is closed; its diff, if there is room. */
  keep(checked: Checked): Kept;
  /** The result with what the repository says. */
  judge(series: Series<Kept | null>): Promise<SeriesResult>;
  close(): void;
}

/** PatchsigError "no-repository". */
export async function openBases(directory: string): Promise<Bases> {
  endOnSignal();
  const repository = await openRepository(directory);
  const checker = new BaseChecker(repository);
  let guesser: BaseGuesser | null = null;
  let guesses = 0;
  const guessed = async (subject: Subject): Promise<Finding[]> => {
    if (!subject.result.complete || ++guesses > MAX_GUESSES) return [];
    try {
      guesser ??= await BaseGuesser.open(repository, [], "near");
    } catch (error) {
      // there is no branch to look at
      if (error instanceof PatchsigError && error.code === "not-found") return [];
      throw error;
    }
    const [one] = await guesser.guess([subject]);
    const best = one?.candidates[0];
    if (best === undefined || one?.confidence !== "high") return [];
    const name = `${best.commit.slice(0, 12)} ${best.name}`;
    return [finding("base-guessed", `most likely made against ${name}, applies cleanly`)];
  };
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
      const likely = check.state === "missing" ? await guessed(subject) : [];
      for (const { payload } of kept) held -= sizeOf(payload);
      return addBaseCheck(result, check, [...findings, ...likely]);
    },
    close() {
      checker.close();
      guesser?.close();
    },
  };
}
